/**
 * Names of messages in our queue: whole numbers that grow with time, shown as eleven characters.
 *
 * A number is ms since 2026 times 4,096 and a counter: it fits into 53 bits until 2095. No vowels, so
 * that no name is a word, and nothing that looks like something else.
 */
const epoch = Date.UTC(2026, 0, 1);
const perMs = 4096;
const digits = '0123456789bcdfghjklmnpqrstvwxz'; // 30 of them
const length = 11;

export type QueueId = number;

/** The next number after `last` at the time `now`, in ms since 1970. Never gives a number twice. */
export function nextQueueId(last: QueueId, now: number): QueueId {
  return Math.max(last + 1, (now - epoch) * perMs);
}

/** When it was given, in ms since 1970, as far as the number tells. */
export function queueIdTime(id: QueueId): number {
  return epoch + Math.floor(id / perMs);
}

export function formatQueueId(id: QueueId): string {
  let text = '';
  for (let rest = id; text.length < length; rest = Math.floor(rest / digits.length))
    text = digits.charAt(rest % digits.length) + text;
  return text;
}

/** Null where the text is no name of a message. */
export function parseQueueId(text: string): QueueId | null {
  if (text.length !== length) return null;
  let id = 0;
  for (const character of text.toLowerCase()) {
    const digit = digits.indexOf(character);
    if (digit < 0) return null;
    id = id * digits.length + digit;
  }
  return id <= Number.MAX_SAFE_INTEGER ? id : null;
}
