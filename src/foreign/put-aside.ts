/**
 * Lines of somebody else's file that are put aside where they stand, as comments, and put back to the byte.
 */

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

/** With their line ends. */
export function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
