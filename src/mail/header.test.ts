import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { splitHeader } from './header.ts';
import { HeaderGatherer } from './header-gatherer.ts';
import { readHeader, withoutFields } from './header-reading.ts';

function names(block: string): string[] | null {
  const bytes = Buffer.from(block, 'latin1');
  return (
    splitHeader(bytes)?.map(
      ({ start, nameLength, valueStart, end }) =>
        `${block.slice(start, start + nameLength)}|${block.slice(valueStart, end)}`,
    ) ?? null
  );
}

const blocks: readonly [block: string, want: readonly string[] | null][] = [
  ['', []],
  ['A: b\r\n', ['A| b\r\n']],
  ['A: b\r\n\tc\r\n d\r\nE:f\r\n', ['A| b\r\n\tc\r\n d\r\n', 'E|f\r\n']],
  ['A \t: b\r\n', ['A| b\r\n']],
  ['no field\r\nA: b\r\n', ['|no field\r\n', 'A| b\r\n']],
  [' begins with a blank\r\n', ['| begins with a blank\r\n']],
  [': no name\r\n', ['|: no name\r\n']],
  ['A: b\nC: d\r\n', null],
  ['A: b\r\r\n', null],
  ['A: \rb\r\n', null],
  ['A: \0\r\n', null],
  ['A: b', null],
];
for (const [block, want] of blocks)
  test(`fields of ${JSON.stringify(block)}`, () => assert.deepEqual(names(block), want));

test('the fields of any block cover it without a gap', () => {
  const unit = fc.constantFrom('a', ':', ' ', '\t', '\r\n', '\xff', '(', '\n', '\r');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 40 }), (text) => {
      const block = Buffer.from(`${text}\r\n`, 'latin1');
      const fields = splitHeader(block);
      if (fields === null) return;
      let at = 0;
      for (const { start, end } of fields) {
        assert.equal(start, at);
        at = end;
      }
      assert.equal(at, block.length);
    }),
  );
});

const messages: readonly [message: string, header: string][] = [
  ['A: b\r\n\r\nbody', 'A: b\r\n'],
  ['\r\nbody', ''],
  ['A: b\r\n', 'A: b\r\n'],
  ['A: b\r\n\r\n\r\n\r\n', 'A: b\r\n'],
];
for (const [message, header] of messages)
  test(`the header of ${JSON.stringify(message)} is found at every cut, and byte by byte`, () => {
    for (let cut = 0; cut <= message.length; cut++)
      assert.deepEqual(gather([message.slice(0, cut), message.slice(cut)]), [header, message]);
    assert.deepEqual(gather([...message]), [header, message]);
  });

function gather(
  pieces: readonly string[],
  limit = 100,
): [header: string, all: string] | 'tooLarge' {
  const gatherer = new HeaderGatherer(limit);
  let left = pieces.length;
  for (const piece of pieces) {
    left--;
    const found = gatherer.add(Buffer.from(piece));
    if (found === 'tooLarge') return found;
    if (found === 'more') continue;
    const { header, rest } = found;
    return [
      header.toString(),
      header.toString() + rest.toString() + pieces.slice(pieces.length - left).join(''),
    ];
  }
  const found = gatherer.end();
  if (typeof found === 'string') return 'tooLarge';
  return [found.header.toString(), found.header.toString() + found.rest.toString()];
}

test('a header has a limit, and a body has none', () => {
  const field = `A: ${'x'.repeat(95)}\r\n`;
  assert.deepEqual(gather([`${field}\r\n${'x'.repeat(500)}`]), [
    field,
    `${field}\r\n${'x'.repeat(500)}`,
  ]);
  assert.equal(gather([`B${field}\r\n`]), 'tooLarge');
  assert.equal(gather(['x'.repeat(103)]), 'tooLarge');
});

test('a header that comes byte by byte costs no more than its length', () => {
  const gatherer = new HeaderGatherer(300_000);
  const byte = Buffer.from('x');
  const since = performance.now();
  for (let i = 0; i < 262_144; i++) gatherer.add(byte);
  assert.ok(performance.now() - since < 2000);
});

const context = {
  authservId: 'mx.example.org',
  isOwnName: (name: string) => name === 'mx.example.org',
  isRecipient: () => false,
  trusted: false,
};

test('what the header tells', () => {
  const block = [
    'Message-Id:\r\n <1@a.example>',
    'DATE: Tue, 5 Sep 2006 03:12:00 +0000',
    'Date: another',
    'Content-Type: multipart/report;\r\n\tboundary=x',
    'Received: from a by mx.example.org; Tue',
    'Received: from a by b; Tue',
    'Spillway-Hop: one',
    'spillway-hop: two',
    '',
  ].join('\r\n');
  const reading = readHeader(Buffer.from(block), context);
  assert.equal(reading?.messageId, '<1@a.example>');
  assert.equal(reading.date, 'Tue, 5 Sep 2006 03:12:00 +0000');
  assert.equal(reading.contentType, 'multipart/report;\tboundary=x');
  assert.deepEqual(reading.stamps, ['one', 'two']);
  assert.equal(reading.hops.received, 2);
  assert.equal(reading.hops.ownReceived, 1);
});

const results: readonly [value: string, isRemoved: boolean][] = [
  ['mx.example.org; spf=pass', true],
  ['MX.Example.ORG. 1; spf=pass', true],
  ['(c) "mx.example.org"; spf=pass', true],
  ['(un(nest\\)ed)) mx.example.org', true],
  ['"mx.exa\\mple.org"; none', true],
  ['\r\n\tmx.example.org\r\n ; none', true],
  ['mx.example.org.evil; spf=pass', false],
  ['other.example; x=mx.example.org', false],
  ['(mx.example.org) other.example; none', false],
  ['', false],
];
for (const [value, isRemoved] of results)
  test(`Authentication-Results: ${JSON.stringify(value)} ${isRemoved ? 'goes' : 'stays'}`, () => {
    const block = Buffer.from(`A: b\r\nAuthentication-Results:${value}\r\nC: d\r\n`);
    const reading = readHeader(block, context);
    assert.ok(reading);
    const left = Buffer.concat(withoutFields(block, reading.removed)).toString();
    assert.equal(left, isRemoved ? 'A: b\r\nC: d\r\n' : block.toString());
  });
