import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { QueueEntry } from '../../foreign/queue-entry.ts';
import type { EntryKind, Proposal } from '../../verdict/entry.ts';
import type { Reason } from '../../verdict/reasons.ts';
import { fingerprintOf } from '../reader.ts';
import type { Findings, JudgedEntry } from './cause.ts';
import { createCauses } from './causes.ts';

interface Sample {
  readonly id: string;
  readonly kind?: EntryKind;
  readonly reason?: Reason;
  readonly proposal?: Proposal;
  readonly domain?: string | null;
  readonly recipients?: readonly string[];
  readonly entry?: Partial<QueueEntry>;
}

function judged({
  id,
  kind = 'lost-notice',
  reason = 'loopback',
  proposal = kind.startsWith('lost') ? 'purge' : 'leave',
  domain = 'seaton.biz',
  recipients = [`nicholas@${domain}`],
  entry,
}: Sample): JudgedEntry {
  return {
    place: { id, path: `/var/spool/mqueue/qf${id}` },
    entry: {
      id,
      state: 'waiting',
      heldFor: null,
      reversePath: kind.endsWith('notice') ? '' : 'ann@good-1.example',
      notice: kind.endsWith('notice') ? 'own' : null,
      recipients: recipients.map((forwardPath) => ({
        forwardPath,
        isDone: false,
        complaint: null,
        nextHop: null,
      })),
      arrivedAt: 1000,
      lastTriedAt: null,
      tries: null,
      size: 100,
      client: null,
      complaint: null,
      report: null,
      ...entry,
    },
    verdict: { kind, reason, proposal, decisive: 0 },
    domain,
    steps: [`${domain}: words`],
  };
}

function findingsOf(samples: readonly Sample[]): Findings {
  const causes = createCauses();
  for (const sample of samples) causes.add(judged(sample));
  return causes.findings();
}

const report = {
  sender: null,
  recipients: ['nobody@Site-1.example', 'none@site-1.example', 'x@site-2.example'],
  recipientCount: 3,
  client: '192.0.2.66',
  messageId: null,
  reason: null,
  reportingMta: null,
};

test('a cause tells its numbers and who is involved', () => {
  const { causes, ...whole } = findingsOf([
    { id: 'a', entry: { report, arrivedAt: 5000, tries: 3, size: 1 } },
    { id: 'b', entry: { report: { ...report, sender: 'forged@SEATON.biz' }, arrivedAt: 2000 } },
    { id: 'c', entry: { arrivedAt: 9000, tries: 1 } },
  ]);
  assert.deepEqual(whole, {
    entries: 3,
    bytes: 201,
    clients: { distinct: 1, isExact: true, top: [{ text: '192.0.2.66', count: 2 }] },
    senders: {
      distinct: 2,
      isExact: true,
      top: [
        { text: 'nicholas@seaton.biz', count: 2 },
        { text: 'forged@seaton.biz', count: 1 },
      ],
    },
    sites: {
      distinct: 2,
      isExact: true,
      top: [
        { text: 'site-1.example', count: 2 },
        { text: 'site-2.example', count: 2 },
      ],
    },
  });
  const [cause, ...others] = causes;
  assert.deepEqual(others, []);
  const { clients, senders, sites } = whole;
  assert.deepEqual(cause, {
    number: 1,
    name: 'lost-notice:seaton.biz',
    kind: 'lost-notice',
    reason: 'loopback',
    proposal: 'purge',
    domain: 'seaton.biz',
    steps: ['seaton.biz: words'],
    count: 3,
    bytes: 201,
    oldest: 2000,
    newest: 9000,
    tries: 3,
    domains: { distinct: 1, isExact: true, top: [{ text: 'seaton.biz', count: 3 }] },
    recipients: { distinct: 1, isExact: true, top: [{ text: 'nicholas@seaton.biz', count: 3 }] },
    senders,
    clients,
    sites,
    ids: ['a', 'b', 'c'],
    fingerprints: [
      fingerprintOf(judged({ id: 'a', entry: { arrivedAt: 5000 } }).entry),
      fingerprintOf(judged({ id: 'b', entry: { arrivedAt: 2000 } }).entry),
      fingerprintOf(judged({ id: 'c', entry: { arrivedAt: 9000 } }).entry),
    ],
  });
});

