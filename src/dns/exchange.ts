/**
 * One question to one DNS server, over UDP or TCP.
 *
 * RFC 5452 §4.5 and §9.2: a new socket for each question, so that the kernel chooses a new random
 * port; connected, so that it drops what comes from any other address. RFC 7766 (TCP).
 */
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { formatDnsFrame, parseDnsFrames } from './frames.ts';
import { type Query, type Reply, readReply } from './query.ts';
import type { DnsServerAddress } from './server-address.ts';

export type Exchange =
  | Exclude<Reply, { kind: 'foreign' }>
  /** Nothing came in time. */
  | { readonly kind: 'silent' }
  /** So many foreign answers that somebody seems to guess (RFC 5452 §9.3). */
  | { readonly kind: 'doubtful' }
  /** The answer is too long for UDP, and the server does not take TCP. */
  | { readonly kind: 'no tcp' }
  /** The network says that nobody is there, or the connection broke; an error code. */
  | { readonly kind: 'unreachable'; readonly code: string };

export interface ExchangeOptions {
  /** ms. */
  readonly timeout: number;
  /** Functions that end what is under way; each exchange adds its own and takes it out. */
  readonly cancels: Set<() => void>;
}

const foreignLimit = 10;

/** Never rejects. */
export function askByUdp(
  server: DnsServerAddress,
  query: Query,
  options: ExchangeOptions,
): Promise<Exchange> {
  const socket = createSocket(isIPv6(server.host) ? 'udp6' : 'udp4');
  const { promise, settle } = prepare(options, () => socket.close());
  let foreign = 0;
  socket.on('error', (error) => settle({ kind: 'unreachable', code: codeOf(error) }));
  socket.on('message', (bytes) => {
    const reply = readReply(bytes, query);
    if (reply.kind !== 'foreign') settle(reply);
    else if (++foreign >= foreignLimit) settle({ kind: 'doubtful' });
  });
  socket.on('connect', () => socket.send(query.bytes));
  try {
    socket.connect(server.port, server.host);
  } catch (error) {
    settle({ kind: 'unreachable', code: codeOf(error) });
  }
  return promise;
}

/** Never rejects. */
export function askByTcp(
  server: DnsServerAddress,
  query: Query,
  options: ExchangeOptions,
): Promise<Exchange> {
  const socket = connect({ host: server.host, port: server.port, noDelay: true });
  const { promise, settle } = prepare(options, () => socket.destroy());
  let rest: Uint8Array = new Uint8Array();
  socket.on('error', (error) => settle({ kind: 'unreachable', code: codeOf(error) }));
  socket.on('close', () => settle({ kind: 'unreachable', code: 'closed' }));
  socket.on('connect', () => socket.write(formatDnsFrame(query.bytes)));
  socket.on('data', (chunk) => {
    const parsed = parseDnsFrames(rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk);
    rest = parsed.rest;
    const [message] = parsed.messages;
    if (!message) return;
    const reply = readReply(message, query);
    // One question was asked on this connection: whatever comes first was meant as its answer.
    const isUseless = reply.kind === 'foreign' || reply.kind === 'truncated';
    settle(isUseless ? { kind: 'malformed' } : reply);
  });
  return promise;
}

function prepare({ timeout, cancels }: ExchangeOptions, close: () => void) {
  const { promise, resolve } = Promise.withResolvers<Exchange>();
  let isSettled = false;
  const settle = (outcome: Exchange) => {
    if (isSettled) return;
    isSettled = true;
    clearTimeout(timer);
    cancels.delete(cancel);
    close();
    resolve(outcome);
  };
  const cancel = () => settle({ kind: 'silent' });
  const timer = setTimeout(cancel, timeout);
  cancels.add(cancel);
  return { promise, settle };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
