/**
 * Whether the server behind is asked who exists, where the operator does not say.
 */
import type { HostedDomain } from '../recipients/hosted-domain.ts';
import type { Settings } from './settings.ts';

/** Lists are the whole truth where there are some; a mere gateway asks the server behind. */
export function verificationOf(domain: Settings['domains'][number]): HostedDomain['verify'] {
  const { deliver, mailboxes, maps, catchAll, verify } = domain;
  const hasBackend = deliver?.kind === 'smtp' || deliver?.kind === 'lmtp';
  const hasLists = mailboxes.length + maps.length > 0 || catchAll !== undefined;
  return verify ?? (hasBackend && !hasLists ? 'backend' : 'none');
}
