/**
 * The recipients that a message is queued for: the accepted ones after aliases, each once.
 */
import { comparableDomain } from '../../mail/address.ts';
import type { RcptParameters } from '../../mail/envelope.ts';
import type { Directory } from '../../recipients/directory.ts';
import type { NewRecipient } from '../../store/queue-store.ts';

export interface Expansion {
  readonly recipients: readonly NewRecipient[];
  /** For each accepted recipient the places of those that it stands for. */
  readonly places: readonly (readonly number[])[];
}

/** `ownDomain`: of an address without any, which is our own postmaster's (RFC 5321 §4.5.1). */
export function expandRecipients(
  accepted: readonly RcptParameters[],
  directory: Pick<Directory, 'expand'>,
  ownDomain: string,
): Expansion {
  const recipients: NewRecipient[] = [];
  const known = new Map<string, number>();
  const places = accepted.map(({ forwardPath: original, notify, orcpt }) =>
    directory.expand(original).map((forwardPath) => {
      const at = forwardPath.lastIndexOf('@');
      const domain = comparableDomain(at < 0 ? ownDomain : forwardPath.slice(at + 1));
      const key = `${at < 0 ? forwardPath : forwardPath.slice(0, at)}@${domain}`;
      const place = known.get(key);
      if (place !== undefined) return place;
      known.set(key, recipients.length);
      return recipients.push({ forwardPath, notify, orcpt, original, domain }) - 1;
    }),
  );
  return { recipients, places };
}
