import assert from 'node:assert/strict';
import test from 'node:test';
import { createReader, type Reader, type ReaderEvent } from './reader.ts';
import type { ContentToRead } from './session.ts';

const limit = 1000;
const bytes = (text: string) => Buffer.from(text, 'latin1');

/** Everything that can be read, in words: `line`, `content: ...`, `ended`, `fault nul`. */
function drain(reader: Reader, what: ContentToRead | null = null): string[] {
  const found: string[] = [];
  let content = '';
  if (what) reader.read(what);
  for (let event = reader.next(); event !== null; event = reader.next()) {
    if (event.kind === 'content') content += event.piece.toString('latin1');
    else found.push(...words(event, content));
    if (event.kind === 'fault' && event.fault !== 'nul') break;
  }
  return found;
}

function words(event: Exclude<ReaderEvent, { kind: 'content' }>, content: string): string[] {
  if (event.kind === 'line') return [event.line.toString('latin1') + (event.more ? ' ...' : '')];
  if (event.kind === 'fault') return [`fault ${event.fault}`];
  return event.fault ? [`refused: ${event.fault}`] : [`content: ${JSON.stringify(content)}`];
}

/** The same bytes whole, cut in two at every place, and one by one; `more` differs, and is left out. */
function inAllWays(stream: string, what: ContentToRead | null): string[] {
  const plain = (texts: string[]) => texts.map((text) => text.replace(/ \.\.\.$/, ''));
  const read = (pieces: readonly Buffer[]): string[] => {
    const reader = createReader(limit);
    let content = '';
    const found: string[] = [];
    if (what) reader.read(what);
    for (const piece of pieces) {
      reader.push(piece);
      for (let event = reader.next(); event !== null; event = reader.next()) {
        if (event.kind === 'content') content += event.piece.toString('latin1');
        else found.push(...words(event, content));
        if (event.kind === 'fault' && event.fault !== 'nul') return found;
      }
    }
    return found;
  };
  const whole = bytes(stream);
  const want = plain(read([whole]));
  for (let i = 0; i <= whole.length; i++)
    assert.deepEqual(plain(read([whole.subarray(0, i), whole.subarray(i)])), want, `cut at ${i}`);
  assert.deepEqual(plain(read(Array.from(whole, (_, i) => whole.subarray(i, i + 1)))), want);
  return want;
}

const lines: readonly [name: string, stream: string, want: readonly string[]][] = [
  ['lines end with CRLF', 'EHLO x\r\n\r\nNOOP\r\n', ['EHLO x', '', 'NOOP']],
  ['a line that is not ended is none', 'QUIT', []],
  ['a line that is not ended is none, even with CR', 'QUIT\r', []],
  ['a bare LF ends the conversation', 'EHLO x\nMAIL\r\n', ['fault bareLf']],
  ['a bare LF at the start', '\nMAIL\r\n', ['fault bareLf']],
  ['a bare CR within a line', 'EHLO x\rMAIL\r\n', ['fault bareCr']],
  ['two CR before LF', 'EHLO x\r\r\n', ['fault bareCr']],
  ['a NUL spoils its line only', 'EH\0LO x\r\nNOOP\r\n', ['fault nul', 'NOOP']],
  ['8-bit bytes pass as they are', 'VRFY \xff\x80\r\n', ['VRFY \xff\x80']],
];
for (const [name, stream, want] of lines)
  test(`${name}, however it is cut`, () => assert.deepEqual(inAllWays(stream, null), want));

test('a line says whether more follows already', () => {
  const reader = createReader(limit);
  reader.push(bytes('MAIL\r\nRCPT\r\nDA'));
  assert.deepEqual(drain(reader), ['MAIL ...', 'RCPT ...']);
  reader.push(bytes('TA\r\n'));
  assert.deepEqual(drain(reader), ['DATA']);
});

test('a line may have 12,288 octets and no more, finished or not', () => {
  const longest = 'x'.repeat(12_288);
  const reader = createReader(limit);
  reader.push(bytes(`${longest}\r\n`));
  assert.deepEqual(drain(reader), [longest]);
  reader.push(bytes(`${longest}x\r\n`));
  assert.deepEqual(drain(reader), ['fault tooLong']);
  const drip = createReader(limit);
  for (let i = 0; i < 12_290; i++) drip.push(bytes('x'));
  assert.equal(drip.next(), null);
  drip.push(bytes('x'));
  assert.deepEqual(drip.next(), { kind: 'fault', fault: 'tooLong' });
});

