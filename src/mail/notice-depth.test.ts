import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { NoticeDepth, reportBoundary } from './notice-depth.ts';

const types: readonly [contentType: string, boundary: string | null][] = [
  ['multipart/report; report-type=delivery-status; boundary="a b"', 'a b'],
  ['MULTIPART/Report;\tboundary=x;report-type="delivery-status"', 'x'],
  ['multipart/report; boundary=x', 'x'],
  ['multipart/report; report-type=disposition-notification; boundary=x', null],
  ['multipart/report; report-type=delivery-status', null],
  ['multipart/mixed; boundary=x', null],
  ['', null],
];
for (const [contentType, boundary] of types)
  test(`${JSON.stringify(contentType)}: ${boundary ?? 'no notice'}`, () =>
    assert.equal(reportBoundary(contentType), boundary));

const nested = (levels: number, name = 'a'): string =>
  levels === 0
    ? 'Subject: a letter\r\n\r\nhi\r\n'
    : `Content-Type: multipart/report;\r\n\tboundary=${name}\r\n\r\n--${name}\r\n\r\nSorry\r\n` +
      `--${name}\r\ncontent-type : message/rfc822\r\n\r\n${nested(levels - 1, `${name}a`)}--${name}--\r\n`;

function depthOf(message: string, pieces: (text: string) => string[]): number {
  const depth = new NoticeDepth('a');
  for (const piece of pieces(message.slice(message.indexOf('\r\n\r\n') + 2)))
    depth.add(Buffer.from(piece));
  return depth.depth;
}

test('levels are counted, up to three, however the body is cut', () => {
  for (const [levels, want] of [
    [1, 1],
    [2, 2],
    [3, 3],
    [9, 3],
  ] as const) {
    assert.equal(
      depthOf(nested(levels), (text) => [text]),
      want,
    );
    assert.equal(
      depthOf(nested(levels), (text) => [...text]),
      want,
    );
  }
});

test('what stands far below is not looked at', () => {
  const far = `--a\r\n\r\n${'x\r\n'.repeat(30_000)}${nested(3)}`;
  assert.equal(
    depthOf(`\r\n\r\n${far}`, (text) => [text]),
    1,
  );
});

test('any body is taken, and never makes more than three levels', () => {
  const unit = fc.constantFrom(
    '--a',
    '\r\n',
    '\n',
    ' ',
    'Content-Type:',
    'message/rfc822',
    'multipart/report;boundary=a',
    '\xff',
  );
  fc.assert(
    fc.property(fc.array(fc.string({ unit })), (pieces) => {
      const depth = new NoticeDepth('a');
      for (const piece of pieces) depth.add(Buffer.from(piece, 'latin1'));
      assert.ok(depth.depth <= 3);
    }),
  );
});
