import assert from 'node:assert/strict';
import test from 'node:test';
import { formatReply } from '../mail/reply.ts';
import { judgeMailbox } from './mailbox.ts';
import type { RecipientFacts } from './recipient-facts.ts';

const full = { code: 552, status: '5.2.2', text: 'Mailbox is full' };

const cases: readonly [name: string, facts: RecipientFacts, want: string][] = [
  ['a mailbox is welcome', { kind: 'known', how: 'a mailbox' }, 'accept'],
  ['none is refused at RCPT', { kind: 'unknown', how: 'none' }, '550 5.1.1 No such mailbox here'],
  ['nobody relays through us', { kind: 'foreign' }, '550 5.7.1 Relaying denied'],
  [
    'a backend is quoted',
    { kind: 'refused', reply: full, how: 'it said so' },
    '552 5.2.2 Mailbox is full',
  ],
  [
    'doubt defers',
    { kind: 'uncertain', detail: 'the backend is away' },
    '451 4.1.1 Mailbox cannot be verified now, try again later',
  ],
];
for (const [name, facts, want] of cases)
  test(name, () => {
    const { action, reply, domain } = judgeMailbox('Bob@Hosted.example', facts);
    assert.equal(reply ? formatReply(reply) : action, want);
    assert.equal(domain, action === 'accept' ? undefined : 'hosted.example');
  });