const contents: readonly [name: string, stream: string, want: readonly string[]][] = [
  ['nothing at all', '.\r\nQUIT\r\n', ['content: ""', 'QUIT']],
  ['one line', 'a\r\n.\r\nQUIT\r\n', ['content: "a\\r\\n"', 'QUIT']],
  ['an empty line', '\r\n.\r\n', ['content: "\\r\\n"']],
  [
    'doubled dots',
    '..\r\n..a\r\n...\r\na.\r\n.\r\n',
    ['content: ".\\r\\n.a\\r\\n..\\r\\na.\\r\\n"'],
  ],
  ['a dot that is not doubled', '.a\r\n.\r\n', ['content: "a\\r\\n"']],
  ['8-bit bytes and tabs', '\xff\t\x01\r\n.\r\n', ['content: "\xff\\t\\u0001\\r\\n"']],
  ['no end', 'a\r\n.\r', []],
  ['LF . LF is no end', 'a\n.\nMAIL\r\n.\r\nQUIT\r\n', ['refused: bareLf', 'QUIT']],
  ['LF . CRLF is no end', 'a\n.\r\nMAIL\r\n.\r\nQUIT\r\n', ['refused: bareLf', 'QUIT']],
  ['CRLF . LF is no end', 'a\r\n.\nMAIL\r\n.\r\nQUIT\r\n', ['refused: bareLf', 'QUIT']],
  ['CR . CR is no end', 'a\r.\rMAIL\r\n.\r\nQUIT\r\n', ['refused: bareCr', 'QUIT']],
  ['CR . CRLF is no end', 'a\r.\r\nMAIL\r\n.\r\nQUIT\r\n', ['refused: bareCr', 'QUIT']],
  ['CRLF . CR is no end', 'a\r\n.\rMAIL\r\n.\r\nQUIT\r\n', ['refused: bareCr', 'QUIT']],
  ['CRLF . CR CRLF is no end', 'a\r\n.\r\r\n.\r\nQUIT\r\n', ['refused: bareCr', 'QUIT']],
  [
    'CR CRLF . CRLF is the end of something bad',
    'a\r\r\n.\r\nQUIT\r\n',
    ['refused: bareCr', 'QUIT'],
  ],
  ['CRLF NUL . CRLF is no end', 'a\r\n\0.\r\nMAIL\r\n.\r\nQUIT\r\n', ['refused: nul', 'QUIT']],
  ['CRLF . NUL CRLF is no end', 'a\r\n.\0\r\n.\r\nQUIT\r\n', ['refused: nul', 'QUIT']],
  ['the first fault is the one that is told', '\0\n\r.\r\n.\r\n', ['refused: nul']],
  ['as large as may be', `${'x'.repeat(998)}\r\n.\r\n`, [`content: "${'x'.repeat(998)}\\r\\n"`]],
  ['an octet too much', `${'x'.repeat(999)}\r\n.\r\nQUIT\r\n`, ['refused: tooLarge', 'QUIT']],
];
for (const [name, stream, want] of contents)
  test(`content: ${name}, however it is cut`, () =>
    assert.deepEqual(inAllWays(stream, 'content'), want));

const chunk = { octets: 4, first: true, last: true, binary: false, discard: false };
const chunks: readonly [
  name: string,
  what: typeof chunk,
  stream: string,
  want: readonly string[],
][] = [
  ['counted, not scanned for a dot', chunk, '.\r\n.QUIT\r\n', ['content: ".\\r\\n."', 'QUIT']],
  ['of no octets', { ...chunk, octets: 0 }, 'QUIT\r\n', ['content: ""', 'QUIT']],
  ['with a bare LF', chunk, 'a\nbcQUIT\r\n', ['refused: bareLf', 'QUIT']],
  ['with a bare CR', chunk, 'a\rbcQUIT\r\n', ['refused: bareCr', 'QUIT']],
  ['with a bare CR at its end', chunk, 'abc\rQUIT\r\n', ['refused: bareCr', 'QUIT']],
  ['with a NUL', chunk, 'a\0bcQUIT\r\n', ['refused: nul', 'QUIT']],
  [
    'of any octets',
    { ...chunk, binary: true },
    '\0\n\r\nQUIT\r\n',
    ['content: "\\u0000\\n\\r\\n"', 'QUIT'],
  ],
  ['that nobody wants', { ...chunk, discard: true }, '\0\n\r\nQUIT\r\n', ['content: ""', 'QUIT']],
];
for (const [name, what, stream, want] of chunks)
  test(`a chunk ${name}, however it is cut`, () => assert.deepEqual(inAllWays(stream, what), want));

test('a CRLF may be cut by the end of a chunk, and a fault stays', () => {
  const reader = createReader(limit);
  reader.push(bytes('abc\r'));
  assert.deepEqual(drain(reader, { ...chunk, last: false }), ['content: "abc\\r"']);
  reader.push(bytes('\nde\n'));
  assert.deepEqual(drain(reader, { ...chunk, first: false, last: false }), ['refused: bareLf']);
  reader.push(bytes('good'));
  assert.deepEqual(drain(reader, { ...chunk, first: false }), ['refused: bareLf']);
  reader.push(bytes('good'));
  assert.deepEqual(drain(reader, chunk), ['content: "good"']);
});

test('all chunks of a message together may not be too large', () => {
  const reader = createReader(limit);
  for (const first of [true, false]) {
    reader.push(bytes('x'.repeat(600)));
    const want = first ? `content: "${'x'.repeat(600)}"` : 'refused: tooLarge';
    assert.deepEqual(drain(reader, { ...chunk, octets: 600, first, last: !first }), [want]);
  }
});

test('pieces share memory with what was pushed', () => {
  const reader = createReader(limit);
  const pushed = bytes('one\r\ntwo\r\n.\r\n');
  reader.read('content');
  reader.push(pushed);
  const event = reader.next();
  assert.ok(event?.kind === 'content');
  assert.equal(event.piece.buffer, pushed.buffer);
  assert.equal(event.piece.toString(), 'one\r\ntwo\r\n');
});

test('what was pushed and not read can be forgotten', () => {
  const reader = createReader(limit);
  reader.push(bytes('STARTTLS\r\nMAIL\r\nRC'));
  reader.next();
  assert.equal(reader.unread, 8);
  reader.discard();
  assert.equal(reader.unread, 0);
  reader.push(bytes('EHLO x\r\n'));
  assert.deepEqual(drain(reader), ['EHLO x']);
});
