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

const given =
  /queued as ([0-9A-Za-z]{6,40})\b|([0-9A-Za-z]{8,24}) Message accepted for delivery|\bid=([0-9A-Za-z-]{16,23})\b/;

/** The name that one of the four servers gave a message, in its reply; null: none of theirs. */
export function nameInReply(reply: string): string | null {
  const found = given.exec(reply);
  return found ? (found[1] ?? found[2] ?? found[3] ?? null) : null;
}
