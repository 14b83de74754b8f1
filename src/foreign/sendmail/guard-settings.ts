/**
 * What the guard's lines in a sendmail configuration depend on, and how sendmail spells a socket.
 */
import { isIP } from 'node:net';
import type { FailureMode } from '../../mail/failure-mode.ts';
import { parseGuardEndpoint } from '../guard-endpoint.ts';

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
 * `inet:9997@127.0.0.1`, `inet6:9997@::1`, `unix:/path`. No brackets: with them a socket map of
 * sendmail 8.17 connects to an address of length 0 and fails.
 */
export function formatSendmailSocket(text: string): string {
  const endpoint = parseGuardEndpoint(text);
  if (endpoint === null) throw new TypeError(`no endpoint: ${text}`);
  if ('path' in endpoint) return `unix:${endpoint.path}`;
  return `${isIP(endpoint.host) === 6 ? 'inet6' : 'inet'}:${endpoint.port}@${endpoint.host}`;
}
