/**
 * Lines about what goes wrong, so many within ten seconds: a flood must not fill the disk that the
 * queue is on. What was left out is counted and told with the next line.
 */
import type { Log } from '../log.ts';

const window = 10_000;

export interface BoundedLog {
  warn(details: object, message: string): void;
}

export function boundLog(log: Log, lines = 100): BoundedLog {
  let since = 0;
  let written = 0;
  let left = 0;
  return {
    warn(details, message) {
      const now = Date.now();
      if (now - since >= window) {
        if (left > 0) log.warn({ lines: left }, 'lines like the next were left out of the log');
        since = now;
        written = 0;
        left = 0;
      }
      if (written >= lines) {
        left++;
        return;
      }
      written++;
      log.warn(details, message);
    },
  };
}
