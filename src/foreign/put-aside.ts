/**
 * Lines of somebody else's file that are put aside where they stand, as comments, and put back to the byte.
 */
import type { BlockFault } from './marked-block.ts';
import { splitLines } from './text-lines.ts';

/** Stands before each line that is put aside. */
const mark = '#spillway# ';

/** Puts the lines of these numbers aside, counted from 1. */
export function putAside(text: string, numbers: ReadonlySet<number>): string {
  return splitLines(text)
    .map((line, index) => (numbers.has(index + 1) ? mark + line : line))
    .join('');
}

/** The inverse of `putAside`. */
export function putBack(text: string): string {
  return splitLines(text)
    .map((line) => (line.startsWith(mark) ? line.slice(mark.length) : line))
    .join('');
}

/**
 * Of a text without a block of ours: a line that an earlier change put aside. Somebody took the block away by hand, and
 * nobody knows any more whether the line is to count.
 */
export function findLeftAside(text: string): BlockFault | null {
  const index = splitLines(text).findIndex((line) => line.startsWith(mark));
  if (index < 0) return null;
  const problem = `expected our block for a line that was put aside, found none: take "${mark}" off it, or delete it`;
  return { kind: 'fault', line: index + 1, problem };
}
