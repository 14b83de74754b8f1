import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { unpacked } from './unpack.ts';

async function unpack(bytes: Buffer, size: number): Promise<string> {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of unpacked(pieces())) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const texts = ['first\n'.repeat(20), '', 'second\n'.repeat(3000), 'third'];
const whole = texts.join('');
/** RFC 8878 §3.1.2: a frame to be skipped, with four octets; parallel packers write them. */
const skipped = Buffer.from('5a2a4d180400000061626364', 'hex');

const packed: readonly [name: string, bytes: Buffer][] = [
  ['plain', Buffer.from(whole)],
  ['plain, with a mark of UTF-8', Buffer.from(`\ufeff${whole}`)],
  ['members of gzip', Buffer.concat(texts.map((text) => gzipSync(text)))],
  ['frames of zstd', Buffer.concat(texts.map((text) => zstdCompressSync(text)))],
  [
    'frames of zstd between ones to be skipped',
    Buffer.concat([skipped, ...texts.flatMap((text) => [zstdCompressSync(text), skipped])]),
  ],
  ['gzip with zeros behind it', Buffer.concat([gzipSync(whole), Buffer.alloc(600)])],
];
for (const [name, bytes] of packed)
  test(`${name}: all of it, wherever it is cut`, async () => {
    for (let size = 1; size < 90; size += 1 + (size >> 3))
      assert.equal(await unpack(bytes, size), whole, `${size} octets at once`);
    // One cut, at each octet in turn.
    for (let size = 1; size <= bytes.length; size += 1 + (bytes.length >> 9))
      assert.equal(await unpack(bytes, size), whole, `${size} octets at once`);
  });

test('however often a packed log makes its reader wait, nothing is left of the waiting', async () => {
  const warnings: string[] = [];
  const hear = ({ name }: Error) => warnings.push(name);
  process.on('warning', hear);
  // That is packed to half of it.
  const large = Buffer.from(randomBytes(2_000_000).toString('hex'));
  for (const pack of [gzipSync, zstdCompressSync])
    assert.equal((await unpack(pack(large), 65_536)).length, large.length);
  process.off('warning', hear);
  assert.deepEqual(warnings, []);
});

test('nothing is nothing', async () => assert.equal(await unpack(Buffer.alloc(0), 1), ''));

test('what is cut short, or followed by something else, is no whole log', async () => {
  for (const pack of [gzipSync, zstdCompressSync]) {
    const bytes = pack(whole);
    await assert.rejects(unpack(bytes.subarray(0, -3), 50));
    await assert.rejects(unpack(Buffer.concat([bytes, bytes.subarray(0, 9)]), 50));
    await assert.rejects(unpack(Buffer.concat([bytes, Buffer.from('Sep  5 03:12:01 mx ')]), 50));
  }
});

const foreign: readonly [begin: Buffer, how: RegExp][] = [
  [Buffer.from('BZh91AY&SY'), /bzip2.*bzcat/],
  [Buffer.from('fd377a585a0000', 'hex'), /xz.*xzcat/],
  [Buffer.from('PK\u0003\u0004rest'), /zip archive/],
  [Buffer.from('LPKSHHRH1234'), /journalctl -o export --file/],
  [Buffer.from('\ufeffSep  5', 'utf16le'), /UTF-16/],
];
for (const [begin, how] of foreign)
  test(`what is not read here is named, and how to give it: ${how.source}`, () =>
    assert.rejects(unpack(begin, 3), how));
