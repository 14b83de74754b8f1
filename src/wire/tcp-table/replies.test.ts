import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { TableAnswer } from '../postfix-table/table.ts';
import { formatTableAnswer } from './replies.ts';

const replies: readonly [answer: TableAnswer, wanted: string][] = [
  [
    { kind: 'found', value: 'error:5.4.4 Recipient domain leads nowhere' },
    '200 error:5.4.4%20Recipient%20domain%20leads%20nowhere\n',
  ],
  [{ kind: 'found', value: '100%' }, '200 100%25\n'],
  [{ kind: 'nothing' }, '500 not%20found\n'],
  [{ kind: 'temporary', why: 'dns-failure' }, '400 dns-failure\n'],
  [{ kind: 'found', value: 'x'.repeat(5000) }, '400 an%20answer%20that%20is%20too%20long\n'],
];
for (const [answer, wanted] of replies)
  test(wanted.trim(), () => assert.equal(formatTableAnswer(answer), wanted));

test('any answer is one line that Postfix reads', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('found', 'temporary'),
      fc.string({ maxLength: 2000 }),
      (kind, text) => {
        const answer: TableAnswer =
          kind === 'found' ? { kind: 'found', value: text } : { kind: 'temporary', why: text };
        const line = formatTableAnswer(answer);
        assert.match(line, /^[245]00 [!-~]*\n$/);
        assert.ok(line.length <= 4096);
      },
    ),
  );
});
