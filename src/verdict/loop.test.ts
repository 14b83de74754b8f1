import assert from 'node:assert/strict';
import test from 'node:test';
import { judgeLoop } from './loop.ts';
import { type LoopFacts, noLoopFacts } from './loop-facts.ts';

const quiet: LoopFacts = { ...noLoopFacts, received: 3 };
const stranger = { greetsAsUs: false, isOurselves: false };

const cases: readonly [name: string, facts: Partial<LoopFacts>, want: string][] = [
  ['an ordinary message passes', {}, 'no-loop'],
  ['a long way is no loop', { received: 100 }, 'no-loop'],
  ['more than a hundred hops are', { received: 101 }, 'too-many-hops'],
  ['a forwarded message may come by again', { ownReceived: 5 }, 'no-loop'],
  ['but not for ever', { ownReceived: 6 }, 'own-hops'],
  ['a local submission comes from ourselves', { fromOurselves: true, ownReceived: 1 }, 'no-loop'],
  ['the second time round it is a loop', { fromOurselves: true, ownReceived: 2 }, 'from-ourselves'],
  ['delivered to the same address before', { deliveredToRecipient: true }, 'delivered-to'],
  ['a failure notice passes', { noticeDepth: 1 }, 'no-loop'],
  ['a notice about a notice does not', { noticeDepth: 2 }, 'bounce-depth'],
  ['a message may be forwarded back to us', { ownStamps: 5 }, 'no-loop'],
  ['but not for ever, stamps or Received', { ownStamps: 6 }, 'own-hops'],
  ['a next hop may be anybody', { peer: stranger }, 'no-loop'],
  ['but not one of our name', { peer: { ...stranger, greetsAsUs: true } }, 'greets-as-us'],
  ['and not ourselves', { peer: { ...stranger, isOurselves: true } }, 'connects-to-us'],
];
for (const [name, facts, want] of cases)
  test(name, () => {
    const verdict = judgeLoop({ ...quiet, ...facts });
    assert.equal(verdict.reason, want);
    // A loop never gets better by waiting.
    assert.equal(verdict.reply?.status ?? 'none', want === 'no-loop' ? 'none' : '5.4.6');
  });
