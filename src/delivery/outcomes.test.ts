import assert from 'node:assert/strict';
import test from 'node:test';
import type { MessageRecord, QueuedRecipient } from '../store/queue-store.ts';
import { noProof } from '../verdict/sender-proof.ts';
import { outcomeOfTried, outcomeOfUndecided } from './outcomes.ts';
import { defaultRetrySchedule } from './retry.ts';

const minute = 60_000;
const rules = { schedule: defaultRetrySchedule, delayAfter: 240 * minute, tellsDelay: true };
const hop = { kind: 'mx', key: 'mx:there.example', domain: 'there.example' } as const;
const recipient: QueuedRecipient = {
  forwardPath: 'ann@there.example',
  original: 'ann@there.example',
  domain: 'there.example',
  notify: null,
  orcpt: null,
  index: 0,
  state: 'waiting',
  attempts: 0,
  dueAt: 0,
  reply: null,
  reason: null,
  delayTold: false,
  failureTold: false,
};
const message: MessageRecord = {
  id: 1,
  kind: 'mail',
  receivedAt: 0,
  expiresAt: 7200 * minute,
  sender: { reversePath: 'n@s.example', body: '7bit', smtpUtf8: false, ret: null, envid: null },
  client: null,
  proof: noProof,
  size: 1,
};
const last = { reply: { code: 550, status: '5.1.1', text: 'No' }, reason: null, peer: 'mx' };

test('a failure stays open while nobody can say whether it may be reported', () => {
  const moment = { now: minute, random: 0.5 };
  const tried = { recipient, hop, outcome: 'failed', ...last } as const;
  const failed = outcomeOfTried(tried, message, rules, moment);
  assert.equal(failed.state, 'failed');
  const open = outcomeOfUndecided(failed, message, rules, moment);
  assert.deepEqual([open.state, open.attempts, open.dueAt], ['waiting', 1, 6 * minute]);
});

test('a delay that could not be reported is reported later; one that was is not again', () => {
  const moment = { now: 300 * minute, random: 0.5 };
  const tried = { recipient, hop, outcome: 'deferred', ...last } as const;
  const told = outcomeOfTried(tried, message, rules, moment);
  assert.deepEqual([told.delayTold, told.event?.action], [true, 'delayed']);
  assert.equal(outcomeOfUndecided(told, message, rules, moment).delayTold, false);
  const before = { ...recipient, delayTold: true };
  const again = outcomeOfTried({ ...tried, recipient: before }, message, rules, moment);
  assert.deepEqual([again.delayTold, again.event], [true, null]);
  assert.equal(outcomeOfUndecided(again, message, rules, moment).delayTold, true);
});
