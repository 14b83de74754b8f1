import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatNetstring, type NetstringEvent, parseNetstrings } from './netstrings.ts';

const limit = 1000;

function read(pieces: readonly Buffer[]): string[] {
  const seen: NetstringEvent[] = [];
  let rest: Buffer = Buffer.alloc(0);
  for (const piece of pieces) {
    const parsed = parseNetstrings(Buffer.concat([rest, piece]), limit);
    seen.push(...parsed.events);
    rest = parsed.rest;
  }
  return seen.map((event) =>
    event.kind === 'string' ? event.data.toString('latin1') : `fault: ${event.problem}`,
  );
}

test('cut at every byte, the same strings come out', () => {
  const wanted = ['guard compat a', '', 'x,y:1', '\u00ff\u0000'];
  const stream = Buffer.from(wanted.map(formatNetstring).join(''), 'latin1');
  for (let cut = 0; cut <= stream.length; cut++)
    assert.deepEqual(
      read([stream.subarray(0, cut), stream.subarray(cut)]),
      wanted,
      `cut at ${cut}`,
    );
  assert.deepEqual(read([...stream].map((byte) => Buffer.of(byte))), wanted);
});

const faults: readonly [bytes: string, want: RegExp][] = [
  ['abc', /starts with its length/],
  ['-1:a,', /starts with its length/],
  ['01:a,', /starts with its length/],
  [':a,', /no length/],
  ['1001:', /1001 bytes; at most 1000/],
  ['99999999999999999999', /starts with its length/],
  ['1:ab', /comma/],
];
for (const [bytes, want] of faults)
  test(`${JSON.stringify(bytes)} is a fault`, () => {
    assert.match(read([Buffer.from(bytes)]).join(), want);
  });

test('strings before a fault are still given', () => {
  assert.equal(read([Buffer.from('1:a,1:b,oops')]).length, 3);
});

test('any strings survive any split', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.array(fc.nat(200)),
      (strings, cuts) => {
        const texts = strings.map((bytes) => Buffer.from(bytes).toString('latin1'));
        const stream = Buffer.from(texts.map(formatNetstring).join(''), 'latin1');
        const edges = [
          0,
          ...cuts.filter((cut) => cut < stream.length).toSorted((a, b) => a - b),
          stream.length,
        ];
        assert.deepEqual(
          read(edges.slice(1).map((edge, i) => stream.subarray(edges[i], edge))),
          texts,
        );
      },
    ),
  );
});

test('any bytes end without an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => void parseNetstrings(Buffer.from(bytes), limit)),
  );
});
