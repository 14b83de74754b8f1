import assert from 'node:assert/strict';
import test from 'node:test';
import { type EntryFacts, judgeEntry } from './entry.ts';
import type { Reason } from './reasons.ts';
import type { Action, Verdict } from './verdict.ts';

function verdict(action: Action, reason: Reason): Verdict {
  return { action, reply: null, reason, steps: [] };
}

const good = verdict('accept', 'deliverable');
const routed = verdict('accept', 'routed-by-name');
const unknown = verdict('defer', 'dns-failure');
const loopback = verdict('refuse', 'loopback');
const ended = verdict('discard', 'loopback');
const nowhere = verdict('refuse', 'no-such-domain');

const mail = { isNotice: false, isHeld: false, sender: good };
const notice = { isNotice: true, isHeld: false, sender: null };

const cases: readonly [name: string, facts: EntryFacts, want: string][] = [
  ['a notice to a black hole goes', { ...notice, recipients: [ended] }, 'purge lost-notice'],
  ['frozen as well', { ...notice, isHeld: true, recipients: [ended] }, 'purge lost-notice'],
  ['a notice to a good sender stays', { ...notice, recipients: [good] }, 'leave waiting-notice'],
  ['doubt leaves a notice', { ...notice, recipients: [unknown] }, 'leave waiting-notice'],
  [
    'one recipient who can be reached saves the entry',
    { ...notice, recipients: [ended, good] },
    'leave waiting-notice',
  ],
  ['one in doubt as well', { ...mail, recipients: [nowhere, unknown] }, 'leave waiting-mail'],
  ['wanted mail waits', { ...mail, recipients: [good, routed] }, 'leave waiting-mail'],
  [
    'mail of a black hole to a mailbox here stays',
    { ...mail, sender: loopback, recipients: [routed] },
    'leave waiting-mail',
  ],
  [
    'what somebody held stays held',
    { ...mail, isHeld: true, recipients: [good] },
    'leave held-mail',
  ],
  [
    'mail from nowhere to nowhere goes',
    { ...mail, sender: loopback, recipients: [nowhere] },
    'purge lost-mail',
  ],
  [
    'mail that comes back to the server is held: its sender has to be told',
    { ...mail, recipients: [loopback] },
    'hold stray-mail',
  ],
  [
    'what is held already is left',
    { ...mail, isHeld: true, recipients: [loopback] },
    'leave stray-mail',
  ],
  [
    'the server itself gives up mail for a domain that is not there',
    { ...mail, recipients: [nowhere] },
    'leave stray-mail',
  ],
  [
    'a sender in doubt is no reason to remove',
    { ...mail, sender: unknown, recipients: [nowhere] },
    'leave stray-mail',
  ],
  ['what is delivered is left to the server', { ...mail, recipients: [] }, 'leave finished'],
];

for (const [name, facts, want] of cases)
  test(name, () => {
    const { proposal, kind } = judgeEntry(facts);
    assert.equal(`${proposal} ${kind}`, want);
  });

test('the recipient that decided is named', () => {
  const { decisive, reason } = judgeEntry({ ...mail, recipients: [nowhere, unknown] });
  assert.equal(decisive, 1);
  assert.equal(reason, 'dns-failure');
});
