import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type PostfixTable, postfixTables } from '../../mail/postfix-tables.ts';
import { replies } from '../../mail/reply.ts';
import { actions, type Verdict } from '../../verdict/verdict.ts';
import { answerOf, nothing, questionOf, type TableAnswer } from './table.ts';

const keys: readonly [key: string, wanted: string | null][] = [
  ['nicholas@seaton.biz', 'nicholas@seaton.biz'],
  ['"a b"@good-1.example', '"a b"@good-1.example'],
  ['j\u00c3\u00b6rg@good-1.example', 'j\u00f6rg@good-1.example'],
  ['*', null],
  ['', null],
  ['<>', null],
  ['seaton.biz', null],
  ['root', null],
  ['a@b@', null],
];
for (const [key, wanted] of keys)
  test(`key ${JSON.stringify(key)}`, () =>
    assert.equal(questionOf('postfix_transport', key, 'socketmap')?.forwardPath ?? null, wanted));

const questions: readonly [table: PostfixTable, check: string, path: object][] = [
  ['postfix_transport', 'recipient', { reversePath: null, forwardPath: 'ann@a.example' }],
  ['postfix_sender', 'sender', { reversePath: 'ann@a.example', forwardPath: null }],
  ['postfix_recipient', 'mailbox', { reversePath: null, forwardPath: 'ann@a.example' }],
];
for (const [table, check, path] of questions)
  test(`${table} asks about the ${check}`, () => {
    const question = questionOf(table, 'ann@a.example', 'tcp');
    assert.ok(question);
    const { reversePath, forwardPath } = question;
    assert.equal(question.check, check);
    assert.deepEqual({ reversePath, forwardPath }, path);
  });

function verdict(action: Verdict['action'], reply: Verdict['reply'] = null): Verdict {
  return { action, reply, reason: 'dns-failure', steps: [] };
}

const found = (value: string): TableAnswer => ({ kind: 'found', value });
const answers: readonly [table: PostfixTable, verdict: Verdict, wanted: TableAnswer][] = [
  ['postfix_transport', verdict('accept'), nothing],
  // A look-up says nothing about the message: what would take it away is not for us to say.
  ['postfix_transport', verdict('discard'), nothing],
  ['postfix_transport', verdict('quarantine'), nothing],
  [
    'postfix_transport',
    verdict('refuse', replies.recipientBlackhole),
    found('error:5.4.4 Recipient domain leads nowhere'),
  ],
  ['postfix_transport', verdict('refuse'), found('error:5.4.4 Recipient domain leads nowhere')],
  [
    'postfix_transport',
    verdict('defer', replies.recipientUnknown),
    { kind: 'temporary', why: 'dns-failure' },
  ],
  ['postfix_sender', verdict('accept'), nothing],
  [
    'postfix_sender',
    verdict('refuse', replies.senderBlackhole),
    found(`550 5.1.8 ${replies.senderBlackhole.text}`),
  ],
  [
    'postfix_recipient',
    verdict('defer', replies.internal),
    found(`DEFER_IF_PERMIT 4.3.0 ${replies.internal.text}`),
  ],
];
for (const [table, given, wanted] of answers)
  test(`${table}, ${given.action}: ${JSON.stringify(wanted)}`, () =>
    assert.deepEqual(answerOf(table, given), wanted));

test('any key is read, and any reply becomes one line', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...postfixTables),
      fc.constantFrom(...actions),
      fc.string({ unit: 'binary' }),
      (table, action, text) => {
        questionOf(table, text, 'socketmap');
        const answer = answerOf(table, verdict(action, { code: 550, status: '5.0.0', text }));
        if (answer.kind === 'found') assert.match(answer.value, /^[\u0020-\u007e]+$/);
      },
    ),
  );
});
