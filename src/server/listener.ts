/**
 * Sockets that take connections, the same for every protocol: TCP or unix, a limit on connections,
 * an end in good order.
 *
 * What is said over a connection is no business of this file.
 */
import { chmod, lstat, stat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { type Endpoint, formatEndpoint } from '../mail/endpoint.ts';
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
  /** How long `close()` lets connections finish, in ms. */
  readonly closeGrace?: number;
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
  /** Accepts no more, lets connections finish until the grace (ms) is over, destroys the rest. */
  close(grace?: number): Promise<void>;
}

/** Nobody can be served: the message says which endpoint, why, and what to do about it. */
export class ListenError extends Error {
  readonly code = 'LISTEN';
  readonly endpoint: Endpoint;

  constructor(endpoint: Endpoint, why: string, cause?: unknown) {
    super(`Cannot listen on ${formatEndpoint(endpoint)}: ${why}`, { cause });
    this.endpoint = endpoint;
  }
}

/**
 * Resolves once connections are taken; rejects with ListenError.
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
  const room = new Room(onConnection, options, endpoint, log);
  server.on('connection', (socket) => room.enter(socket));
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
  const close = (grace = options.closeGrace ?? 10_000): Promise<void> => {
    closed ??= closeServer(server, room, grace);
    return closed;
  };
  return {
    endpoint: bound,
    get connections() {
      return room.served.size;
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** The connections of one listener. */
class Room {
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

async function closeServer(server: Server, room: Room, grace: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve()); // also once the last connection is gone
  room.finish();
  const timer = setTimeout(() => room.destroy(), grace);
  await promise;
  clearTimeout(timer);
  // The server counts a connection as gone a little before its socket says 'close'.
  for (const socket of [...room.served.keys(), ...room.busy])
    if (room.served.has(socket) || room.busy.has(socket))
      await new Promise<void>((resolve) => socket.once('close', () => resolve()));
}

async function bind(server: Server, endpoint: Endpoint, mode: number): Promise<void> {
  try {
    await listenOnce(server, endpoint);
  } catch (error) {
    if (!('path' in endpoint) || codeOf(error) !== 'EADDRINUSE')
      throw new ListenError(endpoint, await describe(error, endpoint), error);
    await removeStale(endpoint.path, endpoint);
    await listenOnce(server, endpoint).catch(async (again: unknown) => {
      throw new ListenError(endpoint, await describe(again, endpoint), again);
    });
  }
  if ('path' in endpoint) await chmod(endpoint.path, mode);
}

function listenOnce(server: Server, endpoint: Endpoint): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onListening = (): void => {
    server.off('error', reject);
    resolve();
  };
  server.once('error', (error) => {
    server.off('listening', onListening);
    reject(error);
  });
  server.once('listening', onListening);
  // A full backlog stalls the processes of a mail server; the kernel caps this at its somaxconn.
  server.listen({ ...endpoint, backlog: 4096 });
  return promise;
}

/** A socket file outlives a process that was killed: it goes if nobody answers on it. */
async function removeStale(path: string, endpoint: Endpoint): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket())
    throw new ListenError(
      endpoint,
      'the file exists and is no socket; move it or name another path',
    );
  if (await answers(path))
    throw new ListenError(
      endpoint,
      'another process listens there; stop it (is Spillway running already?) or name another path',
    );
  await unlink(path).catch(() => {});
}

function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ path });
  socket.once('connect', () => resolve(true));
  // Only a refusal proves that nobody is there; without permission, say, one cannot know.
  socket.once('error', (error) => resolve(codeOf(error) !== 'ECONNREFUSED'));
  return promise.finally(() => socket.destroy());
}

async function describe(error: unknown, endpoint: Endpoint): Promise<string> {
  const code = codeOf(error);
  if (code === 'EADDRINUSE')
    return 'the address is in use; stop the program that holds it or name another one';
  if (code === 'EADDRNOTAVAIL') return 'this machine has no such address; name one of its own';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return 'the host name has no address; name an IP address';
  if (code === 'EACCES' || code === 'EPERM') {
    if (!('path' in endpoint)) return 'no permission; ports below 1024 are for root';
    // libuv says EACCES for a folder that does not exist as well.
    const folder = dirname(endpoint.path);
    return (await stat(folder).catch(() => null))
      ? `no permission to write to ${folder}`
      : `the folder ${folder} does not exist; make it first`;
  }
  if ((code === 'EINVAL' || code === 'ENAMETOOLONG') && 'path' in endpoint)
    return 'the path is too long; the system takes about 100 characters';
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
