/**
 * One question to one DNS server: what can come of it, and how it is asked over TCP (RFC 7766).
 */
import { connect } from 'node:net';
import { errorCode } from '../mail/error-code.ts';
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

/** Never rejects. */
export function askByTcp(
  server: DnsServerAddress,
  query: Query,
  options: ExchangeOptions,
): Promise<Exchange> {
  const socket = connect({ host: server.host, port: server.port, noDelay: true });
  const { promise, settle } = startExchange(options, () => socket.destroy());
  let rest: Uint8Array = new Uint8Array();
  socket.on('error', (error) =>
    settle({ kind: 'unreachable', code: errorCode(error) ?? String(error) }),
  );
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

/** `onSettled` is called once: with what `settle` was given first, or with `silent` in the end. */
export function startExchange(
  { timeout, cancels }: ExchangeOptions,
  onSettled: (outcome: Exchange) => void,
): { promise: Promise<Exchange>; settle: (outcome: Exchange) => void } {
  const { promise, resolve } = Promise.withResolvers<Exchange>();
  let isSettled = false;
  const settle = (outcome: Exchange) => {
    if (isSettled) return;
    isSettled = true;
    clearTimeout(timer);
    cancels.delete(cancel);
    onSettled(outcome);
    resolve(outcome);
  };
  const cancel = () => settle({ kind: 'silent' });
  const timer = setTimeout(cancel, timeout);
  cancels.add(cancel);
  return { promise, settle };
}
