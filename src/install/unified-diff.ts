/**
 * The difference of two texts that differ in one place, as `diff -u` writes it.
 */
import { splitLines } from '../foreign/text-lines.ts';

const context = 3;
const noNewline = '\\ No newline at end of file';

/** Empty for equal texts. */
export function unifiedDiff(path: string, before: string, after: string): string {
  if (before === after) return '';
  const old = splitLines(before);
  const now = splitLines(after);
  let head = 0;
  while (head < old.length && old[head] === now[head]) head++;
  let tail = 0;
  const most = Math.min(old.length, now.length) - head;
  while (tail < most && old.at(-1 - tail) === now.at(-1 - tail)) tail++;

  const start = Math.max(0, head - context);
  const stay = Math.min(tail, context);
  const range = (lines: readonly string[]): string => {
    const count = lines.length - tail + stay - start;
    return `${count === 0 ? start : start + 1},${count}`;
  };
  return [
    `--- ${path}`,
    `+++ ${path}`,
    `@@ -${range(old)} +${range(now)} @@`,
    ...show(' ', old.slice(start, head)),
    ...show('-', old.slice(head, old.length - tail)),
    ...show('+', now.slice(head, now.length - tail)),
    ...show(' ', old.slice(old.length - tail, old.length - tail + stay)),
  ].join('\n');
}

function show(sign: string, lines: readonly string[]): string[] {
  return lines.flatMap((line) =>
    line.endsWith('\n') ? [sign + line.slice(0, -1)] : [sign + line, noNewline],
  );
}
