/**
 * Whether an endpoint is one where we take mail ourselves.
 */

import { isLocalhost } from '../mail/domain.ts';
import { type Endpoint, formatEndpoint } from '../mail/endpoint.ts';
import { isLoopback, parseIp, unmapped } from '../mail/ip.ts';
import type { Settings } from './settings.ts';

type Listeners = Pick<
  Settings['smtp'],
  'listen' | 'listenTls' | 'submission' | 'submissionTls' | 'lmtp'
>;

export function smtpEndpoints(smtp: Listeners): Endpoint[] {
  return [smtp.listen, smtp.listenTls, smtp.submission, smtp.submissionTls, smtp.lmtp].flat();
}

/** The listener that a connection to `endpoint` would reach for certain; null where there is none. */
export function ownListenerAt(smtp: Listeners, endpoint: Endpoint): Endpoint | null {
  return smtpEndpoints(smtp).find((listener) => isReached(listener, endpoint)) ?? null;
}

function isReached(listener: Endpoint, endpoint: Endpoint): boolean {
  if ('path' in listener || 'path' in endpoint)
    return formatEndpoint(listener) === formatEndpoint(endpoint);
  if (listener.port !== endpoint.port || listener.port === 0) return false;
  const [ours, theirs] = [plainHost(listener.host), plainHost(endpoint.host)];
  return ours === theirs || (everywhere.has(ours) && isThisMachine(theirs));
}

const everywhere = new Set(['0.0.0.0', '::']);

/** Whether a host is this machine in every network. A target of 0.0.0.0 is this machine. */
export function isThisMachine(host: string): boolean {
  const address = parseIp(host);
  return everywhere.has(host) || (address !== null && isLoopback(unmapped(address)));
}

function plainHost(host: string): string {
  return isLocalhost(host) ? '127.0.0.1' : (parseIp(host)?.text ?? host.toLowerCase());
}
