/**
 * Names of Postfix's queue files, and the folders that they lie in.
 *
 * A short name is five hexadecimal digits of microseconds and the inode in hexadecimal; it comes again
 * after a while. A long one (`enable_long_queue_ids`) is six or more digits of seconds and four of
 * microseconds to the base of 52, a `z`, and the inode to the base of 51, all without vowels.
 */

const digits = '0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz';
const longTime = 10;
const shortTime = 5;

/** Whether Postfix would take the name of a file in its queue for an id. */
export function isQueueId(name: string): boolean {
  return /^[0-9A-Za-z_]{2,255}$/.test(name);
}

/** `MICROSECONDS.PID`: a file that is just being made. */
export function isTemporaryName(name: string): boolean {
  return /^\d+\.\d+$/.test(name);
}

/** What a name says of the time, which stays when the file gets another inode; null: it is no id. */
export function timeOfId(id: string): string | null {
  const separator = separatorOf(id);
  if (separator !== null) return id.slice(0, separator + 1);
  return /^[0-9A-F]{6,}$/.test(id) ? id.slice(0, shortTime) : null;
}

/** `time`: of timeOfId. */
export function idFor(time: string, inode: bigint): string {
  if (time.length === shortTime) return time + inode.toString(16).toUpperCase();
  let text = '';
  for (let rest = inode; rest > 0n; rest /= 51n) text = digits.charAt(Number(rest % 51n)) + text;
  return time + text;
}

/** How the folders of a queue are divided: `hash_queue_names` and `hash_queue_depth`. */
export interface Hashing {
  readonly queues: ReadonlySet<string>;
  readonly depth: number;
}

/** `deferred/A/A1B2C3D4`: where the file is, from the queue's folder. */
export function pathOfId(queue: string, id: string, { queues, depth }: Hashing): string {
  return [queue, ...(queues.has(queue) ? foldersOfId(id, depth) : []), id].join('/');
}

/** Names of `depth` folders, one in the other. */
export function foldersOfId(id: string, depth: number): string[] {
  const separator = separatorOf(id);
  const text = separator === null ? id : hexMicroseconds(id.slice(separator - 4, separator));
  return Array.from({ length: depth }, (_, level) => text.charAt(level) || '_');
}

/** Position of the `z`; null: no long id. */
function separatorOf(id: string): number | null {
  const at = id.lastIndexOf('z');
  return at >= longTime ? at : null;
}

function hexMicroseconds(text: string): string {
  let value = 0;
  for (const digit of text) {
    const found = digits.indexOf(digit);
    if (found < 0) return '00000';
    value = value * 52 + found;
  }
  return value.toString(16).toUpperCase().padStart(5, '0');
}

/** When a long id was given, ms since 1970; null: it is none. */
export function timeOfLongId(id: string): number | null {
  const separator = separatorOf(id);
  if (separator === null) return null;
  let seconds = 0;
  for (const digit of id.slice(0, separator - 4)) {
    const found = digits.indexOf(digit);
    if (found < 0) return null;
    seconds = seconds * 52 + found;
  }
  return seconds * 1000;
}
