import assert from 'node:assert/strict';
import test from 'node:test';
import {
  defaultNoticeLimits,
  followNotice,
  isBacklog,
  judgeNotice,
  type NoticeLimits,
} from './notice.ts';
import type { NoticeOrigin } from './notice-origin.ts';
import { noProof, type SenderProof } from './sender-proof.ts';

const spfPass: SenderProof = { ...noProof, spf: { result: 'pass', domain: 'a.example' } };
const proved: NoticeOrigin = {
  reversePath: 'ann@a.example',
  proof: spfPass,
  isAlert: false,
  isWanted: true,
  toSender: 0,
  toAll: 0,
  backlog: null,
};

/** `null`: nothing speaks against it. */
const cases: readonly [
  name: string,
  origin: Partial<NoticeOrigin>,
  limits: Partial<NoticeLimits>,
  want: string | null,
][] = [
  ['SPF proves the sender', {}, {}, null],
  ['so does a login', { proof: { ...noProof, login: 'ann' } }, {}, null],
  ['and a network of ours', { proof: { ...noProof, trustedNetwork: true } }, {}, null],
  ['and an aligned signature', { proof: { ...noProof, dkim: ['a.example'] } }, {}, null],
  ['a forger is not told', { proof: noProof }, {}, 'sender-unproved'],
  [
    'SPF that fails is no proof',
    { proof: { ...noProof, spf: { result: 'softfail', domain: 'a.example' } } },
    {},
    'sender-unproved',
  ],
  ['unless the operator wants so', { proof: noProof }, { policy: 'always' }, null],
  ['nobody is told of a notice', { reversePath: '' }, { policy: 'always' }, 'notice-about-notice'],
  ['NOTIFY=NEVER means never', { isWanted: false }, { policy: 'always' }, 'notice-unwanted'],
  ['an operator may switch notices off', {}, { policy: 'never' }, 'notices-off'],
  ['one sender is told twenty times an hour', { toSender: 20 }, {}, 'notice-cap'],
  ['a storm of failures is a flood', { toAll: 1000 }, {}, 'notice-storm'],
  ['so are notices that pile up', { backlog: 1000 }, {}, 'notice-storm'],
];
for (const [name, origin, limits, want] of cases)
  test(name, () => {
    const verdict = judgeNotice({ ...proved, ...origin }, { ...defaultNoticeLimits, ...limits });
    assert.equal(verdict?.reason ?? null, want);
    if (verdict) assert.equal(verdict.action, 'discard');
  });

test('a backlog begins at its limit and ends when half of it is gone', () => {
  let isOver = false;
  const over = [999, 1000, 999, 500, 499, 500, 999, 1000].map((waiting) => {
    isOver = isBacklog(waiting, isOver, 1000);
    return isOver;
  });
  assert.deepEqual(over, [false, true, true, true, false, false, false, true]);
  assert.equal(isBacklog(0, true, 1), false);
});

for (const [action, reason, mayWait, want] of [
  ['accept', 'deliverable', true, 'write'],
  ['defer', 'dns-failure', true, 'write'],
  ['defer', 'mailbox-uncertain', false, 'write'],
  ['defer', 'internal-error', true, 'wait'],
  ['defer', 'internal-error', false, 'drop'],
  ['discard', 'sender-unproved', true, 'drop'],
  ['refuse', 'mailbox-unknown', true, 'drop'],
] as const)
  test(`a notice, once judged ${action} ${reason}, with time left ${mayWait}: ${want}`, () => {
    assert.equal(followNotice({ action, reason, reply: null, steps: [] }, mayWait), want);
  });
