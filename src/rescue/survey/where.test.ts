import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { EntryRecipient, QueueEntry } from '../../foreign/queue-entry.ts';
import type { StoredEntry } from '../../store/archive-store.ts';
import type { JudgedEntry } from '../causes/cause.ts';
import { parseOnly } from '../change/only.ts';
import type { TestRead } from '../terms.ts';
import { parseWhere } from './where.ts';

const now = 1_164_000_000_000;
const hour = 3_600_000;

const to = (forwardPath: string, isDone = false): EntryRecipient => ({
  ...{ forwardPath, isDone, complaint: null, nextHop: null },
});

const entry: QueueEntry = {
  id: '4A0B1C2D3E',
  state: 'held',
  heldFor: null,
  reversePath: 'Ann@Good-1.example',
  notice: null,
  recipients: [to('nicholas@seaton.biz'), to('info@SEATON.biz'), to('bob@good-1.example', true)],
  arrivedAt: now - 2 * hour,
  lastTriedAt: null,
  tries: null,
  size: 1024 * 1024,
  client: { address: '192.0.2.7', name: null, helo: null },
  complaint: null,
  report: null,
};
const judged: JudgedEntry = {
  place: { id: entry.id, path: `/${entry.id}` },
  entry,
  verdict: { kind: 'lost-notice', proposal: 'purge', reason: 'loopback', decisive: 0 },
  domain: 'seaton.biz',
  steps: [],
};

function testOf<Subject>(read: TestRead<Subject>) {
  assert.ok(read.kind === 'test', read.kind === 'fault' ? read.problem : '');
  return read.test;
}

const fitting: readonly [text: string, fits: boolean][] = [
  ['sender=ann@good-1.example', true],
  ['sender=<ann@good-1.example>', true],
  ['sender=*@good-1.example', true],
  ['sender=ann', false],
  ['sender=<>', false],
  ['sender=""', false],
  ['sender=*', true],
  ['recipient=*@seaton.biz', true],
  ['recipient=nicholas@seaton.biz', false],
  ['recipient=bob@good-1.example', false],
  ['domain=seaton.biz', true],
  ['domain=Seaton.BIZ.', true],
  ['domain=*.biz', true],
  ['domain=seaton', false],
  ['domain=good-1.example', false],
  ['age>1h', true],
  ['age>2h', false],
  ['age<2h', false],
  ['age<3d', true],
  ['age>119m age<121m', true],
  ['size>1M', false],
  ['size<1M', false],
  ['size>1023K', true],
  ['size<1048577', true],
  ['reason=loopback', true],
  ['reason=self', false],
  ['kind=lost-notice', true],
  ['kind=lost-mail', false],
  ['state=held', true],
  ['state=active', false],
  ['client=192.0.2.0/24', true],
  ['client=192.0.2.7', true],
  ['client=2001:db8::/32', false],
  ['id=4A0B1C2D3E', true],
  ['id=4A*', true],
  ['id=4a*', false],
  ["sender='ann@good-1.example'  age>1h\tkind=lost-notice ", true],
  ['sender="ann"@"good-1.example"', true],
  ['kind=lost-notice state=waiting', false],
];
for (const [text, fits] of fitting)
  test(`where ${text}: ${fits ? 'fits' : 'does not fit'}`, () =>
    assert.equal(testOf(parseWhere(text))(judged, now), fits));

const changed: readonly [text: string, change: Partial<QueueEntry>, fits: boolean][] = [
  ['sender=<>', { reversePath: '' }, true],
  ['sender="odd name"@x.example', { reversePath: 'odd name@x.example' }, true],
  ['sender=\'"odd name"@x.example\'', { reversePath: '"odd name"@x.example' }, true],
  ['recipient=*', { recipients: [to('bob@good-1.example', true)] }, false],
  ['domain=[192.0.2.1]', { recipients: [to('ann@[192.0.2.1]')] }, true],
  ['domain=*', { recipients: [to('postmaster')] }, true],
  ['domain=bücher.example', { recipients: [to('ann@xn--bcher-kva.example')] }, true],
  ['client=198.51.100.4', { report: reportFrom('::ffff:198.51.100.4') }, true],
  ['client=0.0.0.0/0', { client: null }, false],
  ['client=0.0.0.0/0', { client: { address: 'unknown', name: null, helo: null } }, false],
];
for (const [text, change, fits] of changed)
  test(`where ${text} of ${JSON.stringify(change)}`, () => {
    const other = { ...judged, entry: { ...entry, ...change } };
    assert.equal(testOf(parseWhere(text))(other, now), fits);
  });

