/**
 * A small SMTP server that takes mail and remembers it: backend and good sink of the replay, and of tests.
 *
 * It never sends anything on. smtp-sink-session.ts has what is said on a connection.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createBell } from './bell.ts';
import {
  converse,
  type SessionOptions,
  type SinkCounts,
  type SinkReply,
  type SunkMessage,
  sinkReply,
} from './smtp-sink-session.ts';

export { type SinkCounts, type SunkMessage, sinkReply };

export interface SinkOptions extends SessionOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Messages remembered, the oldest are forgotten first; default 10,000. */
  readonly mostMessages?: number;
  /** Milliseconds without a byte before a client is cut off; default 300,000. */
  readonly idleTimeout?: number;
}

export interface SmtpSink extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly counts: Readonly<SinkCounts>;
  /** The latest accepted messages, oldest first. */
  readonly messages: readonly SunkMessage[];
  /** Resolves once the condition holds; asked at once and after everything that happens here. Rejects with SinkTimeoutError. */
  until(condition: (sink: SmtpSink) => boolean, milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

export class SinkTimeoutError extends Error {
  readonly code = 'SINK_TIMEOUT';
}

/** Takes mail for exactly these mailboxes (any letter case); 550 5.1.1 for all others. */
export function onlyMailboxes(
  mailboxes: Iterable<string>,
): (forwardPath: string) => SinkReply | null {
  const known = new Set([...mailboxes].map((mailbox) => mailbox.toLowerCase()));
  return (forwardPath) =>
    known.has(forwardPath.toLowerCase()) ? null : sinkReply('550 5.1.1 No such mailbox here');
}

const mostConnections = 1000;

/** Rejects where the address cannot be bound. */
export async function startSmtpSink(options: SinkOptions = {}): Promise<SmtpSink> {
  const { host = '127.0.0.1', mostMessages = 10_000 } = options;
  const counts: SinkCounts = {
    connections: 0,
    mailRefused: 0,
    rcptAccepted: 0,
    rcptRefused: 0,
    messages: 0,
    messagesRefused: 0,
    broken: 0,
  };
  let messages: SunkMessage[] = [];
  const sockets = new Set<Socket>();
  const bell = createBell();
  const keep = (message: SunkMessage) => {
    if (messages.length >= mostMessages) messages = messages.slice(Math.ceil(mostMessages / 2));
    messages.push(message);
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    // Reported by the reading loop as well; without a listener it would end the process.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.setNoDelay(true);
    socket.setTimeout(options.idleTimeout ?? 300_000, () => socket.destroy());
    counts.connections++;
    void converse(socket, options, counts, keep, bell.ring);
  });
  server.maxConnections = mostConnections;
  server.listen(options.port ?? 0, host);
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('listening without a port');

  let closing: Promise<void> | null = null;
  const close = () => {
    closing ??= (async () => {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    })();
    return closing;
  };
  const sink: SmtpSink = {
    host,
    port: bound.port,
    counts,
    get messages() {
      return messages;
    },
    async until(condition, milliseconds) {
      if (await bell.until(() => condition(sink), milliseconds)) return;
      const seen = `${counts.messages} messages, ${counts.rcptRefused} recipients refused`;
      throw new SinkTimeoutError(`Not within ${milliseconds} ms; until then ${seen}`);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
  return sink;
}
