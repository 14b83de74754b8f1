import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createDotStuffer } from './client-content.ts';

function stuff(...pieces: readonly string[]): string {
  const stuffer = createDotStuffer();
  const out = pieces.map((piece) =>
    Buffer.from(stuffer.push(Buffer.from(piece, 'latin1'))).toString('latin1'),
  );
  return out.join('') + Buffer.from(stuffer.end()).toString('latin1');
}

const cases: readonly [name: string, content: string, want: string][] = [
  ['plain lines pass as they are', 'a\r\nb\r\n', 'a\r\nb\r\n.\r\n'],
  ['a dot at the start of a line is doubled', 'a\r\n.b\r\n', 'a\r\n..b\r\n.\r\n'],
  ['the very first dot too', '.\r\n', '..\r\n.\r\n'],
  ['a dot within a line is left alone', 'a.b\r\n', 'a.b\r\n.\r\n'],
  ['a last line without end gets one', 'a', 'a\r\n.\r\n'],
  ['a last line that is a CR gets one', 'a\r', 'a\r\n.\r\n'],
  ['nothing is only the final dot', '', '.\r\n'],
  ['a bare LF becomes a line end', 'a\nb\r\n', 'a\r\nb\r\n.\r\n'],
  ['a bare CR becomes a line end', 'a\rb\r\n', 'a\r\nb\r\n.\r\n'],
  ['two CR are two ends', 'a\r\r\nb', 'a\r\n\r\nb\r\n.\r\n'],
  ['no end of content can be smuggled by LF', 'a\n.\nMAIL', 'a\r\n..\r\nMAIL\r\n.\r\n'],
  ['nor by CR', 'a\r.\rMAIL', 'a\r\n..\r\nMAIL\r\n.\r\n'],
  ['nor by a mix', 'a\r\n.\nMAIL\n.\r\n', 'a\r\n..\r\nMAIL\r\n..\r\n.\r\n'],
  ['any bytes pass', '\0\xff\x80\r\n', '\0\xff\x80\r\n.\r\n'],
];
for (const [name, content, want] of cases)
  test(name, () => {
    assert.equal(stuff(content), want);
    assert.equal(stuff(...content), want, 'byte by byte');
    for (let at = 0; at <= content.length; at++)
      assert.equal(stuff(content.slice(0, at), content.slice(at)), want, `cut at ${at}`);
  });

test('a piece that needs nothing is not copied', () => {
  const piece = Buffer.from('Subject: x\r\n\r\nbody\r\n');
  assert.equal(createDotStuffer().push(piece), piece);
});

test('whatever comes in, lines end by CRLF, and only the last one is a dot', () => {
  const part = fc.constantFrom('\r', '\n', '\r\n', '.', '..', 'a', '\0', '\xff', '');
  fc.assert(
    fc.property(fc.array(fc.array(part, { maxLength: 8 }), { maxLength: 8 }), (pieces) => {
      const sent = stuff(...pieces.map((piece) => piece.join('')));
      assert.ok(sent.endsWith('.\r\n'));
      const lines = sent.slice(0, -2).split('\r\n');
      assert.ok(lines.every((line) => !/[\r\n]/.test(line)));
      assert.equal(lines.pop(), '.');
      assert.ok(lines.every((line) => line !== '.'));
      const back = lines.map((line) => `${line.replace(/^\./, '')}\r\n`).join('');
      const content = pieces.flat().join('');
      const whole = content.replace(/\r\n|\r|\n/g, '\r\n');
      assert.equal(back, whole === '' || whole.endsWith('\r\n') ? whole : `${whole}\r\n`);
    }),
  );
});
