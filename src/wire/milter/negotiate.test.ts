import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatTerms, isSilent, negotiate, negotiatePlainly } from './negotiate.ts';

const everything = 0x1ff;
const cases: readonly [
  name: string,
  offer: [version: number, actions: number, protocol: number],
  terms: [version: number, actions: number, protocol: number] | null,
][] = [
  // body, end of headers, data and unknown are not sent; connection, HELO and header get no answer
  ['sendmail 8.17 offers all', [6, 0x1ff, 0x1fffff], [6, 0x128, 0x33d0]],
  ['Postfix 3.7', [6, 0x1ff, 0x1fffff], [6, 0x128, 0x33d0]],
  ['version 4', [4, 0x3f, 0x3ff], [4, 0x28, 0x3d0]],
  ['version 3', [3, 0x3f, 0x1ff], [3, 0x28, 0x1d0]],
  ['version 2', [2, 0x3f, 0x7f], [2, 0x28, 0x50]],
  ['version 5', [5, 0x1f, 0x7f], [5, 0x08, 0x50]],
  ['no step can be left out, but all unanswered', [6, 0, 0xff080], [6, 0x08, 0xb3080]],
  ['a version of the future', [9, 0x1ff, 0xffffffff], [6, 0x128, 0x33d0]],
  ['zero words mean version 1', [2, 0, 0], [2, 0x08, 0x10]],
  ['version 1 is too old', [1, 0x3f, 0x7f], null],
  ['version 0 is none', [0, 0, 0], null],
];
for (const [name, [version, actions, protocol], terms] of cases)
  test(`negotiation: ${name}`, () => {
    const got = negotiate({ version, actions, protocol });
    assert.deepEqual(got && [got.version, got.actions, got.protocol], terms);
  });

test('nothing is taken that was not offered', () => {
  const word = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 10 }), word, word, (version, actions, protocol) => {
      const terms = negotiate({ version, actions, protocol });
      assert.ok(terms);
      assert.ok(terms.version <= version && terms.version <= 6);
      assert.equal(terms.actions & ~(actions || 0x0f), 0);
      assert.equal(terms.protocol & ~(protocol || 0x3f), 0);
      assert.ok(terms.protocol >= 0);
    }),
  );
});

test('macro lists follow the three words, for every stage, 5 and 6 included', () => {
  const terms = negotiate({ version: 6, actions: everything, protocol: 0x1fffff });
  assert.ok(terms);
  const bytes = Buffer.from(formatTerms(terms));
  assert.equal(bytes.readUInt32BE(0), bytes.length - 4);
  assert.equal(bytes.subarray(4, 17).toString('hex'), '4f0000000600000128000033d0');
  const lists: [stage: number, macros: string][] = [];
  for (let at = 17; at < bytes.length; ) {
    const end = bytes.indexOf(0, at + 4);
    lists.push([bytes.readUInt32BE(at), bytes.toString('latin1', at + 4, end)]);
    at = end + 1;
  }
  assert.deepEqual(lists, [
    [0, 'j v i'],
    [1, ''],
    [2, 'i {auth_authen} {mail_mailer} {mail_host} {mail_addr}'],
    [3, 'i {rcpt_mailer} {rcpt_host} {rcpt_addr}'],
    [4, ''],
    [5, ''],
    [6, 'i'],
  ]);
});

test('without the action for it, no macro list is sent', () => {
  const terms = negotiate({ version: 6, actions: 0xff, protocol: 0x1fffff });
  assert.ok(terms);
  assert.equal(formatTerms(terms).length, 17);
});

test('who is turned away hears an answer at every step', () => {
  const terms = negotiatePlainly({ version: 6, actions: everything, protocol: 0x1fffff });
  assert.deepEqual(terms, { version: 6, actions: 0, protocol: 0 });
  assert.ok(terms && !isSilent(terms, 'connect'));
});
