import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createMapLineReader, type MapLine, type MapLineStyle } from './map-lines.ts';
import { parsePasswd } from './passwd.ts';
import { parseRecipient, parseVirtualAlias } from './postfix/lookup-table.ts';
import { parseAlias } from './sendmail/aliases.ts';
import { parseVirtualUser } from './sendmail/virtusertable.ts';

function read(pieces: readonly Uint8Array[], style: MapLineStyle): MapLine[] | string {
  const reader = createMapLineReader(style);
  const lines: MapLine[] = [];
  for (const take of [...pieces.map((piece) => () => reader.write(piece)), () => reader.end()]) {
    const read = take();
    if ('problem' in read) return read.problem;
    lines.push(...read);
  }
  return lines;
}

const both = { continues: true, comments: true };
const cases: readonly [name: string, text: string, style: MapLineStyle, want: unknown][] = [
  ['nothing', '', both, []],
  ['a line without an end', 'a: b', both, [{ number: 1, text: 'a: b' }]],
  [
    'comments, empty lines and continuations',
    '# x\n\na: b,\r\n  c\n # y\n\td\n \nb: ü\n',
    both,
    [
      { number: 3, text: 'a: b,  c\td' },
      { number: 8, text: 'b: ü' },
    ],
  ],
  [
    'lines that continue nothing',
    'a\n b\n#c',
    { continues: false, comments: false },
    [
      { number: 1, text: 'a' },
      { number: 2, text: ' b' },
      { number: 3, text: '#c' },
    ],
  ],
  ['a database', 'a\nb\0', both, 'line 1: this is no text'],
  ['a line without end', 'x'.repeat(1_048_577), both, 'line 1: more than 1048576 octets'],
  [
    'a line that is continued without end',
    `x\ny\n${` ${'x'.repeat(999)}\n`.repeat(1049)}`,
    both,
    'line 2: more than 1048576 octets',
  ],
];
for (const [name, text, style, want] of cases)
  test(`a map of ${name}`, () => assert.deepEqual(read([Buffer.from(text)], style), want));

test('the same lines come out, wherever the map is cut', () => {
  const bytes = Buffer.from('# x\na: b,\r\n  ü\n\n\tc\nd: e\n f');
  const want = read([bytes], both);
  for (let at = 0; at <= bytes.length; at++)
    assert.deepEqual(read([bytes.subarray(0, at), bytes.subarray(at)], both), want);
});

test('no line breaks a parser', () => {
  const parts = fc.oneof(
    fc.constantFrom(
      'ann',
      '"',
      '\\',
      ':',
      ',',
      '@',
      '|',
      '/',
      ':include:',
      'error:',
      ' ',
      '\t',
      '%1',
      'ü',
    ),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 30 }), (words) => {
      const line = words.join('');
      for (const parse of [
        parseAlias,
        parseVirtualUser,
        parseVirtualAlias,
        parseRecipient,
        parsePasswd,
      ]) {
        const entry = parse(line);
        if (entry && 'value' in entry && entry.value.kind === 'alias')
          assert.ok(entry.value.targets.length > 0 && entry.value.targets.every(Boolean));
      }
    }),
    { examples: [[['error:', '\\']]] },
  );
});

test('a long hostile line costs no more than its length', () => {
  const started = performance.now();
  for (const text of ['"', '\\', '"\\', 'a"', '"a" ', ',', ' ', '\t:', '":'])
    for (const parse of [
      parseAlias,
      parseVirtualUser,
      parseVirtualAlias,
      parseRecipient,
      parsePasswd,
    ])
      parse(text.repeat(200_000));
  assert.ok(performance.now() - started < 4000);
});
