import assert from 'node:assert/strict';
import test from 'node:test';
import type { EntryRecipient, QueueEntry } from '../../foreign/queue-entry.ts';
import type { NextHop } from '../../mail/envelope.ts';
import type { Question, Verdict } from '../../verdict/verdict.ts';
import { createEntryJudge } from './judge-entries.ts';
import { createVerdictDesk } from './verdict-desk.ts';

const place = { id: 'A', path: '/queue/A' };

function entryOf(notice: QueueEntry['notice'], ...paths: (string | EntryRecipient)[]): QueueEntry {
  const recipients = paths.map((path) =>
    typeof path === 'string'
      ? { forwardPath: path, isDone: false, complaint: null, nextHop: null }
      : path,
  );
  return {
    id: 'A',
    state: 'waiting',
    heldFor: null,
    reversePath: notice ? '' : 'ann@good-1.example',
    notice,
    recipients,
    arrivedAt: 0,
    lastTriedAt: null,
    tries: 1,
    size: 1000,
    client: null,
    complaint: null,
    report: null,
  };
}

/** Mail for `*.dead.example` goes nowhere unless the server's own tables say otherwise. */
function answer(question: Question): Verdict {
  const path = question.check === 'sender' ? question.reversePath : question.forwardPath;
  const domain = path?.slice(path.lastIndexOf('@') + 1) ?? '';
  const isLocal = 'nextHop' in question && question.nextHop?.mailer === 'local';
  if (isLocal)
    return { action: 'accept', reply: null, reason: 'routed-by-name', steps: [], domain };
  if (domain.startsWith('own.') && 'nextHop' in question && !question.nextHop)
    return { action: 'accept', reply: null, reason: 'self', steps: [], domain };
  const isDead = domain.endsWith('dead.example') || domain.startsWith('own.');
  const action = isDead ? (question.check === 'notice' ? 'discard' : 'refuse') : 'accept';
  return { action, reply: null, reason: isDead ? 'loopback' : 'deliverable', steps: [], domain };
}

function open(tables: Readonly<Record<string, NextHop>> = {}) {
  const questions: Question[] = [];
  const asked: (readonly string[])[] = [];
  const ask = createVerdictDesk({
    judge: {
      ask: async (question) => {
        questions.push(question);
        return answer(question);
      },
    },
    nextHops: async (addresses) => {
      asked.push(addresses);
      return new Map(Object.entries(tables).filter(([address]) => addresses.includes(address)));
    },
    maxPending: 2,
  });
  const judge = createEntryJudge(ask);
  async function judged(entry: QueueEntry) {
    for (;;) {
      const found = judge.judge(place, entry);
      if (!(found instanceof Promise)) return found;
      await found;
    }
  }
  return { judge, judged, questions, asked };
}

test('a thousand notices to one domain are one question', async () => {
  const { judge, judged, questions } = open();
  const all = Array.from({ length: 1000 }, (_, i) =>
    judged(entryOf('own', `user-${i}@dead.example`)),
  );
  for (const { verdict } of await Promise.all(all)) assert.equal(verdict.proposal, 'purge');
  assert.equal(questions.length, 1);
  const later = judge.judge(place, entryOf('own', 'one-more@dead.example'));
  assert.ok(!(later instanceof Promise), 'what is known is answered at once');
});

test('a domain that the server delivers itself is never condemned', async () => {
  const { judged: ask, asked } = open({
    'bob@dead.example': { mailer: 'local', host: '', address: 'bob@dead.example' },
  });
  const judged = await ask(entryOf('own', 'bob@dead.example'));
  assert.equal(judged.verdict.proposal, 'leave');
  assert.deepEqual(asked, [['bob@dead.example']]);
});

test('nor is it because somebody wrote an address there that nobody can be asked about', async () => {
  const { judged: ask } = open({
    'postmaster@dead.example': { mailer: 'local', host: '', address: 'postmaster@dead.example' },
  });
  const odd = await ask(entryOf('own', '"a<b"@dead.example'));
  assert.equal(odd.verdict.proposal, 'leave');
  const other = await ask(entryOf('own', 'bob@dead.example'));
  assert.equal(other.verdict.proposal, 'leave');
});

test('a domain whose MX is this machine goes only where the server says that it looks up the MX', async () => {
  const hop = { mailer: 'smtp', host: 'own.example', address: 'bob@own.example' };
  const told = await open({ 'bob@own.example': hop }).judged(entryOf('own', 'bob@own.example'));
  assert.equal(told.verdict.proposal, 'purge');
  const untold = await open().judged(entryOf('own', 'bob@own.example'));
  assert.equal(untold.verdict.proposal, 'leave');
});

test('the server is asked about many addresses at once, and about no good domain', async () => {
  const { judged: ask, asked } = open();
  const domains = Array.from({ length: 20 }, (_, i) => `a@d${i}.dead.example`);
  await Promise.all([...domains, 'a@good.example'].map((path) => ask(entryOf('own', path))));
  assert.deepEqual(asked.flat().toSorted(), domains.toSorted());
});

test('what an entry says of its own next hop counts', async () => {
  const local: EntryRecipient = {
    forwardPath: 'bob@dead.example',
    isDone: false,
    complaint: null,
    nextHop: { mailer: 'local', host: '', address: 'bob@dead.example' },
  };
  const { judged: ask, asked } = open();
  const judged = await ask(entryOf('own', local));
  assert.equal(judged.verdict.proposal, 'leave');
  assert.deepEqual(asked, []);
});

test('recipients that are served do not count, and the sender is asked only where all others are dead', async () => {
  const { judged: ask, questions } = open();
  const served = { forwardPath: 'x@good.example', isDone: true, complaint: null, nextHop: null };
  const judged = await ask(entryOf(null, served, 'a@dead.example'));
  assert.deepEqual([judged.verdict.proposal, judged.domain], ['hold', 'dead.example']);
  assert.deepEqual(
    questions.map(({ check }) => check),
    ['recipient', 'sender'],
  );
});

test('odd spellings of one domain are one question, and a malformed domain is its own', async () => {
  const { judged: ask, questions } = open();
  const long = `${'b'.repeat(70)}.example`;
  const same = [`${'a'.repeat(70)}@good.example`, '"x@y"@GOOD.example', 'ann@good.example.'];
  for (const path of [...same, 'ann@good.example', 'ann@1.2.3.4', `ann@${long}`])
    await ask(entryOf('own', path));
  assert.equal(questions.length, 3);
});
