/**
 * A small real DNS server over UDP and TCP, for the replay and for every test.
 *
 * Serves plain zone data (dns-server-zone.ts) and plays the tricks that real and hostile servers play.
 * Unknown names do not exist; it never asks anybody else, so it can be the only one of a network.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Question } from 'dns-packet';
import { formatDnsFrame, parseDnsFrames } from '../dns/frames.ts';
import { formatHostPort } from '../mail/endpoint.ts';
import { type Answered, answerMessage } from './dns-server-answer.ts';
import { buildZone, type Trick, type ZoneData } from './dns-server-zone.ts';

export type { NameRecords, Trick, ZoneData } from './dns-server-zone.ts';

export interface DnsServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly records: ZoneData;
  /** Seconds, for records without a TTL of their own; default 300. */
  readonly ttl?: number;
  /** Seconds, for names and types that do not exist; default 60. */
  readonly negativeTtl?: number;
  /** Played on every question. */
  readonly tricks?: readonly Trick[];
  /** Told of every question, before it is answered. */
  readonly onQuery?: (query: SeenQuery) => void;
}

export interface SeenQuery {
  /** As it came, letter case included, without final dot. */
  readonly name: string;
  readonly type: string;
  readonly transport: 'udp' | 'tcp';
  /** Port of the asker. */
  readonly port: number;
}

export interface DnsServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `host:port` or `[host]:port`, as resolver options spell it. */
  readonly address: string;
  /** The latest questions, oldest first; at most 10,000. */
  readonly queries: readonly SeenQuery[];
  /** All questions since the start. */
  readonly queryCount: number;
  /** Replaces the zone data from the next question on. Throws TypeError for data it cannot serve. */
  setRecords(records: ZoneData): void;
  setTricks(tricks: readonly Trick[]): void;
  close(): Promise<void>;
}

const seenLimit = 10_000;
const connectionLimit = 256;
const idleTimeout = 10_000;
/** Delayed answers that wait at once; more are dropped like any datagram. */
const waitingLimit = 10_000;

/** Rejects where the address cannot be bound; throws TypeError for zone data it cannot serve. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const { host = '127.0.0.1', port = 0, ttl = 300, negativeTtl = 60 } = options;
  let zone = buildZone(options.records, ttl, negativeTtl);
  let tricks = options.tricks ?? [];
  let queries: SeenQuery[] = [];
  let queryCount = 0;
  const connections = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();

  const note = (question: Question | null, transport: 'udp' | 'tcp', from: number) => {
    if (!question) return;
    queryCount++;
    if (queries.length >= seenLimit) queries = queries.slice(seenLimit / 2);
    const query: SeenQuery = { name: question.name, type: question.type, transport, port: from };
    queries.push(query);
    options.onQuery?.(query);
  };
  const after = (answered: Answered, send: () => void) => {
    if (answered.delay === 0) return send();
    if (timers.size >= waitingLimit) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      send();
    }, answered.delay);
    timers.add(timer);
  };

  const { udp, tcp } = await bind(host, port);
  udp.on('message', (bytes, peer) => {
    const answered = answerMessage(bytes, 'udp', zone, tricks);
    note(answered.question, 'udp', peer.port);
    after(answered, () => {
      // A peer that is gone by now is no trouble of ours.
      for (const message of answered.messages)
        udp.send(message, peer.port, peer.address, () => undefined);
    });
  });
  // Errors of single datagrams (a port that nobody listens on) come here.
  udp.on('error', () => undefined);

  tcp.maxConnections = connectionLimit;
  tcp.on('connection', (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    socket.on('error', () => undefined);
    socket.setTimeout(idleTimeout, () => socket.destroy());
    let rest: Uint8Array = new Uint8Array();
    socket.on('data', (chunk) => {
      const parsed = parseDnsFrames(rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk);
      rest = parsed.rest;
      for (const bytes of parsed.messages) {
        const answered = answerMessage(bytes, 'tcp', zone, tricks);
        note(answered.question, 'tcp', socket.remotePort ?? 0);
        if (answered.close) {
          socket.destroy();
          return;
        }
        after(answered, () => {
          for (const message of answered.messages)
            if (socket.writable) socket.write(formatDnsFrame(message));
        });
      }
    });
  });

  const bound = udp.address().port;
  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= (async () => {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of connections) socket.destroy();
      const closed = [once(udp, 'close'), once(tcp, 'close')];
      udp.close();
      tcp.close();
      await Promise.all(closed);
    })();
    return closing;
  };
  return {
    host,
    port: bound,
    address: formatHostPort({ host, port: bound }),
    get queries() {
      return queries;
    },
    get queryCount() {
      return queryCount;
    },
    setRecords(records) {
      zone = buildZone(records, ttl, negativeTtl);
    },
    setTricks(next) {
      tricks = next;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** One port for both: where TCP finds the port taken that UDP was given, try another. */
async function bind(host: string, port: number): Promise<{ udp: UdpSocket; tcp: Server }> {
  for (let attempt = 1; ; attempt++) {
    const udp = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4' });
    const tcp = createServer();
    try {
      udp.bind(port, host);
      await once(udp, 'listening');
      tcp.listen(udp.address().port, host);
      await once(tcp, 'listening');
      return { udp, tcp };
    } catch (error) {
      try {
        udp.close();
      } catch {
        // It was never bound.
      }
      if (port !== 0 || attempt === 10) throw error;
    }
  }
}
