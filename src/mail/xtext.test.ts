import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeXtext, encodeXtext } from './xtext.ts';

const pairs: readonly [text: string, xtext: string][] = [
  ['', ''],
  ['ann@example.org', 'ann@example.org'],
  ['a+b=c', 'a+2Bb+3Dc'],
  ['two words', 'two+20words'],
  ['line\r\nRCPT TO:<x>', 'line+0D+0ARCPT+20TO:<x>'],
  ['jürgen', 'j+C3+BCrgen'],
];
for (const [text, xtext] of pairs)
  test(`${JSON.stringify(text)} travels as ${xtext}`, () => {
    assert.equal(encodeXtext(text), xtext);
    assert.equal(decodeXtext(xtext), text);
  });

for (const bad of ['a b', '+', '+4', '+G0', 'a=b', 'a\nb', '\u0085'])
  test(`${JSON.stringify(bad)} is no xtext`, () => assert.equal(decodeXtext(bad), null));

test('lower case digits and plain UTF-8 are read as well', () => {
  assert.equal(decodeXtext('a+2bb'), 'a+b');
  assert.equal(decodeXtext('jürgen+40example.org'), 'jürgen@example.org');
});

test('any text comes back as it was, in printable ASCII between', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const xtext = encodeXtext(text);
      assert.match(xtext, /^[!-~]*$/);
      assert.equal(decodeXtext(xtext), text);
    }),
  );
});

test('no text makes the reader throw', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void decodeXtext(text)));
});
