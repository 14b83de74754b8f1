/**
 * Which address a question about a mailbox is about: the one that the client typed, or what the server
 * that is guarded makes of it by its own tables.
 */
import { parseAddress } from '../mail/address.ts';
import { withoutBounceTag } from '../mail/batv.ts';
import type { NextHop } from '../mail/envelope.ts';
import { isUndecided } from '../verdict/next-hop.ts';

/**
 * Null where the tables of the server lead to a mailbox of its own by another name, such as sendmail's
 * virtusertable: nobody else knows that one. `nextHop` is undefined where the mail is ours.
 *
 * A server that signs its senders gets notices for the tagged address: whose mailbox that is counts here. Whether the
 * signature is good is its own affair.
 */
export function mailboxPath(
  forwardPath: string,
  nextHop: NextHop | null | undefined,
): string | null {
  if (nextHop === undefined) return forwardPath;
  const typedPath = withoutBounceTag(forwardPath);
  if (!nextHop?.address || isUndecided(nextHop)) return typedPath;
  const madePath = withoutBounceTag(nextHop.address);
  const made = parseAddress(madePath);
  if (made.kind === 'mailbox') return madePath;
  if (made.kind !== 'local') return typedPath;
  // A local mailer gets the name alone.
  const typed = parseAddress(typedPath);
  const isSame = 'localPart' in typed && fold(typed.localPart) === fold(made.localPart);
  return isSame ? typedPath : null;
}

function fold(localPart: string): string {
  return localPart.toLowerCase();
}
