/**
 * A log as a stream of bytes, whatever it is packed in: plain, gzip or zstd, told by its first octets.
 */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { errorCode } from '../../mail/error-code.ts';
import { errorText } from '../../mail/error-text.ts';

export interface LogFile {
  /** As it was asked for; `-` is what comes by stdin. */
  readonly name: string;
  /** ms since 1970 of its last change; null: nobody knows. */
  readonly changedAt: number | null;
  /** Tells one file from another. */
  readonly identity: string;
  /** Octets on disk; null: nobody knows. */
  readonly size: number | null;
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

/** Throws LogFileError. */
export async function openLogFile(path: string): Promise<LogFile> {
  try {
    const file = await open(path, 'r');
    const stats = await file.stat();
    // What was read of a pipe is gone: it is opened once.
    if (!stats.isFile() && !stats.isDirectory())
      return streamedLogFile(path, file.createReadStream({ highWaterMark: chunkSize }));
    await file.close();
    if (stats.isDirectory()) throw new LogFileError(path, 'it is a folder');
    return {
      name: path,
      changedAt: stats.mtimeMs,
      identity: `${stats.dev}:${stats.ino}`,
      size: stats.size,
      read: () => unpacked(path, createReadStream(path, { highWaterMark: chunkSize })),
    };
  } catch (error) {
    if (error instanceof LogFileError) throw error;
    throw new LogFileError(path, why(error), error);
  }
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
    async *read() {
      yield* begun.splice(0);
      const isFirst = rest === null;
      rest ??= unpacked(name, stream)[Symbol.asyncIterator]();
      for (;;) {
        const { value, done } = await rest.next();
        if (done) return;
        if (isFirst) begun.push(value);
        yield value;
      }
    },
  };
}

const packings: readonly (readonly [magic: readonly number[], unpack: () => Transform])[] = [
  [[0x1f, 0x8b], () => createGunzip({ chunkSize })],
  [[0x28, 0xb5, 0x2f, 0xfd], () => createZstdDecompress({ chunkSize })],
];

async function* unpacked(name: string, stream: Readable): AsyncGenerator<Buffer, void> {
  try {
    const source: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
    // A pipe may hand over a single octet first.
    let head = Buffer.alloc(0);
    while (head.length < 4) {
      const { value, done } = await source.next();
      if (done) break;
      head = Buffer.concat([head, value]);
    }
    const bytes = joined(head, source);
    const [, unpack] =
      packings.find(([magic]) => magic.every((octet, at) => head[at] === octet)) ?? [];
    if (!unpack) {
      yield* bytes;
      return;
    }
    const unpacking = unpack();
    // Its error comes out where it is read from.
    pipeline(Readable.from(bytes, { objectMode: false }), unpacking, () => undefined);
    for await (const chunk of unpacking) yield chunk;
  } catch (error) {
    throw error instanceof LogFileError ? error : new LogFileError(name, why(error), error);
  } finally {
    stream.destroy();
  }
}

async function* joined(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void> {
  if (head.length > 0) yield head;
  for (;;) {
    const { value, done } = await rest.next();
    if (done) return;
    yield value;
  }
}

function why(error: unknown): string {
  switch (errorCode(error)) {
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
