/**
 * Random bytes, taken from the system by the thousand: one by one they cost as much as an answer.
 */
import { randomFillSync } from 'node:crypto';

const pool = new Uint8Array(4096);
let used = pool.length;

/** `length`: at most 4096. Valid until the next call; each byte is given out once. */
export function takeRandom(length: number): Uint8Array {
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += length;
  return pool.subarray(used - length, used);
}
