/**
 * Sockets that take connections, the same for every protocol: TCP or unix, a limit on connections,
 * an end in good order.
 *
 * What is said over a connection is no business of this file.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { type Endpoint, formatEndpoint } from '../mail/endpoint.ts';
import { bind } from './bind.ts';
import { type Log, silentLog } from './log.ts';

/** Called when the listener closes: end the socket as soon as nothing is under way on it. */
export type Finish = () => void;

export interface ListenOptions {
  /** Connections served at once. */
  readonly maxConnections?: number;
  /**
   * A connection over the limit: say "too busy" in the words of the protocol. It is not served, and
   * destroyed after `busyGrace` if it is still there. Without this it is closed at once.
   */
  readonly onBusy?: (socket: Socket) => void;
  /** In ms. */
  readonly busyGrace?: number;
  /** Permissions of a unix socket. */
  readonly mode?: number;
  /** The peer may end its side and still read our answers; the protocol must then end ours. */
  readonly allowHalfOpen?: boolean;
  readonly log?: Log;
}

export interface Listener extends AsyncDisposable {
  /** As bound: the port is the real one. */
  readonly endpoint: Endpoint;
  /** Connections being served. */
  readonly connections: number;
  /** Accepts no more, lets connections finish until the grace (ms; default 10,000) is over, destroys the rest. */
  close(grace?: number): Promise<void>;
}

/**
 * Resolves once connections are taken; rejects with ListenError (bind.ts).
 *
 * `onConnection` attaches itself to the socket and returns how to finish it. What it throws, and any
 * error of its socket, ends that one connection only.
 */
export async function listen(
  endpoint: Endpoint,
  onConnection: (socket: Socket) => Finish,
  options: ListenOptions = {},
): Promise<Listener> {
  const log = options.log ?? silentLog;
  const server = createServer({
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    allowHalfOpen: options.allowHalfOpen ?? false,
  });
  const connections = new Connections(onConnection, options, endpoint, log);
  server.on('connection', (socket) => connections.enter(socket));
  await bind(server, endpoint, options.mode ?? 0o660);
  // Out of file descriptors, as a rule: those who wait in the backlog are taken once some are free.
  server.on('error', (error) =>
    log.error({ endpoint: formatEndpoint(endpoint), err: error }, 'cannot accept a connection'),
  );

  const address = server.address();
  const bound =
    typeof address === 'object' && address !== null
      ? { host: address.address, port: address.port }
      : endpoint;
  let closed: Promise<void> | null = null;
  const close = (grace = 10_000): Promise<void> => {
    closed ??= closeServer(server, connections, grace);
    return closed;
  };
  return {
    endpoint: bound,
    get connections() {
      return connections.served.size;
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** The connections of one listener. */
class Connections {
  readonly served = new Map<Socket, Finish>();
  readonly busy = new Set<Socket>();
  private readonly onConnection: (socket: Socket) => Finish;
  private readonly options: ListenOptions;
  private readonly endpoint: Endpoint;
  private readonly log: Log;
  private readonly max: number;
  private toldBusy = false;

  constructor(
    onConnection: (socket: Socket) => Finish,
    options: ListenOptions,
    endpoint: Endpoint,
    log: Log,
  ) {
    this.onConnection = onConnection;
    this.options = options;
    this.endpoint = endpoint;
    this.log = log;
    this.max = options.maxConnections ?? 4096;
  }

  enter(socket: Socket): void {
    // A peer that resets its connection is no news: 'close' follows, and that is what counts.
    socket.on('error', () => {});
    if (this.served.size >= this.max) this.turnAway(socket);
    else this.serve(socket);
  }

  finish(): void {
    for (const [socket, finish] of this.served) this.attempt(socket, finish);
  }

  destroy(): void {
    for (const socket of this.served.keys()) socket.destroy();
    for (const socket of this.busy) socket.destroy();
  }

  private serve(socket: Socket): void {
    this.attempt(socket, () => {
      this.served.set(socket, () => socket.destroy());
      socket.once('close', () => this.leave(socket));
      this.served.set(socket, this.onConnection(socket));
    });
  }

  private leave(socket: Socket): void {
    this.served.delete(socket);
    if (this.served.size < this.max / 2) this.toldBusy = false;
  }

  private turnAway(socket: Socket): void {
    const { onBusy } = this.options;
    if (!this.toldBusy) {
      this.toldBusy = true;
      const endpoint = formatEndpoint(this.endpoint);
      this.log.warn(
        { endpoint, connections: this.max },
        'too many connections, turning others away',
      );
    }
    // Those who are told so need file descriptors as well: no more of them than of the served.
    if (!onBusy || this.busy.size >= this.max) {
      socket.destroy();
      return;
    }
    this.busy.add(socket);
    const timer = setTimeout(() => socket.destroy(), this.options.busyGrace ?? 5_000);
    socket.once('close', () => {
      clearTimeout(timer);
      this.busy.delete(socket);
    });
    this.attempt(socket, () => onBusy(socket));
  }

  private attempt(socket: Socket, action: () => void): void {
    try {
      action();
    } catch (error) {
      const endpoint = formatEndpoint(this.endpoint);
      this.log.error({ endpoint, err: error }, 'a fault of ours ended a connection');
      socket.destroy();
    }
  }
}

async function closeServer(server: Server, connections: Connections, grace: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve()); // also once the last connection is gone
  connections.finish();
  const timer = setTimeout(() => connections.destroy(), grace);
  await promise;
  clearTimeout(timer);
  // The server counts a connection as gone a little before its socket says 'close'.
  for (const socket of [...connections.served.keys(), ...connections.busy])
    if (connections.served.has(socket) || connections.busy.has(socket))
      await new Promise<void>((resolve) => socket.once('close', () => resolve()));
}