function reportFrom(client: string): QueueEntry['report'] {
  const unknown = { sender: null, messageId: null, reason: null, reportingMta: null };
  return { ...unknown, recipients: [], recipientCount: 0, client };
}

const faults: readonly [text: string, problem: RegExp][] = [
  ['', /^at character 1: expected a term by sender, recipient, .*, found the end$/],
  ['   ', /^at character 1: expected a term/],
  ['from=ann', /^at character 1: expected one of sender, .*, found from$/],
  ['age>2h from=ann', /^at character 8: expected one of sender, .*, found from$/],
  ['sender', /^at character 7: expected = after sender, found the end$/],
  ['sender>ann', /^at character 7: expected = after sender, found >$/],
  ['age=2h', /^at character 4: expected > or < after age, found =$/],
  ['sender =ann', /^at character 7: expected = after sender, found {2}$/],
  ['sender=', /^at character 8: expected an address .*, found the end$/],
  ['age>soon', /^at character 5: expected a duration such as .*, found soon$/],
  ['age>', /^at character 5: expected a duration such as .*, found the end$/],
  ['size>1T', /^at character 6: expected a size such as .*, found 1T$/],
  ['reason=constructor', /^at character 8: expected one of deliverable, .*, found constructor$/],
  ['kind=notice', /^at character 6: expected one of lost-notice, .*, found notice$/],
  ['state=frozen', /^at character 7: expected one of waiting, active, held, found frozen$/],
  ['client=host.example', /^at character 8: expected an address or a network/],
  ['domain=""', /^at character 8: expected a domain .*, found ""$/],
  ['constructor=1', /^at character 1: expected one of sender, /],
  ['__proto__=1', /^at character 1: expected one of sender, /],
  ['sender="ann', /^at character 12: expected the quote " that closes the value, found the end$/],
  ["sender=a'nn id=1", /^at character 17: expected the quote ' that closes the value/],
  ['"sender=ann"', /^at character 1: expected one of sender, .*, found "$/],
  ['id=x'.repeat(4_000), /^longer than 10000 characters$/],
  ['id=x '.repeat(200), /^more than 100 terms$/],
];
for (const [text, problem] of faults)
  test(`where ${JSON.stringify(text.slice(0, 40))} is refused`, () => {
    const read = parseWhere(text);
    assert.ok(read.kind === 'fault');
    assert.match(read.problem, problem);
  });

const words = fc.constantFrom(
  ...[
    'sender',
    'age',
    'client',
    'id',
    '=',
    '<',
    '>',
    '"',
    "'",
    ' ',
    '*',
    '1h',
    '192.0.2.0/24',
    '@',
  ],
);
test('any text is a test or a fault, and a test says yes or no', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map((parts) => parts.join('')),
      ),
      (text) => {
        const read = parseWhere(text);
        if (read.kind === 'test') assert.equal(typeof read.test(judged, now), 'boolean');
        else assert.ok(read.problem.length > 0);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('any value in quotes is taken as it stands', () => {
  fc.assert(
    fc.property(fc.string(), (id) => {
      const quote = id.includes('"') ? "'" : '"';
      fc.pre(id !== '' && !id.includes(quote) && !id.includes('*'));
      const fits = testOf(parseWhere(`id=${quote}${id}${quote} sender=*`));
      assert.ok(fits({ ...judged, entry: { ...entry, id } }, now));
      assert.ok(!fits({ ...judged, entry: { ...entry, id: `${id}x` } }, now));
    }),
  );
});

const stored: StoredEntry = {
  number: 7,
  id: '4A0B1C2D3E',
  cause: 2,
  state: 'removed',
  wasHeld: false,
  reversePath: '',
  recipients: ['nicholas@seaton.biz', 'bob@good-1.example'],
  recipientCount: 2,
  arrivedAt: now,
  size: 1,
  fingerprint: 1,
  restoredAs: null,
  problem: null,
};
const only: readonly [text: string, fits: boolean][] = [
  ['id=4A0B1C2D3E', true],
  ['id=4A', false],
  ['sender=<>', true],
  ['recipient=bob@good-1.example', true],
  ['recipient=ann@*', false],
  ['domain=good-1.example', true],
  ['domain=good-2.example', false],
  ['cause=2', true],
  ['cause=1', false],
  ['cause=2 domain=seaton.biz', true],
];
for (const [text, fits] of only)
  test(`only ${text}: ${fits ? 'fits' : 'does not fit'}`, () =>
    assert.equal(testOf(parseOnly(text))(stored, now), fits));

for (const text of ['cause=0', 'cause=all', 'age>2h', ''])
  test(`only ${JSON.stringify(text)} is refused`, () =>
    assert.equal(parseOnly(text).kind, 'fault'));
