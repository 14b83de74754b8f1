import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { quote, unquote } from './quoting.ts';
import { formatRequest, parseLines, parseRequest } from './requests.ts';

const limit = 100;

function read(pieces: readonly Buffer[]): string[] {
  const seen: string[] = [];
  let rest: Buffer = Buffer.alloc(0);
  for (const piece of pieces) {
    const parsed = parseLines(Buffer.concat([rest, piece]), limit);
    for (const event of parsed.events)
      seen.push(event.kind === 'string' ? event.data.toString('latin1') : event.problem);
    rest = parsed.rest;
  }
  return seen;
}

const requests: readonly [line: string, wanted: string | null][] = [
  ['get ann@a.example', 'ann@a.example'],
  ['GET ann@a.example', 'ann@a.example'],
  ['get ann@a.example\r', 'ann@a.example'],
  ['get %22a%20b%22@a.example', '"a b"@a.example'],
  ['get 100%25@a.example', '100%@a.example'],
  ['get %0a', '\n'],
  ['get *', '*'],
  ['get', null],
  ['get ', null],
  ['get two words', null],
  ['put a b', null],
  ['get a%', null],
  ['get a%4', null],
  ['get a%zz', null],
  ['', null],
];
for (const [line, wanted] of requests)
  test(`${JSON.stringify(line)}`, () => {
    const parsed = parseRequest(line);
    assert.equal(parsed.kind === 'get' ? parsed.key : null, wanted);
  });

test('cut at every byte, the same lines come out', () => {
  const wanted = ['get a', '', 'get %41', '\u00ff\r'];
  const stream = Buffer.from(wanted.map((line) => `${line}\n`).join(''), 'latin1');
  for (let cut = 0; cut <= stream.length; cut++)
    assert.deepEqual(
      read([stream.subarray(0, cut), stream.subarray(cut)]),
      wanted,
      `cut at ${cut}`,
    );
  assert.deepEqual(read([...stream].map((byte) => Buffer.of(byte))), wanted);
});

test('a line without end is a fault, and what came before it is given', () => {
  const long = 'x'.repeat(limit);
  assert.deepEqual(read([Buffer.from(`a\n${long}\n`)]), ['a', long]);
  for (const tail of ['x', 'x\n'])
    assert.deepEqual(read([Buffer.from(`a\n${long}${tail}`)]), [
      'a',
      `a line of more than ${limit} bytes`,
    ]);
});

/** Any bytes, one character for each. */
const bytes = fc.uint8Array().map((array) => Buffer.from(array).toString('latin1'));

test('any text comes back from its quoted form, which has no blank and no line end', () => {
  fc.assert(
    fc.property(bytes, (text) => {
      assert.match(quote(text), /^[!-~]*$/);
      assert.equal(unquote(quote(text)), text);
    }),
  );
});

test('any keys survive any split', () => {
  fc.assert(
    fc.property(
      fc.array(bytes.filter((key) => key !== '' && quote(key).length < limit - 4)),
      fc.array(fc.nat(200)),
      (keys, cuts) => {
        const stream = Buffer.from(keys.map(formatRequest).join(''), 'latin1');
        const inside = cuts.filter((cut) => cut < stream.length).toSorted((a, b) => a - b);
        const edges = [0, ...inside, stream.length];
        const lines = read(edges.slice(1).map((edge, i) => stream.subarray(edges[i], edge)));
        assert.deepEqual(
          lines.map(parseRequest),
          keys.map((key) => ({ kind: 'get', key })),
        );
      },
    ),
  );
});

test('any bytes are answered without an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (array) => {
      for (const line of read([Buffer.from(array)])) parseRequest(line);
    }),
  );
});
