/**
 * Where a mail server finds the guard, as all of them can read it.
 */
import { isIP } from 'node:net';
import { type Endpoint, parseEndpoint } from '../mail/endpoint.ts';

/**
 * `127.0.0.1:9998`, `[::1]:9998` or `unix:/path`. Null for a host name, which a server would look up
 * for each process anew and might not find in a chroot, and for a path with signs that mean something
 * in a configuration.
 */
export function parseGuardEndpoint(text: string): Endpoint | null {
  const endpoint = parseEndpoint(text);
  if (endpoint === null) return null;
  const isReadable =
    'path' in endpoint
      ? /^\/[\w./+-]+$/.test(endpoint.path)
      : isIP(endpoint.host) !== 0 && endpoint.port > 0;
  return isReadable ? endpoint : null;
}
