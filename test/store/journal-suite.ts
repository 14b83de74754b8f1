/**
 * The tests that every engine of the journal passes.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { fieldLimit, stepLimit } from '../../src/store/caps.ts';
import type { JournalStore, ReceiptQuery } from '../../src/store/journal-store.ts';
import type { Incident } from '../../src/verdict/flood/incident.ts';
import type { Receipt } from '../../src/verdict/verdict.ts';

/** A refusal of the case; `changes` make it another. */
export function exampleReceipt(changes: Partial<Receipt> = {}): Receipt {
  return {
    from: 1_000,
    until: 1_000,
    count: 1,
    adapter: 'milter',
    check: 'sender',
    action: 'refuse',
    enforced: true,
    reason: 'loopback',
    reply: { code: 550, status: '5.1.8', text: 'Sender domain leads nowhere' },
    domain: 'seaton.biz',
    client: { address: '192.0.2.7', name: 'mx.example', helo: 'mx.example' },
    reversePath: 'nicholas@seaton.biz',
    forwardPath: 'info@hosted.example',
    queueId: 'k85C37xx012345',
    steps: ['seaton.biz has the MX mail.seaton.biz', '127.0.0.1 is a loopback address'],
    ...changes,
  };
}

export async function readAll(store: Pick<JournalStore, 'read'>, query: ReceiptQuery = {}) {
  return Array.fromAsync(store.read(query));
}

const hostile = [
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfff\ud800',
  '\\',
  '\\u0041',
  '"\\"',
  '\u001b[2J',
  '😀',
  '',
  "'; DROP TABLE receipt; --",
  '\n',
];

const found: readonly [name: string, query: ReceiptQuery, domains: readonly string[]][] = [
  ['everything', {}, ['a', 'b', 'c', 'd']],
  ['what reaches into a time', { since: 2_500 }, ['b', 'c', 'd']],
  ['what began hours before', { since: 9_000_000 }, ['b']],
  ['the very last moment of one', { since: 3_000 }, ['b', 'c', 'd']],
  ['what begins before a time', { before: 3_000 }, ['a', 'b']],
  ['a span of time', { since: 2_600, before: 3_001 }, ['b', 'c']],
  ['one check', { check: 'recipient' }, ['c']],
  ['one action', { action: 'discard' }, ['d']],
  ['one reason', { reason: 'null-mx' }, ['b']],
  ['one domain', { domain: 'c' }, ['c']],
  ['one queue id', { queueId: 'q-d' }, ['d']],
  ['what was only watched', { enforced: false }, ['a']],
  ['several conditions at once', { enforced: true, action: 'refuse' }, ['b', 'c']],
  ['nothing where nothing fits', { domain: 'e' }, []],
];

/** One that goes on; `changes` make it another. */
export function exampleIncident(changes: Partial<Incident> = {}): Incident {
  const none = { distinct: 0, top: [] };
  return {
    id: '2006-09-05.1',
    cause: 'forged-sender',
    subject: 'nicholas@seaton.biz',
    start: 1_000,
    end: 2_000,
    isOpen: true,
    isBacklog: false,
    joined: [],
    parts: [],
    clients: none,
    senders: none,
    sites: none,
    samples: [],
    received: { messages: 1, bytes: 2, recipients: 3, unknown: 4, connections: 5 },
    made: { notices: 1, deliveries: 2, bytes: 3, returns: 4, cpu: 5 },
    ended: { refused: 1, dropped: 2, delivered: 3, failed: 4, deferred: 5 },
    ...changes,
  };
}

