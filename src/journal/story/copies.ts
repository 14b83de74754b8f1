/**
 * Logs that are copies of each other: `mail.log` and `mail.info` of Debian, `mail.log.1` beside `mail.log.1.gz`, a
 * backup beside the log that has grown since. Told twice, everything in them would seem to have happened twice.
 */
import type { LogSource } from './log-source.ts';

/** Octets at the beginning; where fewer are equal it may be chance. */
const least = 500;

/** Copy -> the one that is told in its place. */
export function copiesAmong(sources: readonly LogSource[]): Map<LogSource, LogSource> {
  const copies = new Map<LogSource, LogSource>();
  const told: LogSource[] = [];
  for (const source of sources.toSorted(byLength)) {
    const original = told.find((one) => beginsAlike(one.head, source.head));
    if (original) copies.set(source, original);
    else told.push(source);
  }
  return copies;
}

function beginsAlike(a: Buffer, b: Buffer): boolean {
  const length = Math.min(a.length, b.length);
  return length >= least && a.subarray(0, length).equals(b.subarray(0, length));
}

/** The one that holds most first, as far as that can be known: sizes of packed ones tell little. */
function byLength({ file: a }: LogSource, { file: b }: LogSource): number {
  return Number(a.isPacked) - Number(b.isPacked) || (b.size ?? 0) - (a.size ?? 0);
}