const numbered = (count: number, sample: (i: number) => Omit<Sample, 'id'>): Sample[] =>
  Array.from({ length: count }, (_, i) => ({ id: `${i}`, ...sample(i) }));

test('the largest is the first, names decide between equals', () => {
  const { causes } = findingsOf([
    { id: '1', domain: 'b.example' },
    { id: '2', domain: 'a.example' },
    { id: '3', kind: 'waiting-mail', reason: 'deliverable', domain: 'good-1.example' },
    { id: '4', kind: 'waiting-mail', reason: 'deliverable', domain: 'good-2.example' },
    { id: '5', kind: 'waiting-mail', reason: 'dns-failure', domain: 'slow.example' },
  ]);
  assert.deepEqual(
    causes.map(({ number, name, count, domain }) => [number, name, count, domain]),
    [
      [1, 'waiting-mail:deliverable', 2, null],
      [2, 'lost-notice:a.example', 1, 'a.example'],
      [3, 'lost-notice:b.example', 1, 'b.example'],
      [4, 'waiting-mail:dns-failure', 1, null],
    ],
  );
});

test('no two causes have one name', () => {
  const { causes } = findingsOf([
    { id: '1', domain: 'loopback' },
    { id: '2', domain: null },
    { id: '3', domain: 'a.example' },
    { id: '4', domain: 'a.example', reason: 'null-mx' },
    { id: '5', domain: 'a.example', reason: 'null-mx' },
    { id: '6', kind: 'stray-mail', proposal: 'leave' },
    { id: '7', kind: 'stray-mail', proposal: 'leave' },
    { id: '8', kind: 'stray-mail', proposal: 'hold' },
  ]);
  assert.deepEqual(
    causes.map(({ name, proposal, count }) => `${name} ${proposal} ${count}`).sort(),
    [
      'lost-notice:a.example purge 2',
      'lost-notice:a.example:loopback purge 1',
      'lost-notice:loopback purge 1',
      'lost-notice:loopback:loopback purge 1',
      'stray-mail:seaton.biz hold 1',
      'stray-mail:seaton.biz:loopback leave 2',
    ],
  );
});

test('beyond twenty domains the small ones are taken together', () => {
  const samples = numbered(2000, (i) => ({
    domain: i % 2 === 0 ? `large-${i % 40}.example` : `small-${i}.example`,
  }));
  const { causes } = findingsOf(samples);
  const [first] = causes;
  assert.equal(first?.name, 'lost-notice:loopback');
  assert.equal(first?.domain, null);
  assert.equal(first?.domains.distinct, 1000);
  assert.equal(causes.length, 21);
  assert.ok(causes.slice(1).every(({ count }) => count === 50));
});

test('who is less than one in two hundred has no cause of his own', () => {
  const { causes } = findingsOf([
    ...numbered(990, () => ({})),
    ...numbered(10, (i) => ({ domain: i < 4 ? 'rare.example' : `d-${i % 3}.example` })).map(
      (sample) => ({ ...sample, id: `rare-${sample.id}` }),
    ),
  ]);
  const joined = causes.find(({ domain }) => domain === null);
  assert.deepEqual(
    causes.map(({ name, count }) => [name, count]),
    [
      ['lost-notice:seaton.biz', 990],
      ['lost-notice:loopback', 10],
    ],
  );
  assert.deepEqual(joined?.domains, {
    distinct: 4,
    isExact: true,
    top: [
      { text: 'rare.example', count: 4 },
      { text: 'd-0.example', count: 2 },
      { text: 'd-1.example', count: 2 },
      { text: 'd-2.example', count: 2 },
    ],
  });
  assert.equal(joined?.recipients.isExact, true);
});