/** `open` opens an empty journal. */
export function testJournalStore(engine: string, open: () => Promise<JournalStore>): void {
  test(`${engine}: what goes in comes out`, async () => {
    await using store = await open();
    const receipts = [
      exampleReceipt(),
      exampleReceipt({ client: null, reply: null, domain: null, steps: [], count: 2 ** 40 }),
      exampleReceipt({ reversePath: null, forwardPath: null, queueId: null, enforced: false }),
    ];
    await store.append(receipts);
    const back = await readAll(store);
    assert.deepEqual(
      back.map(({ id: _, ...receipt }) => receipt),
      receipts,
    );
  });

  test(`${engine}: texts may hold anything`, async () => {
    await using store = await open();
    await store.append(
      hostile.map((text) =>
        exampleReceipt({
          domain: text,
          client: { address: text, name: text, helo: text },
          reversePath: text,
          forwardPath: text,
          queueId: text,
          reply: { code: 550, status: '5.0.0', text },
          steps: [text, text],
        }),
      ),
    );
    const back = await readAll(store);
    assert.deepEqual(
      back.map(({ domain }) => domain),
      hostile,
    );
    for (const [index, receipt] of back.entries()) {
      const text = hostile[index] ?? '';
      assert.deepEqual(receipt.client, { address: text, name: text, helo: text });
      assert.deepEqual(receipt.steps, [text, text]);
      assert.deepEqual(
        [receipt.reversePath, receipt.forwardPath, receipt.queueId, receipt.reply?.text],
        [text, text, text, text],
      );
      assert.equal((await readAll(store, { domain: text })).length, 1, JSON.stringify(text));
    }
  });

  test(`${engine}: of a megabyte the beginning is kept`, async () => {
    await using store = await open();
    const long = 'x'.repeat(1_000_000);
    const steps = Array.from({ length: 1000 }, () => long);
    await store.append([exampleReceipt({ domain: long, forwardPath: long, steps })]);
    const [receipt] = await readAll(store, { domain: long });
    assert.equal(receipt?.domain, 'x'.repeat(fieldLimit));
    assert.equal(receipt.forwardPath?.length, fieldLimit);
    assert.equal(receipt.steps.length, stepLimit + 1);
    assert.equal(receipt.steps.at(-1), `... and ${1000 - stepLimit} more steps`);
  });

  for (const [name, query, domains] of found) {
    test(`${engine}: a query finds ${name}`, async () => {
      await using store = await open();
      await store.append([
        exampleReceipt({
          domain: 'd',
          from: 4_000,
          until: 4_000,
          action: 'discard',
          queueId: 'q-d',
        }),
        exampleReceipt({ domain: 'a', from: 1_000, until: 2_000, enforced: false }),
        exampleReceipt({ domain: 'c', from: 3_000, until: 3_000, check: 'recipient' }),
        exampleReceipt({ domain: 'b', from: 2_000, until: 9_000_000, reason: 'null-mx' }),
      ]);
      const back = await readAll(store, query);
      assert.deepEqual(
        back.map(({ domain }) => domain),
        domains,
      );
    });
  }

  test(`${engine}: more than a page comes complete, in order, each once`, async () => {
    await using store = await open();
    // Many with the same time, so that pages end in the middle of it.
    const receipts = Array.from({ length: 1_777 }, (_, i) =>
      exampleReceipt({ from: Math.floor(i / 700), until: 5, queueId: `q${i}` }),
    );
    await store.append(receipts.toReversed());
    const back = await readAll(store);
    assert.equal(new Set(back.map(({ queueId }) => queueId)).size, receipts.length);
    assert.deepEqual(
      back.map(({ from }) => from),
      receipts.map(({ from }) => from),
    );
  });

  test(`${engine}: appends at the same time all arrive, ids grow`, async () => {
    await using store = await open();
    await Promise.all(
      Array.from({ length: 200 }, (_, i) => store.append([exampleReceipt({ queueId: `q${i}` })])),
    );
    const back = await readAll(store);
    assert.equal(new Set(back.map(({ id }) => id)).size, 200);
    await store.append([exampleReceipt({ queueId: 'last' })]);
    const last = (await readAll(store, { queueId: 'last' }))[0];
    assert.ok(back.every(({ id }) => id < (last?.id ?? 0)));
  });

  test(`${engine}: an append that cannot be is refused whole and alone`, async () => {
    await using store = await open();
    const [good, bad, fine] = await Promise.allSettled([
      store.append([exampleReceipt({ queueId: 'good' })]),
      store.append([exampleReceipt({ queueId: 'half' }), exampleReceipt({ from: Number.NaN })]),
      store.append([exampleReceipt({ queueId: 'fine' })]),
    ]);
    assert.deepEqual([good?.status, fine?.status], ['fulfilled', 'fulfilled']);
    assert.equal(bad?.status === 'rejected' && bad.reason.code, 'JOURNAL_WRITE');
    const back = await readAll(store);
    assert.deepEqual(
      back.map(({ queueId }) => queueId),
      ['good', 'fine'],
    );
  });

  test(`${engine}: pruning removes what ended before, and says how many`, async () => {
    await using store = await open();
    await store.append([
      ...Array.from({ length: 4_500 }, () => exampleReceipt({ from: 10, until: 20 })),
      exampleReceipt({ from: 10, until: 30, domain: 'reaches.example' }),
      exampleReceipt({ from: 40, until: 50, domain: 'later.example' }),
    ]);
    assert.equal(await store.prune(30), 4_500);
    assert.equal(await store.prune(30), 0);
    const back = await readAll(store);
    assert.deepEqual(
      back.map(({ domain }) => domain),
      ['reaches.example', 'later.example'],
    );
  });

  test(`${engine}: an incident is saved as it is now, and found by time and name`, async () => {
    await using store = await open();
    const first = exampleIncident({ samples: hostile });
    const second = exampleIncident({ id: '2006-09-05.2', start: 5_000, end: 6_000, isOpen: false });
    await store.saveIncidents([second, first]);
    const grown = { ...first, end: 3_000, isOpen: false };
    await store.saveIncidents([grown]);
    const stored = (incident: Incident) => ({ ...incident, lifted: [], isLifted: false });
    assert.deepEqual(await store.incidents({}), [stored(grown), stored(second)]);
    assert.deepEqual(await store.incidents({ since: 3_001 }), [stored(second)]);
    assert.deepEqual(await store.incidents({ before: 5_000 }), [stored(grown)]);
    const goesOn = exampleIncident({ id: '2006-09-05.3' });
    await store.saveIncidents([goesOn]);
    assert.deepEqual(await store.incidents({ isOpen: true }), [stored(goesOn)]);
    assert.deepEqual(await store.incidents({ isOpen: true, before: goesOn.start }), []);
    await store.saveIncidents([{ ...goesOn, isOpen: false, start: 7_000, end: 8_000 }]);
    assert.deepEqual(await store.incidents({ isOpen: true }), []);
    assert.deepEqual(await store.incidents({ id: '2006-09-05.2' }), [stored(second)]);
    await store.saveIncidents([{ ...grown, joined: ['2006-09-05.2', '2006-09-05.3'] }]);
    const joined = await store.incidents({ id: '2006-09-05.2' });
    assert.deepEqual(
      joined.map(({ id }) => id),
      ['2006-09-05.1'],
    );
    assert.equal((await store.incidents({})).length, 1);
  });

  test(`${engine}: an incident that an earlier version saved tells nothing that it did not know`, async () => {
    await using store = await open();
    const now = exampleIncident();
    const old: Incident = JSON.parse(
      JSON.stringify(now, (key, value: unknown) =>
        key === 'connections' || key === 'cpu' ? undefined : value,
      ),
    );
    await store.saveIncidents([old]);
    const [found] = await store.incidents({});
    assert.deepEqual(found?.received, { ...now.received, connections: null });
    assert.deepEqual(found.made, { ...now.made, cpu: null });
  });

  test(`${engine}: the brakes of an incident that goes on can be lifted, for good`, async () => {
    await using store = await open();
    const over = exampleIncident({ id: '2006-09-05.2', isOpen: false });
    await store.saveIncidents([exampleIncident(), over]);
    assert.equal(await store.liftIncident('2006-09-05.1'), true);
    assert.equal(await store.liftIncident('2006-09-05.2'), false);
    assert.equal(await store.liftIncident('2006-09-05.3'), false);
    await store.saveIncidents([exampleIncident({ end: 9_000 })]);
    const found = await store.incidents({});
    assert.deepEqual(
      found.map(({ id, isLifted }) => [id, isLifted]),
      [
        ['2006-09-05.1', true],
        ['2006-09-05.2', false],
      ],
    );
    await store.prune(100_000);
    assert.equal((await store.incidents({})).length, 1);
  });

  test(`${engine}: what was lifted stays so where it turns out to be part of a wider flood, and nothing else`, async () => {
    await using store = await open();
    const one = exampleIncident({ subject: 'ann@seaton.biz' });
    const client = { cause: 'harvest', subject: '192.0.2.7' } as const;
    const part = { id: '2006-09-05.3', ...client };
    const other = exampleIncident({ id: '2006-09-05.2', parts: [part] });
    const liftedOf = async (id: string) => {
      const [found] = await store.incidents({ id });
      return [found?.isLifted, found?.lifted.map(({ subject }) => subject)];
    };
    await store.saveIncidents([one, other]);
    await store.liftIncident(other.id);
    assert.deepEqual(await liftedOf(other.id), [true, [other.subject]]);
    const parts = [{ id: other.id, cause: other.cause, subject: other.subject }];
    const whole = exampleIncident({ subject: '@seaton.biz', joined: [other.id, part.id], parts });
    await store.saveIncidents([whole]);
    const both = [other.subject, client.subject];
    assert.deepEqual(await liftedOf(other.id), [false, both]);
    await store.saveIncidents([whole]);
    assert.deepEqual(await liftedOf(whole.id), [false, both]);
    await store.liftIncident(whole.id);
    assert.deepEqual(await liftedOf(whole.id), [true, [...both, whole.subject]]);
    const wider = { ...whole, subject: '', parts: [{ ...one, id: null }, ...parts] };
    await store.saveIncidents([wider]);
    const [isLifted] = await liftedOf(whole.id);
    assert.equal(isLifted, false);
  });

  test(`${engine}: who lifts a part by its own id lifts that alone`, async () => {
    await using store = await open();
    const part = { id: '2006-09-05.2', cause: 'harvest', subject: '192.0.2.7' } as const;
    await store.saveIncidents([exampleIncident({ joined: [part.id], parts: [part] })]);
    assert.equal(await store.liftIncident(part.id), true);
    const [found] = await store.incidents({});
    assert.deepEqual(
      [found?.isLifted, found?.lifted],
      [false, [{ cause: part.cause, subject: part.subject }]],
    );
  });

  test(`${engine}: an empty append and an empty journal are fine`, async () => {
    await using store = await open();
    await store.append([]);
    assert.deepEqual(await readAll(store), []);
    assert.equal(await store.prune(Date.now()), 0);
  });

  test(`${engine}: a closed journal finishes what it took and says no to more`, async () => {
    const store = await open();
    const taken = store.append([exampleReceipt()]);
    await store[Symbol.asyncDispose]();
    await taken;
    await assert.rejects(store.append([exampleReceipt()]), { code: 'JOURNAL_WRITE' });
    await assert.rejects(readAll(store), { code: 'JOURNAL_READ' });
    await assert.rejects(store.prune(0), { code: 'JOURNAL_WRITE' });
    await store[Symbol.asyncDispose]();
  });
}
