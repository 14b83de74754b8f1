/**
 * What became of a recipient, by the status and the words of whoever said so.
 *
 * RFC 3463: 5.1.1 is a mailbox that does not exist. Many servers give no status, or one that says nothing.
 */

export type FateOutcome =
  | 'delivered'
  | 'unknown'
  | 'failed'
  | 'deferred'
  | 'dropped'
  | 'expired'
  | 'returned';

/** Of no mailbox: the words of the four servers, and those of others that they quote. */
const noMailbox =
  /user unknown|unknown (?:user|recipient|mailbox|local)|no such (?:user|mailbox|recipient|address|person)|invalid (?:recipient|mailbox)|(?:mailbox|recipient|user|account|address) (?:\S+ )?(?:not found|unknown|unavailable|invalid|does not exist|doesn't exist|rejected: user unknown)|unrouteable address|not our customer|no mailbox here/i;
const vague = /^5\.(?:0\.0|1\.0|1\.2|3\.0|5\.0|7\.1)$/;

/** `status`: `5.1.1`; empty where there is none. `text`: the first words decide. */
export function isNoMailbox(status: string, text: string): boolean {
  if (status === '5.1.1') return true;
  if (status !== '' && !vague.test(status)) return false;
  return noMailbox.test(text.length > 300 ? text.slice(0, 300) : text);
}

/** A refusal for good, or for now by its first digit. */
export function refusal(
  code: string,
  status: string,
  text: string,
): 'unknown' | 'refused' | 'deferred' {
  if (code.startsWith('4')) return 'deferred';
  return isNoMailbox(status, text) ? 'unknown' : 'refused';
}

/** The name that one of the four servers gave a message, in its reply; null: none of theirs. */
export function nameInReply(reply: string): string | null {
  const queued = reply.indexOf('queued as ');
  if (queued >= 0) return wordAt(reply, queued + 10, 6);
  const accepted = reply.indexOf(' Message accepted for delivery');
  if (accepted >= 0) {
    const blank = reply.lastIndexOf(' ', accepted - 1);
    const bracket = reply.lastIndexOf('(', accepted - 1);
    return wordAt(reply, Math.max(blank, bracket) + 1, 8);
  }
  const named = reply.indexOf('id=');
  return named >= 0 ? wordAt(reply, named + 3, 16) : null;
}

const longestName = 40;

/** Letters, digits and hyphens, so many at least. */
function wordAt(text: string, at: number, least: number): string | null {
  const word = /[0-9A-Za-z-]*/y;
  word.lastIndex = at;
  const found = word.exec(text)?.[0] ?? '';
  return found.length >= least && found.length <= longestName ? found : null;
}
