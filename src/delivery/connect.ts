/**
 * A TCP or unix connection to one address, and to no other.
 */
import { connect, type Socket } from 'node:net';
import { type IpAddress, isSameIp, parseIp, unmapped } from '../mail/ip.ts';

export type Door =
  | { readonly kind: 'tcp'; readonly address: IpAddress; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

export type Connected =
  | { readonly kind: 'connected'; readonly socket: Socket }
  /** In printable words: `connect ECONNREFUSED 192.0.2.1:25`. */
  | { readonly kind: 'failed'; readonly problem: string };

/** Never rejects. `timeout` in ms. */
export function connectTo(door: Door, timeout: number, signal: AbortSignal): Promise<Connected> {
  const socket =
    door.kind === 'unix'
      ? connect({ path: door.path })
      : connect({ host: door.address.text, port: door.port, noDelay: true });
  return new Promise((resolve) => {
    const end = (result: Connected) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.off('connect', onConnect);
      socket.off('error', onError);
      if (result.kind === 'failed') {
        socket.on('error', () => {}); // whatever else goes wrong with it is of no interest
        socket.destroy();
      }
      resolve(result);
    };
    const fail = (problem: string) => end({ kind: 'failed', problem });
    const onConnect = () => {
      if (door.kind === 'tcp' && !isConnectedTo(socket, door.address))
        fail(`connected to ${socket.remoteAddress ?? 'nobody'} instead of ${door.address.text}`);
      else end({ kind: 'connected', socket });
    };
    const onError = (error: Error) => fail(error.message);
    const onAbort = () => fail('stopped');
    const timer = setTimeout(() => fail(`no connection within ${timeout} ms`), timeout);
    socket.on('connect', onConnect);
    socket.on('error', onError);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
}

function isConnectedTo(socket: Socket, address: IpAddress): boolean {
  const peer = parseIp(socket.remoteAddress ?? '');
  return peer !== null && isSameIp(unmapped(peer), unmapped(address));
}

/** `192.0.2.1:25`, or the path. */
export function formatDoor(door: Door): string {
  if (door.kind === 'unix') return door.path;
  const { text } = door.address;
  return text.includes(':') ? `[${text}]:${door.port}` : `${text}:${door.port}`;
}
