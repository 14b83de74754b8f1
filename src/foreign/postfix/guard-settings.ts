/**
 * What the guard's lines in main.cf depend on, and how Postfix spells a socket.
 */
import { formatHostPort } from '../../mail/endpoint.ts';
import type { FailureMode } from '../../mail/failure-mode.ts';
import { parseGuardEndpoint } from '../guard-endpoint.ts';

/**
 * - milter: what comes in by SMTP
 * - policy: the same, by less: each recipient once, nothing of the header, and not where Postfix sends
 * - notices: the notices that Postfix writes itself, by the milter
 * - transport: whatever goes out, by a table that lets all mail wait while the guard is away
 * - sink: the notices that go out, which Spillway takes by SMTP and delivers itself
 */
export const hooks = ['milter', 'policy', 'notices', 'transport', 'sink'] as const;
export type Hook = (typeof hooks)[number];

export interface PostfixGuardSettings {
  /** In the order of `hooks`. */
  readonly hooks: readonly Hook[];
  /** `127.0.0.1:9998`, `[::1]:9998`, or `unix:/path` below the queue's folder. */
  readonly milter: string;
  readonly policy: string;
  readonly socketmap: string;
  /** Where Spillway takes mail by SMTP: host and port. */
  readonly sink: string;
  readonly onFailure: FailureMode;
}

export const defaultPostfixGuardSettings: PostfixGuardSettings = {
  hooks: ['milter', 'notices'],
  milter: '127.0.0.1:9998',
  policy: '127.0.0.1:9996',
  socketmap: '127.0.0.1:9997',
  sink: '127.0.0.1:2525',
  onFailure: 'open',
};

/**
 * `inet:127.0.0.1:9998`, or `unix:spillway/milter`: a path is told from the queue's folder, which is
 * where Postfix's daemons stand, in a chroot or not. Null where the path is not below it.
 */
export function formatPostfixSocket(text: string, queueFolder: string): string | null {
  const endpoint = parseGuardEndpoint(text);
  if (endpoint === null) return null;
  if (!('path' in endpoint)) return `inet:${formatHostPort(endpoint)}`;
  const below = `${queueFolder}/`;
  return endpoint.path.startsWith(below) && !endpoint.path.includes('..')
    ? `unix:${endpoint.path.slice(below.length)}`
    : null;
}

/** `smtp:[127.0.0.1]:2525`, a transport without a look-up of an MX; null for a unix socket. */
export function formatPostfixNextHop(text: string): string | null {
  const endpoint = parseGuardEndpoint(text);
  return endpoint === null || 'path' in endpoint
    ? null
    : `smtp:[${endpoint.host}]:${endpoint.port}`;
}
