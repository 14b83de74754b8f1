/**
 * What the guard's lines in a sendmail configuration depend on, and how sendmail spells a socket.
 */
import { isIP } from 'node:net';
import { type Endpoint, parseEndpoint } from '../../mail/endpoint.ts';

/** What becomes of mail while the guard does not answer: `closed` keeps it in the queue. */
export const failureModes = ['open', 'closed'] as const;
export type FailureMode = (typeof failureModes)[number];

export interface GuardSettings {
  /** `127.0.0.1:9997`, `[::1]:9997` or `unix:/path`. */
  readonly socketmap: string;
  readonly milter: string;
  readonly onFailure: FailureMode;
}

export const defaultGuardSettings: GuardSettings = {
  socketmap: '127.0.0.1:9997',
  milter: '127.0.0.1:9998',
  onFailure: 'open',
};

/**
 * Null for what sendmail could not read: a path with blanks or quotes, a host name, which it would
 * look up for each process anew.
 */
export function parseSendmailEndpoint(text: string): Endpoint | null {
  const endpoint = parseEndpoint(text);
  if (endpoint === null) return null;
  const isReadable =
    'path' in endpoint
      ? /^\/[\w./+-]+$/.test(endpoint.path)
      : isIP(endpoint.host) !== 0 && endpoint.port > 0;
  return isReadable ? endpoint : null;
}

/**
 * `inet:9997@127.0.0.1`, `inet6:9997@::1`, `unix:/path`. No brackets: with them a socket map of
 * sendmail 8.17 connects to an address of length 0 and fails.
 */
export function formatSendmailSocket(text: string): string {
  const endpoint = parseSendmailEndpoint(text);
  if (endpoint === null) throw new TypeError(`no endpoint: ${text}`);
  if ('path' in endpoint) return `unix:${endpoint.path}`;
  return `${isIP(endpoint.host) === 6 ? 'inet6' : 'inet'}:${endpoint.port}@${endpoint.host}`;
}
