/**
 * A log as a stream of bytes: a file, which may be rotated or cut while it is read, or what comes by a pipe.
 */
import type { Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { errorCode } from '../../mail/error-code.ts';
import { errorText } from '../../mail/error-text.ts';
import { isPacked, longestMagic, unpacked } from './unpack.ts';

export interface LogFile {
  /** As it was asked for; `-` is what comes by stdin. */
  readonly name: string;
  /** ms since 1970 of its last change; null: nobody knows. */
  readonly changedAt: number | null;
  /** Tells one file from another. */
  readonly identity: string;
  /** Octets on disk; null: nobody knows. */
  readonly size: number | null;
  readonly isPacked: boolean;
  /** Its bytes, unpacked, from the beginning. Throws LogFileError. */
  read(): AsyncIterable<Buffer>;
}

/** It cannot be opened, or not be read further. */
export class LogFileError extends Error {
  readonly code = 'LOG_FILE';
  readonly file: string;
  readonly why: string;

  constructor(file: string, why: string, cause?: unknown) {
    super(`${file} cannot be read: ${why}`, { cause });
    this.file = file;
    this.why = why;
  }
}

const chunkSize = 1 << 20;
const empty = { buffer: Buffer.alloc(0) };

/** Throws LogFileError. */
export async function openLogFile(path: string): Promise<LogFile> {
  try {
    const file = await open(path, 'r');
    const stats = await file.stat();
    // What was read of a pipe is gone: it is opened once.
    if (!stats.isFile() && !stats.isDirectory())
      return streamedLogFile(path, file.createReadStream({ highWaterMark: chunkSize }));
    const { buffer } = stats.isFile() ? await file.read(Buffer.alloc(longestMagic)) : empty;
    await file.close();
    if (stats.isDirectory()) throw new LogFileError(path, 'it is a folder');
    return {
      name: path,
      changedAt: stats.mtimeMs,
      identity: `${stats.dev}:${stats.ino}`,
      size: stats.size,
      isPacked: isPacked(buffer),
      read: () => unpackedLog(path, octetsOf(path, stats)),
    };
  } catch (error) {
    if (error instanceof LogFileError) throw error;
    throw new LogFileError(path, why(error), error);
  }
}

/** One that could not be opened: reading it says so, so that others beside it are told. */
export function unopenedLogFile(error: LogFileError): LogFile {
  const { file } = error;
  const next = () => Promise.reject(error);
  return {
    name: file,
    changedAt: null,
    identity: file,
    size: 0,
    isPacked: false,
    read: () => ({ [Symbol.asyncIterator]: () => ({ next }) }),
  };
}

/** What comes by a stream: it can be begun once, to see what it is, and is then read to its end. */
export function streamedLogFile(name: string, stream: Readable): LogFile {
  let rest: AsyncIterator<Buffer> | null = null;
  const begun: Buffer[] = [];
  return {
    name,
    changedAt: null,
    identity: name,
    size: null,
    isPacked: false,
    async *read() {
      yield* begun.splice(0);
      const isFirst = rest === null;
      rest ??= unpackedLog(name, stream)[Symbol.asyncIterator]();
      for (;;) {
        const { value, done } = await rest.next();
        if (done) return;
        if (isFirst) begun.push(value);
        yield value;
      }
    },
  };
}

/** Throws LogFileError. */
async function* unpackedLog(
  name: string,
  source: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void> {
  const bytes = source[Symbol.asyncIterator]();
  try {
    yield* unpacked(bytes);
  } catch (error) {
    throw error instanceof LogFileError ? error : new LogFileError(name, why(error), error);
  } finally {
    // A pipe may say nothing for long: it is not waited for.
    if (source instanceof Readable) source.destroy();
    else await bytes.return?.(undefined);
  }
}

/** The octets of the file that had these stats, and of no other that took its name since: logs are rotated. */
async function* octetsOf(path: string, { dev, ino, size }: Stats): AsyncGenerator<Buffer, void> {
  const file = await open(path, 'r');
  const stream = file.createReadStream({ highWaterMark: chunkSize });
  try {
    const now = await file.stat();
    if (now.dev !== dev || now.ino !== ino)
      throw new LogFileError(path, 'another file took its name meanwhile; tell it again');
    let read = 0;
    for await (const chunk of stream) {
      read += chunk.length;
      yield chunk;
    }
    if (read < size) throw new LogFileError(path, 'it became shorter while it was read');
  } finally {
    stream.destroy();
  }
}

function why(error: unknown): string {
  const code = errorCode(error);
  if (code?.startsWith('ZSTD_')) return 'what is packed in it is damaged';
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
    case 'EPERM':
      return 'no permission; try it as root';
    case 'Z_BUF_ERROR':
    case 'ERR_BUFFER_TOO_LARGE':
      return 'what is packed in it is cut short';
    case 'Z_DATA_ERROR':
      return 'what is packed in it is damaged';
    default:
      return errorText(error);
  }
}
