/**
 * The log of a running server: JSON lines for programs, short lines on a terminal.
 */
import { type Logger, pino } from 'pino';
import { printable } from '../mail/printable.ts';

const levelNames = new Map([
  [30, 'info'],
  [40, 'warn'],
  [50, 'error'],
]);

/** Writes to stderr. */
export function createLog(): Logger {
  const options = { base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!process.stderr.isTTY) return pino(options, pino.destination({ dest: 2, sync: true }));
  return pino(options, { write: (line) => void process.stderr.write(`${humanLine(line)}\n`) });
}

function humanLine(line: string): string {
  const { level, time, msg, err, ...details }: Record<string, unknown> = JSON.parse(line);
  const cause = typeof err === 'object' && err !== null && 'message' in err ? err.message : err;
  const rest = Object.entries(cause === undefined ? details : { ...details, cause })
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
  const clock = String(time).slice(11, 19);
  const name = levelNames.get(Number(level)) ?? 'debug';
  return printable(`${clock} ${name.padEnd(5)} ${String(msg)} ${rest}`.trimEnd());
}
