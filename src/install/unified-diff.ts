/**
 * The difference of two texts, as `diff -u` writes it. Lines that are put aside at the beginning of a file and stand anew
 * at its end are two hunks, with nothing of what lies between.
 */
import { splitLines } from '../foreign/text-lines.ts';

const context = 3;
const noNewline = '\\ No newline at end of file';
/** Of lines added and taken away; texts that differ by more are shown as one change. */
const mostEdits = 500;

/** Empty for equal texts. */
export function unifiedDiff(path: string, before: string, after: string): string {
  if (before === after) return '';
  const edits = compare(splitLines(before), splitLines(after));
  return [`--- ${path}`, `+++ ${path}`, ...hunksOf(edits).flatMap(formatHunk)].join('\n');
}

interface Edit {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
}

interface Hunk {
  readonly edits: readonly Edit[];
  /** How many lines of each text stand before it. */
  readonly old: number;
  readonly now: number;
}

function compare(old: readonly string[], now: readonly string[]): Edit[] {
  let head = 0;
  while (head < old.length && old[head] === now[head]) head++;
  let tail = 0;
  const most = Math.min(old.length, now.length) - head;
  while (tail < most && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const [oldPart, nowPart] = [old, now].map((lines) => lines.slice(head, lines.length - tail));
  return [
    ...old.slice(0, head).map(signed(' ')),
    ...compareParts(oldPart ?? [], nowPart ?? []),
    ...old.slice(old.length - tail).map(signed(' ')),
  ];
}

/** On a diagonal, lines of `old` less lines of `now`: how many lines of `old` are done with. */
type Reached = ReadonlyMap<number, number>;

/** By the fewest edits: E. Myers, An O(ND) Difference Algorithm and Its Variations, 1986. */
function compareParts(old: readonly string[], now: readonly string[]): Edit[] {
  const steps: Reached[] = [];
  let before: Reached = new Map([[1, 0]]);
  for (let edits = 0; edits <= mostEdits; edits++) {
    steps.push(before);
    const reached = new Map<number, number>();
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let at = stepTo(before, diagonal).at;
      while (at < old.length && at - diagonal < now.length && old[at] === now[at - diagonal]) at++;
      reached.set(diagonal, at);
      if (at >= old.length && at - diagonal >= now.length) return walkBack(old, now, steps);
    }
    before = reached;
  }
  return [...old.map(signed('-')), ...now.map(signed('+'))];
}

/** The better of two ways to a diagonal: a line is added, or one is taken away. */
function stepTo(before: Reached, diagonal: number): { from: number; at: number } {
  const added = before.get(diagonal + 1) ?? -1;
  const taken = before.get(diagonal - 1) ?? -1;
  return added > taken ? { from: diagonal + 1, at: added } : { from: diagonal - 1, at: taken + 1 };
}

function walkBack(
  old: readonly string[],
  now: readonly string[],
  steps: readonly Reached[],
): Edit[] {
  const edits: Edit[] = [];
  let end = old.length;
  let diagonal = old.length - now.length;
  for (const [edit, before] of [...steps.entries()].reverse()) {
    const { from, at } = stepTo(before, diagonal);
    const isFirst = edit === 0;
    for (; end > (isFirst ? 0 : at); end--) edits.push({ sign: ' ', line: old[end - 1] ?? '' });
    if (isFirst) break;
    if (from > diagonal) edits.push({ sign: '+', line: now[at - from] ?? '' });
    else edits.push({ sign: '-', line: old[at - 1] ?? '' });
    end = from > diagonal ? at : at - 1;
    diagonal = from;
  }
  return edits.reverse();
}

/** Changes with the lines around them; those that are near each other are one. */
function hunksOf(edits: readonly Edit[]): Hunk[] {
  const hunks: (Hunk & { readonly edits: Edit[] })[] = [];
  let [old, now] = [0, 0];
  let isOpen = false;
  let lastChange = Number.NEGATIVE_INFINITY;
  for (const [index, edit] of edits.entries()) {
    const ahead = edits.slice(index, index + context + 1);
    if (edit.sign !== ' ') lastChange = index;
    const isShown = index - lastChange <= context || ahead.some(({ sign }) => sign !== ' ');
    if (isShown && !isOpen) hunks.push({ edits: [], old, now });
    if (isShown) hunks.at(-1)?.edits.push(edit);
    isOpen = isShown;
    if (edit.sign !== '+') old++;
    if (edit.sign !== '-') now++;
  }
  return hunks;
}

function formatHunk({ edits, old, now }: Hunk): string[] {
  const range = (before: number, count: number) => `${count === 0 ? before : before + 1},${count}`;
  const places = `-${range(old, countOf(edits, '-'))} +${range(now, countOf(edits, '+'))}`;
  return [`@@ ${places} @@`, ...edits.flatMap(formatEdit)];
}

/** Of the text from which lines are taken, or to which they are added. */
function countOf(edits: readonly Edit[], sign: '-' | '+'): number {
  return edits.filter((edit) => edit.sign === ' ' || edit.sign === sign).length;
}

function formatEdit({ sign, line }: Edit): string[] {
  return line.endsWith('\n') ? [sign + line.slice(0, -1)] : [sign + line, noNewline];
}

function signed(sign: Edit['sign']): (line: string) => Edit {
  return (line) => ({ sign, line });
}
