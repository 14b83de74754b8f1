/**
 * Bytes, whatever they are packed in: plain, gzip or zstd, told by their first octets. Several packed parts may follow
 * each other, as parallel packers and `cat` make them.
 *
 * RFC 1952 (gzip), RFC 8878 (zstd; its frames, and those to be skipped).
 */
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib';

type Unpacker = Gunzip | ZstdDecompress;

/** It is packed in a way that is not read here, or something else follows what is packed. The message says it. */
export class PackingError extends Error {
  readonly code = 'PACKING';
}

const chunkSize = 1 << 20;
/** Octets that tell what something is packed in. */
export const longestMagic = 8;

interface Packing {
  readonly magic: RegExp;
  readonly unpack: () => Unpacker;
  /** What comes from tapes and disks may have zeros behind it. */
  readonly isPadded: boolean;
}

const packings: readonly Packing[] = [
  { magic: /^\x1f\x8b/, unpack: () => createGunzip({ chunkSize }), isPadded: true },
  {
    magic: /^(?:\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)/,
    unpack: () => createZstdDecompress({ chunkSize }),
    isPadded: false,
  },
];

/** What it is, and what makes a log of it. */
const others: readonly (readonly [magic: RegExp, problem: string])[] = [
  [/^BZh[1-9]/, 'it is packed by bzip2; give it by "bzcat FILE | spillway story -"'],
  [/^\xfd7zXZ\0/, 'it is packed by xz; give it by "xzcat FILE | spillway story -"'],
  [/^PK\x03\x04/, 'it is a zip archive; give it by "unzip -p FILE | spillway story -"'],
  [
    /^LPKSHHRH/,
    'it is a journal of systemd; give it by "journalctl -o export --file FILE | spillway story -"',
  ],
  [/^(?:\xff\xfe|\xfe\xff)/, 'it is UTF-16; give it by "iconv -f UTF-16 FILE | spillway story -"'],
];

/** By its first octets. */
export function isPacked(begin: Buffer): boolean {
  return packingOf(begin.toString('latin1', 0, longestMagic)) !== null;
}

/** Throws PackingError, what zlib says of damage, and what `source` throws. */
export async function* unpacked(source: AsyncIterator<Buffer>): AsyncGenerator<Buffer, void> {
  const bytes = new Pushback(source);
  const begin = await bytes.begin(longestMagic);
  const [, problem] = others.find(([magic]) => magic.test(begin)) ?? [];
  if (problem !== undefined) throw new PackingError(problem);
  if (!packingOf(begin)) yield* plain(bytes, begin);
  else yield* parts(bytes);
}

/** A mark of UTF-8 at the beginning is no part of the first line. */
async function* plain(bytes: Pushback, begin: string): AsyncGenerator<Buffer, void> {
  const first = await bytes.next();
  if (first) yield begin.startsWith('\xef\xbb\xbf') ? first.subarray(3) : first;
  for (let chunk = await bytes.next(); chunk; chunk = await bytes.next()) yield chunk;
}

async function* parts(bytes: Pushback): AsyncGenerator<Buffer, void> {
  let isPadded = false;
  for (;;) {
    const packing = packingOf(await bytes.begin(longestMagic));
    if (!packing) break;
    yield* part(bytes, packing.unpack());
    ({ isPadded } = packing);
  }
  for (let chunk = await bytes.next(); chunk; chunk = await bytes.next())
    if (!isPadded || chunk.some((octet) => octet !== 0))
      throw new PackingError('something that is not packed follows what is packed in it');
}

async function* part(bytes: Pushback, unpacker: Unpacker): AsyncGenerator<Buffer, void> {
  const handed = new Handed();
  const feeding = feed(bytes, unpacker, handed).catch((error) => void unpacker.destroy(error));
  for await (const chunk of unpacker) yield chunk;
  await feeding;
  bytes.push(handed.untaken(unpacker));
}

/** Where its part ends the unpacker takes no more, and says nothing of it. */
async function feed(bytes: Pushback, unpacker: Unpacker, handed: Handed): Promise<void> {
  while (isOpen(unpacker)) {
    const chunk = await bytes.next();
    if (chunk) handed.add(chunk);
    if (!isOpen(unpacker)) return;
    if (!chunk) return void unpacker.end();
    if (unpacker.write(chunk)) continue;
    await drainOrClose(unpacker);
    handed.untaken(unpacker);
  }
}

/** Which of the two comes first; neither goes on being waited for. */
async function drainOrClose(unpacker: Unpacker): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  unpacker.on('drain', resolve).on('close', resolve);
  await promise;
  unpacker.off('drain', resolve).off('close', resolve);
}

function isOpen({ destroyed, readableEnded }: Unpacker): boolean {
  return !destroyed && !readableEnded;
}

/** What was handed to an unpacker and may still be its to take. */
class Handed {
  private chunks: Buffer[] = [];
  private from = 0;

  add(chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  untaken({ bytesWritten }: Unpacker): Buffer {
    const all = Buffer.concat(this.chunks).subarray(bytesWritten - this.from);
    this.chunks = [all];
    this.from = bytesWritten;
    return all;
  }
}

/** A stream of bytes whose beginning can be looked at, and put back. */
class Pushback {
  private readonly source: AsyncIterator<Buffer>;
  private held = Buffer.alloc(0);

  constructor(source: AsyncIterator<Buffer>) {
    this.source = source;
  }

  /** So many octets of what comes next, or fewer at the end, as Latin-1. */
  async begin(length: number): Promise<string> {
    // A pipe may hand over a single octet first.
    while (this.held.length < length) {
      const { value, done } = await this.source.next();
      if (done) break;
      this.held = Buffer.concat([this.held, value]);
    }
    return this.held.toString('latin1', 0, length);
  }

  /** Null at the end. */
  async next(): Promise<Buffer | null> {
    const { held } = this;
    this.held = Buffer.alloc(0);
    if (held.length > 0) return held;
    const { value, done } = await this.source.next();
    return done ? null : value;
  }

  push(chunk: Buffer): void {
    this.held = Buffer.concat([chunk, this.held]);
  }
}

function packingOf(begin: string): Packing | null {
  return packings.find(({ magic }) => magic.test(begin)) ?? null;
}
