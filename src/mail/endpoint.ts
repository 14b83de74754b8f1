/**
 * Where a server listens: host and port, or a unix socket, as people write it.
 */
import { isIPv6 } from 'node:net';

export interface HostPort {
  /** A name, or an IP address without brackets. */
  readonly host: string;
  /** Port 0 takes any free one. */
  readonly port: number;
}

export type Endpoint = HostPort | { readonly path: string };

/** Reads `127.0.0.1:7357`, `localhost:7357` or `[::1]:7357`; null where it is none of them. */
export function parseHostPort(text: string): HostPort | null {
  const found = /^(?:\[([^\]]+)\]|([^\s[\]:/]+)):(\d{1,5})$/.exec(text);
  const host = found?.[1] ?? found?.[2];
  const port = Number(found?.[3]);
  if (host === undefined || port > 65535) return null;
  return found?.[1] === undefined || isIPv6(host) ? { host, port } : null;
}

/** The inverse of `parseHostPort`. */
export function formatHostPort({ host, port }: HostPort): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** As `parseHostPort`, or `unix:/run/spillway/milter`. */
export function parseEndpoint(text: string): Endpoint | null {
  if (!text.startsWith('unix:')) return parseHostPort(text);
  const path = text.slice(5);
  return path.startsWith('/') && !path.includes('\0') ? { path } : null;
}

/** The inverse of `parseEndpoint`. */
export function formatEndpoint(endpoint: Endpoint): string {
  return 'path' in endpoint ? `unix:${endpoint.path}` : formatHostPort(endpoint);
}
