/**
 * Keeps who has shown good mail in a file, so that a restart within a flood starves none of them.
 *
 * One line of JSON for each, the file written anew beside the old one when something has changed: every
 * ten minutes and at the end. What cannot be read is left out, and what cannot be written is lost with
 * the run: a good name can be earned again.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { FloodWatch } from '../judge/flood-watch.ts';
import type { Clock } from '../mail/clock.ts';
import { errorCode } from '../mail/error-code.ts';
import { parseJsonArray } from '../mail/json-array.ts';
import { printable } from '../mail/printable.ts';
import type { Standing } from '../verdict/flood/standings.ts';
import { inTurns } from './in-turns.ts';
import { systemClock } from './system-clock.ts';

export interface GoodClientsOptions {
  readonly path: string;
  readonly watch: Pick<FloodWatch, 'goodClients' | 'resumeGood'>;
  /** Told once when the file cannot be read or written. */
  readonly warn: (message: string) => void;
  readonly clock?: Clock;
}

/** ms. */
const turn = 600_000;
/** Of a domain, RFC 1035 §2.3.4, with its `@`. */
const longestName = 256;

/** A file that does not exist is an empty one. Never rejects. */
export async function keepGoodClients(options: GoodClientsOptions): Promise<AsyncDisposable> {
  const { path, watch, warn, clock = systemClock } = options;
  let written = await load();
  let hasFailed = false;

  async function load(): Promise<string> {
    try {
      const text = await readFile(path, 'utf8');
      const now = clock.now();
      watch.resumeGood(text.split('\n').flatMap((line) => readLine(line, now) ?? []));
      return text;
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') warn(complaint(path, 'read', error));
      return '';
    }
  }

  async function write(): Promise<void> {
    const text = watch.goodClients().map(formatLine).join('');
    if (text === written) return;
    try {
      await writeFile(`${path}.new`, text, { mode: 0o600 });
      await rename(`${path}.new`, path);
      written = text;
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) warn(complaint(path, 'written', error));
      hasFailed = true;
    }
  }

  return inTurns(clock, turn, write);
}

function formatLine({ client, since, good, unknown, at }: Standing): string {
  return `${JSON.stringify([client, since, round(good), round(unknown), at])}\n`;
}

function round(count: number): number {
  return Math.round(count * 1000) / 1000;
}

/** Null: damaged, or of a time that has not come, because somebody set the clock. */
function readLine(line: string, now: number): Standing | null {
  const [client, since, good, unknown, at] = parseJsonArray(line) ?? [];
  if (typeof client !== 'string' || client.length > longestName) return null;
  if (!isCount(since) || !isCount(good) || !isCount(unknown) || !isCount(at)) return null;
  return since <= at && at <= now ? { client, since, good, unknown, at } : null;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function complaint(path: string, what: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return printable(`${path}, the memory of good clients, cannot be ${what}: ${reason}`);
}