test('a single domain too many is no bunch', () => {
  const { causes } = findingsOf(numbered(21, (i) => ({ domain: `d-${i}.example` })));
  assert.equal(causes.length, 21);
});

test('who is large late has a cause of his own, and says that not all is known of him', () => {
  const { causes } = findingsOf([
    ...numbered(1000, (i) => ({ domain: `small-${i}.example` })),
    ...numbered(500, () => ({})).map((sample) => ({ ...sample, id: `late-${sample.id}` })),
  ]);
  const late = causes.find(({ domain }) => domain === 'seaton.biz');
  assert.equal(late?.count, 500);
  assert.equal(late?.ids.length, 500);
  assert.equal(late?.recipients.isExact, false);
  assert.ok((late?.recipients.top[0]?.count ?? 0) > 490);
});

test('every entry is in exactly one cause, with its own fingerprint', () => {
  const kinds = fc.constantFrom<EntryKind>(
    'lost-notice',
    'lost-mail',
    'stray-mail',
    'waiting-mail',
  );
  const sample = fc.record({
    id: fc.integer({ min: 0, max: 200 }).map(String),
    kind: kinds,
    reason: fc.constantFrom<Reason>('loopback', 'null-mx', 'deliverable'),
    domain: fc.option(fc.integer({ min: 0, max: 100 }).map((i) => `d-${i}.example`)),
  });
  fc.assert(
    fc.property(fc.uniqueArray(sample, { maxLength: 300, selector: ({ id }) => id }), (samples) => {
      const causes = createCauses();
      const first = new Map<string, number>();
      for (const one of samples) {
        const entry = judged(one);
        first.set(one.id, fingerprintOf(entry.entry));
        causes.add(entry);
        if (first.size % 50 === 0) causes.findings();
      }
      const found = causes.findings();
      const seen = new Map<string, number>();
      for (const cause of found.causes) {
        assert.equal(cause.count, cause.ids.length);
        assert.equal(cause.count, cause.fingerprints.length);
        for (const [at, id] of cause.ids.entries()) {
          assert.ok(!seen.has(id));
          seen.set(id, cause.fingerprints[at] ?? -1);
        }
      }
      assert.deepEqual(new Map([...seen].sort()), new Map([...first].sort()));
      assert.equal(found.entries, first.size);
      assert.equal(new Set(found.causes.map(({ name }) => name)).size, found.causes.length);
      assert.deepEqual(
        found.causes.map(({ number }) => number),
        found.causes.map((_, i) => i + 1),
      );
    }),
  );
});

test('gathered in shares and put together, the causes are those of the whole', () => {
  const sample = fc.record({
    kind: fc.constantFrom<EntryKind>('lost-notice', 'lost-mail', 'waiting-notice', 'held-mail'),
    reason: fc.constantFrom<Reason>('loopback', 'deliverable'),
    domain: fc.integer({ min: 0, max: 30 }).map((i) => `d-${i}.example`),
    tries: fc.integer({ min: 0, max: 9 }),
    share: fc.integer({ min: 0, max: 2 }),
  });
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 200 }), (samples) => {
      const whole = createCauses();
      const shares = [createCauses(), createCauses(), createCauses()];
      for (const [i, { kind, reason, domain, tries, share }] of samples.entries()) {
        const entry = judged({ id: `E${i}`, kind, reason, domain, entry: { tries } });
        whole.add(entry);
        shares[share]?.add(entry);
      }
      const [first, ...others] = shares;
      // What crosses between threads has no prototypes.
      for (const { state } of others) first?.absorb(structuredClone(state));
      const ordered = ({ causes, ...rest }: Findings) => ({
        ...rest,
        causes: causes.map(({ ids, fingerprints, ...cause }) => ({
          ...cause,
          members: ids.map((id, at) => `${id} ${fingerprints[at]}`).sort(),
        })),
      });
      assert.deepEqual(first && ordered(first.findings()), ordered(whole.findings()));
    }),
  );
});
