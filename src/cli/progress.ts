/**
 * One line on a terminal that tells how far a long command is; nothing at all elsewhere.
 */
export interface ProgressOutput {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface ProgressLine {
  /**
   * `share` is from 0 to 1, null where nobody knows; the text is cut at the edge of the terminal and must be printable. Left out
   * soon after another, unless it must be seen: the first of a phase.
   */
  show(share: number | null, text: string, mustBeSeen?: boolean): void;
  /** Takes the line away. */
  clear(): void;
}

/** More often nobody can read. */
const interval = 100;
const barWidth = 20;

/** `now` in ms; only the distance counts. */
export function createProgressLine(
  output: ProgressOutput,
  now: () => number = () => performance.now(),
): ProgressLine {
  if (!output.isTTY) return { show: () => undefined, clear: () => undefined };
  let last = Number.NEGATIVE_INFINITY;
  let isShown = false;
  return {
    show(share, text, mustBeSeen = false) {
      if (!mustBeSeen && now() - last < interval) return;
      last = now();
      isShown = true;
      const line = share === null ? text : `${formatBar(share)} ${text}`;
      // Some terminals do not know their width and say 0.
      output.write(`\r\x1b[2K${line.slice(0, (output.columns || 80) - 1)}`);
    },
    clear() {
      if (isShown) output.write('\r\x1b[2K');
      isShown = false;
    },
  };
}

function formatBar(share: number): string {
  const full = Math.round(Math.min(Math.max(share, 0), 1) * barWidth);
  return `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}]`;
}
