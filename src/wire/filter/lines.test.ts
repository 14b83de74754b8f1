import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type FilterLine, noLine, parseLines } from './lines.ts';

function read(pieces: readonly Buffer[], limit: number): FilterLine[] {
  let reading = noLine;
  return pieces.flatMap((piece) => {
    const parsed = parseLines(reading, piece, limit);
    reading = parsed.reading;
    assert.ok(reading.rest.length <= limit);
    return parsed.lines;
  });
}

test('lines come out whole, wherever the stream is cut', () => {
  const bytes = Buffer.from('config|ready\n\nfilter|a\n');
  const wanted = ['config|ready', '', 'filter|a'].map((text) => ({ text, isCut: false }));
  for (let at = 0; at <= bytes.length; at++)
    assert.deepEqual(read([bytes.subarray(0, at), bytes.subarray(at)], 20), wanted);
});

test('of a line that is too long the beginning is given out once, in any pieces', () => {
  const bytes = Buffer.from(`${'x'.repeat(50)}\nnext\n`);
  for (let at = 0; at <= bytes.length; at++)
    assert.deepEqual(read([bytes.subarray(0, at), bytes.subarray(at)], 10), [
      { text: 'x'.repeat(10), isCut: true },
      { text: 'next', isCut: false },
    ]);
});

test('any bytes in any pieces give the same lines as in one', () => {
  const piece = fc
    .uint8Array({ maxLength: 30 })
    .map((bytes) => Buffer.from(bytes.map((byte) => (byte < 60 ? 0x0a : byte))));
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      assert.deepEqual(read(pieces, 12), read([Buffer.concat(pieces)], 12));
    }),
  );
});
