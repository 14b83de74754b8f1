import assert from 'node:assert/strict';
import test from 'node:test';
import { readConfig } from './config-lines.ts';

const read = (text: string, more: Readonly<Record<string, string | null>> = {}) =>
  readConfig(['/e'], new Map([['/e', text], ...Object.entries(more)]));

const cases: readonly [name: string, text: string, want: readonly string[]][] = [
  ['nothing', '', []],
  ['blanks and comments are no lines', '\n  # a\n \t\n#b\\\n', []],
  ['a line goes on behind a backslash', 'a = b \\\n   c\\\n\td\n', ['a = b cd']],
  ['a comment within it is left out', 'a = b\\\n # c \\\n  d\n', ['a = bd']],
  ['an empty line ends it', 'a = b\\\n\nc\n', ['a = b', 'c']],
  ['the end of the file ends it', 'a = b\\', ['a = b']],
  ['CRLF', 'a = b\\\r\n  c\r\nd\r\n', ['a = bc', 'd']],
  ['a byte that is a part of a letter is kept', 'a = \u00c3\u00a0\n', ['a = \u00c3\u00a0']],
  ['conditions are lines', '.ifdef A\n .endif\n.ifdefs\n', ['.ifdef A', '.endif', '.ifdefs']],
];
for (const [name, text, want] of cases)
  test(name, () =>
    assert.deepEqual(
      read(text).lines.map((line) => line.text),
      want,
    ),
  );

test('places are those of the physical lines', () => {
  const text = '# a\n\nb = \\\n  c\nd';
  const found = read(text).lines.map(({ number, start, end }) => [number, text.slice(start, end)]);
  assert.deepEqual(found, [
    [3, 'b = \\\n  c\n'],
    [5, 'd'],
  ]);
});

test('an included file stands in its place; a circle, a macro and what cannot be read are told', () => {
  const more = { '/f': 'x\n.include /e\n', '/none': null };
  const found = read('a\n.include "/f"\nb\n.include FILE\n.include_if_exists /none\n', more);
  assert.deepEqual(
    found.lines.map(({ path, text }) => `${path} ${text}`),
    ['/e a', '/f x', '/e b'],
  );
  assert.deepEqual(found.unread, ['/e', 'FILE', '/none']);
  assert.deepEqual(found.missing, []);
  assert.deepEqual(read('.include /g\n').missing, ['/g']);
});

test('a condition or a file within a line breaks it', () => {
  const { lines } = read('a = b : \\\n.ifdef X\n  c : \\\n.endif\n  d\ne\n');
  assert.deepEqual(
    lines.map(({ text, isBroken }) => [text, isBroken]),
    [
      ['.ifdef X', false],
      ['.endif', false],
      ['a = b : c : d', true],
      ['e', false],
    ],
  );
});

test('files that include the next one twice come to an end, and what is too much is told', () => {
  const names = Array.from({ length: 40 }, (_, index) => `/f${index}`);
  const more = Object.fromEntries(
    names.map((name, index) => [name, `.include /f${index + 1}\n.include /f${index + 1}\n`]),
  );
  const { unread, lines } = read('.include /f0\nlast\n', { ...more, '/f40': 'x\n' });
  assert.ok(unread.length > 0);
  assert.equal(lines.at(-1)?.text, 'last');
});
