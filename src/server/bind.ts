/**
 * Takes an address for a server, or says why it cannot be had and what to do about it.
 */
import { chmod, lstat, stat, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { type Endpoint, formatEndpoint } from '../mail/endpoint.ts';
import { errorCode } from '../mail/error-code.ts';

/** Nobody can be served: the message says which endpoint, why, and what to do about it. */
export class ListenError extends Error {
  readonly code = 'LISTEN';
  readonly endpoint: Endpoint;

  constructor(endpoint: Endpoint, why: string, cause?: unknown) {
    super(`Cannot listen on ${formatEndpoint(endpoint)}: ${why}`, { cause });
    this.endpoint = endpoint;
  }
}

/** `mode`: permissions of a unix socket. Rejects with ListenError. */
export async function bind(server: Server, endpoint: Endpoint, mode: number): Promise<void> {
  try {
    await listenOnce(server, endpoint);
  } catch (error) {
    if (!('path' in endpoint) || errorCode(error) !== 'EADDRINUSE')
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
  // An address stands for itself: 0.0.0.0 and :: beside each other would take the port twice.
  const ipv6Only = 'host' in endpoint && endpoint.host === '::';
  server.listen({ ...endpoint, ipv6Only, backlog: 4096 });
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
  socket.once('error', (error) => resolve(errorCode(error) !== 'ECONNREFUSED'));
  return promise.finally(() => socket.destroy());
}

async function describe(error: unknown, endpoint: Endpoint): Promise<string> {
  const code = errorCode(error);
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
