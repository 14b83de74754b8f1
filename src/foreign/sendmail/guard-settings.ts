/**
 * What the guard's lines in a sendmail configuration depend on, and how sendmail spells a socket.
 */
import { isIP } from 'node:net';

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

export type Endpoint =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/**
 * Null for what sendmail could not read: a path with blanks or quotes, a host name, which it would
 * look up for each process anew.
 */
export function parseEndpoint(text: string): Endpoint | null {
  const path = /^unix:(\/[\w./+-]+)$/.exec(text)?.[1];
  if (path !== undefined) return { kind: 'unix', path };
  const [, bracketed, bare, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? bare ?? '';
  const port = Number(digits);
  if (isIP(host) !== (bracketed === undefined ? 4 : 6) || port < 1 || port > 65535) return null;
  return { kind: 'tcp', host, port };
}

/**
 * `inet:9997@127.0.0.1`, `inet6:9997@::1`, `unix:/path`. No brackets: with them a socket map of
 * sendmail 8.17 connects to an address of length 0 and fails.
 */
export function formatSendmailSocket(endpoint: string): string {
  const parsed = parseEndpoint(endpoint);
  if (parsed === null) throw new TypeError(`no endpoint: ${endpoint}`);
  if (parsed.kind === 'unix') return `unix:${parsed.path}`;
  return `${isIP(parsed.host) === 6 ? 'inet6' : 'inet'}:${parsed.port}@${parsed.host}`;
}
