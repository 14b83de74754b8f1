import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { lowerAscii } from './lower-ascii.ts';
import { hashText } from './text-hash.ts';

test('only ASCII letters have a lower case', () => {
  assert.equal(lowerAscii('Nicholas@SEATON.Biz'), 'nicholas@seaton.biz');
  assert.equal(lowerAscii('\u212Aate@Ärger.example'), '\u212Aate@Ärger.example');
});

test('what is the same in lower case has the same hash, and is written in as many characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.integer(), (text, seed) => {
      assert.equal(hashText(text, seed), hashText(lowerAscii(text), seed));
      assert.equal(lowerAscii(text).length, text.length);
    }),
  );
});
