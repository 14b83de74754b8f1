/**
 * Which address a question about a mailbox is about: the one that the client typed, or what the server
 * that is guarded makes of it by its own tables.
 */
import { parseAddress } from '../mail/address.ts';
import type { NextHop } from '../mail/envelope.ts';
import { isUndecided } from '../verdict/next-hop.ts';

/**
 * Null where the tables of the server lead to a mailbox of its own by another name, such as sendmail's
 * virtusertable: nobody else knows that one. `nextHop` is undefined where the mail is ours.
 */
export function mailboxPath(
  forwardPath: string,
  nextHop: NextHop | null | undefined,
): string | null {
  if (!nextHop?.address || isUndecided(nextHop)) return forwardPath;
  const made = parseAddress(nextHop.address);
  if (made.kind === 'mailbox') return nextHop.address;
  if (made.kind !== 'local') return forwardPath;
  // A local mailer gets the name alone.
  const typed = parseAddress(forwardPath);
  const isSame = 'localPart' in typed && fold(typed.localPart) === fold(made.localPart);
  return isSame ? forwardPath : null;
}

function fold(localPart: string): string {
  return localPart.toLowerCase();
}
