/**
 * The memory of call-aheads, kept in a file so that a restart does not ask every backend again.
 *
 * One line of JSON for each answer, added once a second and never waited for. When more lines were
 * added than there are entries, the file is written anew beside the old one and takes its place. What
 * cannot be read is left out, and what cannot be written is forgotten: a backend can be asked again.
 */
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { errorCode } from '../mail/error-code.ts';
import { parseJsonArray } from '../mail/json-array.ts';
import { printable } from '../mail/printable.ts';
import { createMemoryVerifyCache, type MemoryVerifyCache } from './memory-verify-cache.ts';
import type { Verified, VerifyCache } from './verify-cache.ts';

export interface VerifyFile extends VerifyCache, AsyncDisposable {
  /** Writes what is new. Never rejects. */
  flush(): Promise<void>;
}

export interface VerifyFileOptions {
  readonly path: string;
  /** Entries in all. */
  readonly capacity?: number;
  /** Told once when the file cannot be read or written. */
  readonly warn: (message: string) => void;
}

const flushEvery = 1000;

/** A file that does not exist is an empty one. */
export async function openVerifyFile(options: VerifyFileOptions): Promise<VerifyFile> {
  const { path, capacity, warn } = options;
  const memory = createMemoryVerifyCache(capacity);
  const loaded = await load(path, memory, warn);
  let { lineCount } = loaded;
  let added = loaded.isTorn ? ['\n'] : [];
  let writing = Promise.resolve();
  let hasFailed = false;

  async function write(): Promise<void> {
    if (added.length === 0) return;
    const lines = added;
    added = [];
    try {
      lineCount += lines.length;
      if (lineCount > 2 * memory.size + 1000) await rewrite();
      else await appendFile(path, lines.join(''), { mode: 0o600 });
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) warn(complaint(path, 'written', error));
      hasFailed = true;
    }
  }

  async function rewrite(): Promise<void> {
    const lines = Array.from(memory.entries(), ([key, verified]) => formatLine(key, verified));
    await writeFile(`${path}.new`, lines.join(''), { mode: 0o600 });
    await rename(`${path}.new`, path);
    lineCount = lines.length;
  }

  function flush(): Promise<void> {
    writing = writing.then(write);
    return writing;
  }

  const timer = setInterval(() => void flush(), flushEvery).unref();
  return {
    get: (key) => memory.get(key),
    set(key, verified) {
      memory.set(key, verified);
      added.push(formatLine(key, verified));
    },
    flush,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await flush();
    },
  };
}

interface Loaded {
  readonly lineCount: number;
  /** Whether the last line does not end: somebody killed us as we wrote. */
  readonly isTorn: boolean;
}

async function load(
  path: string,
  memory: MemoryVerifyCache,
  warn: (message: string) => void,
): Promise<Loaded> {
  try {
    const lines = (await readFile(path, 'utf8')).split('\n');
    for (const line of lines) {
      const entry = readLine(line);
      if (entry) memory.set(...entry);
    }
    return { lineCount: lines.length, isTorn: lines.at(-1) !== '' };
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') warn(complaint(path, 'read', error));
    return { lineCount: 0, isTorn: false };
  }
}

function formatLine(key: string, { at, kind, reply }: Verified): string {
  return `${JSON.stringify([key, kind, at, reply])}\n`;
}

function readLine(line: string): [key: string, verified: Verified] | null {
  const [key, kind, at, reply] = parseJsonArray(line) ?? [];
  if (typeof key !== 'string' || typeof at !== 'number') return null;
  if (kind === 'known' || kind === 'unknown') return [key, { at, kind, reply: null }];
  return kind === 'refused' && isReply(reply) ? [key, { at, kind, reply }] : null;
}

function isReply(value: unknown): value is NonNullable<Verified['reply']> {
  if (typeof value !== 'object' || value === null) return false;
  if (!('code' in value && 'status' in value && 'text' in value)) return false;
  const { code, status, text } = value;
  return typeof code === 'number' && typeof status === 'string' && typeof text === 'string';
}

function complaint(path: string, what: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return printable(`${path}, the memory of verified mailboxes, cannot be ${what}: ${reason}`);
}
