/**
 * Bounce address tags (BATV, draft-levine-smtp-batv-01): `prvs=KDDDSSSSSS=ann@example.org` is the mailbox
 * ann@example.org, with a signature by which her server knows that she has written to somebody.
 *
 * K is the number of a key, DDD the last day it counts, SSSSSS six hexadecimal digits.
 */

/** The quotes of a local part stand around the tag as well. */
const tag = /^(<?"?)prvs=\d{4}[0-9a-f]{6}=(?=[^@])/i;

/**
 * The path of the mailbox behind a tag; any other path as it is. The signature is not looked at: only the server that
 * made it has the key.
 */
export function withoutBounceTag(path: string): string {
  return path.replace(tag, '$1');
}
