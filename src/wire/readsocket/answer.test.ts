import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { replies } from '../../mail/reply.ts';
import { actions, type Verdict } from '../../verdict/verdict.ts';
import { formatAnswer, formatError } from './answer.ts';

const verdict = (part: Partial<Verdict>): Verdict => ({
  action: 'accept',
  reason: 'loopback',
  reply: null,
  steps: [],
  ...part,
});

const cases: readonly [want: string, part: Partial<Verdict>][] = [
  ['accept', { action: 'accept' }],
  ['discard loopback', { action: 'discard' }],
  ['discard loopback', { action: 'quarantine' }],
  [
    'refuse 550 5.4.4 Recipient domain leads nowhere',
    { action: 'refuse', reply: replies.recipientBlackhole },
  ],
  [
    'defer 451 4.1.1 a b c d fail x',
    { action: 'defer', reply: { code: 451, status: '4.1.1', text: '"a" $b\\, {c}\r\n(d):fail:x' } },
  ],
];
for (const [want, part] of cases)
  test(`${part.action} is answered "${want}"`, () =>
    assert.equal(formatAnswer(verdict(part)), `${want}\n`));

const line =
  /^(accept|discard [a-z-]+|refuse 5\d\d 5\.\d+\.\d+ [\w. -]*|defer 4\d\d 4\.\d+\.\d+ [\w. -]*|error [\w. -]*)\n$/;

test('whatever a text holds, the answer is one line of the five', () => {
  fc.assert(
    fc.property(fc.constantFrom(...actions), fc.string({ unit: 'binary' }), (action, text) => {
      const first = action === 'defer' ? 4 : 5;
      const reply = { code: first * 100 + 50, status: `${first}.1.1`, text };
      assert.match(formatAnswer(verdict({ action, reply })), line);
      assert.match(formatAnswer(verdict({ action, reply: null })), line);
      assert.match(formatError(text), line);
    }),
  );
});
