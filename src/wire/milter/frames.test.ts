import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { bytesWanted, type FrameEvent, formatFrame, formatStrings, parseFrames } from './frames.ts';

const limit = 64;

function bytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

function show(events: readonly FrameEvent[]): string[] {
  return events.map((event) =>
    event.kind === 'fault'
      ? `fault: ${event.problem}`
      : event.command + Buffer.from(event.body).toString('latin1'),
  );
}

/** Feeds pieces the way a socket does. */
function parseInPieces(pieces: readonly Uint8Array[]): string[] {
  const seen: string[] = [];
  let rest: Uint8Array = new Uint8Array();
  for (const piece of pieces) {
    const result = parseFrames(Buffer.concat([rest, piece]), limit);
    seen.push(...show(result.events));
    rest = result.rest;
  }
  return seen;
}

const cases: readonly [name: string, input: string, events: string[], rest: number][] = [
  ['nothing', '', [], 0],
  ['half a length', '\0\0', [], 2],
  ['a length alone', '\0\0\0\x01', [], 4],
  ['a command without data', '\0\0\0\x01N', ['N'], 0],
  ['a command with data', '\0\0\0\x03Hx\0', ['Hx\0'], 0],
  ['two frames and a half', '\0\0\0\x01A\0\0\0\x01Q\0\0\0\x02B', ['A', 'Q'], 5],
  ['a length of zero', '\0\0\0\0A', ['fault: an empty frame'], 5],
  ['a length beyond the limit', '\0\0\0AB', ['fault: a frame of 65 bytes'], 5],
  [
    'a length with the highest bit set',
    '\xff\xff\xff\xff',
    ['fault: a frame of 4294967295 bytes'],
    4,
  ],
  ['a frame before a broken one', '\0\0\0\x01A\0\0\0\0', ['A', 'fault: an empty frame'], 4],
];
for (const [name, input, events, rest] of cases)
  test(`frames of ${name}`, () => {
    const result = parseFrames(bytes(input), limit);
    assert.deepEqual(show(result.events), events);
    assert.equal(result.rest.length, rest);
  });

test('a stream cut at any byte gives the same frames', () => {
  const stream = bytes('\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff\0\0\0\x01N\0\0\0\x05Babcd');
  const whole = parseInPieces([stream]);
  assert.equal(whole.length, 3);
  for (let at = 0; at <= stream.length; at++)
    assert.deepEqual(parseInPieces([stream.subarray(0, at), stream.subarray(at)]), whole);
  assert.deepEqual(parseInPieces([...stream].map((byte) => Uint8Array.of(byte))), whole);
});

test('a frame is wanted to its last byte and no further', () => {
  assert.equal(bytesWanted(bytes('')), 4);
  assert.equal(bytesWanted(bytes('\0\0\0')), 4);
  assert.equal(bytesWanted(bytes('\0\0\x01\0B')), 260);
});

test('a frame is formatted with its length and its strings with one NUL each', () => {
  assert.deepEqual(
    Buffer.from(formatFrame('2', formatStrings('<a@b>', 'NOTIFY=NEVER'))),
    Buffer.from('\0\0\0\x142<a@b>\0NOTIFY=NEVER\0'),
  );
  assert.deepEqual(Buffer.from(formatStrings('a\0b')), Buffer.from('ab\0'));
});

test('any bytes in any pieces never throw, and never give a frame above the limit', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }), (pieces) => {
      for (const event of parseFrames(Buffer.concat(pieces), limit).events)
        if (event.kind === 'frame') assert.ok(event.body.length < limit);
    }),
  );
});

test('what was formatted is parsed again', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: limit - 1 }), { maxLength: 5 }), (bodies) => {
      const { events, rest } = parseFrames(
        Buffer.concat(bodies.map((body) => formatFrame('B', body))),
        limit,
      );
      assert.equal(rest.length, 0);
      assert.deepEqual(
        events.map((event) => event.kind === 'frame' && [...event.body]),
        bodies.map((body) => [...body]),
      );
    }),
  );
});
