/**
 * The tests that every engine of the queue passes.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { QueueWriteError } from '../../src/store/errors.ts';
import type {
  MessageRecord,
  MessageState,
  NewMessage,
  NewRecipient,
  QueueChange,
  QueuedMessage,
  QueueFilter,
  QueueStore,
  RecipientOutcome,
} from '../../src/store/queue-store.ts';
import { noProof } from '../../src/verdict/sender-proof.ts';

/** A message of the case; `changes` make it another. Received at its id, so that it is due then. */
export function exampleMessage(id: number, changes: Partial<MessageRecord> = {}): MessageRecord {
  return {
    id,
    kind: 'mail',
    receivedAt: id,
    expiresAt: 432_000_000,
    sender: senderOf('nicholas@seaton.biz'),
    client: { address: '192.0.2.7', name: 'mx.example', helo: 'mx.example' },
    proof: noProof,
    size: 100,
    ...changes,
  };
}

export function senderOf(reversePath: string): MessageRecord['sender'] {
  return { reversePath, body: '8bitmime', smtpUtf8: true, ret: 'hdrs', envid: 'QQ314159' };
}

export function exampleRecipient(
  domain = 'hosted.example',
  changes: Partial<NewRecipient> = {},
): NewRecipient {
  return {
    forwardPath: `info@${domain}`,
    notify: null,
    orcpt: null,
    original: `info@${domain}`,
    domain,
    ...changes,
  };
}

export function outcome(index: number, changes: Partial<RecipientOutcome> = {}): RecipientOutcome {
  return {
    index,
    state: 'delivered',
    attempts: 1,
    dueAt: 0,
    reply: { code: 250, status: '2.0.0', text: 'Ok' },
    reason: null,
    delayTold: false,
    failureTold: false,
    ...changes,
  };
}

const failed = { state: 'failed', reason: 'mailbox-unknown' } as const;
const head = Buffer.from('Received: by mx.hosted.example\r\n');

export interface Put {
  readonly recipients?: readonly NewRecipient[];
  readonly body?: Uint8Array;
  readonly claim?: boolean;
  readonly message?: Partial<MessageRecord>;
}

/** Puts a message into the queue. */
export async function put(store: QueueStore, id: number, what: Put = {}): Promise<void> {
  const { recipients = [exampleRecipient()], body, claim = false, message } = what;
  await using draft = store.begin();
  assert.ok(draft);
  await draft.write(body ?? Buffer.from(`body of ${id}\r\n`));
  await draft.commit(exampleMessage(id, message), recipients, head, claim);
}

export async function contentOf(store: QueueStore, id: number): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(store.read(id)));
}

export async function listed(store: QueueStore, filter: QueueFilter = {}): Promise<number[]> {
  return (await Array.fromAsync(store.list(filter))).map(({ id }) => id);
}

async function one(store: QueueStore, id: number): Promise<QueuedMessage | undefined> {
  return (await Array.fromAsync(store.list({ ids: [id] })))[0];
}

async function claimed(store: QueueStore, now: number): Promise<number[]> {
  return (await store.claim(now, 100, 100, [])).map(({ id }) => id);
}

function notice(id: number, content: Uint8Array = Buffer.from('it failed\r\n')): NewMessage {
  const message = exampleMessage(id, { kind: 'notice', sender: senderOf(''), client: null });
  return { message, recipients: [exampleRecipient('seaton.biz')], content };
}

const nothing = { queued: 0, held: 0, purged: 0, kept: 0 };

/** Any bytes, a different one at every place nearby. */
export function someBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) bytes[at] = at * 7 + (at >> 8);
  return bytes;
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
  "'; DROP TABLE message; --",
  '\r\n.\r\n',
];

const found: readonly [name: string, filter: QueueFilter, ids: readonly number[]][] = [
  ['everything', {}, [1, 2, 3, 4, 5]],
  ['ids, those that are there, in order', { ids: [4, 2, 9, 2] }, [2, 4]],
  ['no ids', { ids: [] }, []],
  ['a sender', { sender: 'ann@example.org' }, [2]],
  ['the null reverse-path', { sender: '' }, [3]],
  ['senders of a domain', { sender: '*@seaton.biz' }, [1, 5]],
  ['any sender', { sender: '*' }, [1, 2, 3, 4, 5]],
  ['a sender with a wildcard in the middle', { sender: 'a*@*.org' }, [2]],
  ['a sender whose letters mean something to a database', { sender: 'odd[?]%_@*' }, [4]],
  ['no sender where those letters would have to mean it', { sender: 'nichola[s]@*' }, []],
  ['a recipient', { recipient: 'info@b.example' }, [2, 3]],
  ['recipients by a wildcard', { recipient: 'info@*.example' }, [1, 2, 3, 5]],
  ['a domain', { domain: 'a.example' }, [1, 3]],
  [
    'recipient and domain only where one has both',
    { recipient: '*@b.example', domain: 'a.example' },
    [],
  ],
  ['a reason', { reason: 'mailbox-uncertain' }, [2]],
  ['a reason of that very recipient', { reason: 'mailbox-uncertain', domain: 'b.example' }, [2]],
  ['no reason of another recipient', { reason: 'mailbox-uncertain', domain: 'c.example' }, []],
  ['what is queued', { state: 'queued' }, [1, 2, 3]],
  ['what is held', { state: 'held' }, [4]],
  ['what is purged', { state: 'purged' }, [5]],
  ['what is kept', { state: 'kept' }, []],
  ['what came before a time', { receivedBefore: 3 }, [1, 2]],
  ['what came after a time', { receivedAfter: 3 }, [4, 5]],
  ['several conditions at once', { receivedAfter: 1, sender: '*biz', state: 'purged' }, [5]],
];

const changes: readonly [
  name: string,
  before: readonly QueueChange[],
  change: QueueChange,
  state: MessageState,
  makesSense: boolean,
][] = [
  ['a queued message can be held', [], 'hold', 'held', true],
  ['a held message cannot be held again', ['hold'], 'hold', 'held', false],
  ['a held message can be released', ['hold'], 'release', 'queued', true],
  ['a queued message cannot be released', [], 'release', 'queued', false],
  ['a queued message can be tried again', [], 'retry', 'queued', true],
  ['a held message is not tried again', ['hold'], 'retry', 'held', false],
  ['a queued message can be purged', [], 'purge', 'purged', true],
  ['a held message can be purged', ['hold'], 'purge', 'purged', true],
  ['a purged message cannot be purged again', ['purge'], 'purge', 'purged', false],
  ['a purged message comes back', ['purge'], 'undo', 'queued', true],
  ['a held and purged message comes back held', ['hold', 'purge'], 'undo', 'held', true],
  ['a queued message has nothing to undo', [], 'undo', 'queued', false],
  ['a purged message is not released', ['purge'], 'release', 'purged', false],
];

/** `open` opens an empty queue. */
export function testQueueStore(engine: string, open: () => Promise<QueueStore>): void {
  test(`${engine}: a message comes out as it went in`, async () => {
    await using store = await open();
    const message = exampleMessage(7, {
      kind: 'notice',
      receivedAt: 2 ** 42,
      size: 2 ** 40,
      client: { address: '2001:db8::1', name: null, helo: null },
      proof: {
        login: 'ann',
        trustedNetwork: true,
        spf: { result: 'pass', domain: 'example.org' },
        dkim: ['a.example', 'b.example'],
        dmarc: { result: 'fail', policy: 'reject', domain: 'c.example' },
      },
    });
    const recipients = [
      exampleRecipient('a.example', { notify: [], orcpt: 'rfc822;x@y', original: 'x@y' }),
      exampleRecipient('b.example', { notify: ['success', 'delay'] }),
    ];
    await put(store, 7, { message, recipients });
    assert.deepEqual(await one(store, 7), {
      ...message,
      state: 'queued',
      keptUntil: null,
      isClaimed: false,
      recipients: recipients.map((recipient, index) => ({
        ...recipient,
        index,
        state: 'waiting',
        attempts: 0,
        dueAt: 2 ** 42,
        reply: null,
        reason: null,
        delayTold: false,
        failureTold: false,
      })),
    });
    assert.deepEqual(
      await contentOf(store, 7),
      Buffer.concat([head, Buffer.from('body of 7\r\n')]),
    );
    assert.equal(await store.lastId(), 7);
    assert.deepEqual(await store.counts(), { ...nothing, queued: 1 });
  });

  test(`${engine}: an empty queue is fine`, async () => {
    await using store = await open();
    await store.recover();
    assert.equal(await store.lastId(), 0);
    assert.equal(await store.nextDue(), null);
    assert.deepEqual(await claimed(store, 10), []);
    assert.deepEqual(await listed(store), []);
    assert.deepEqual(await store.counts(), nothing);
    assert.deepEqual(await store.change('hold', [1], 0, 0), []);
    assert.equal(await store.expire(10), 0);
    await assert.rejects(contentOf(store, 1), { code: 'QUEUE_READ' });
  });

  test(`${engine}: texts may hold anything`, async () => {
    await using store = await open();
    for (const [index, text] of hostile.entries()) {
      await put(store, index + 1, {
        message: {
          sender: { ...senderOf(text), envid: text },
          client: { address: text, name: text, helo: text },
          proof: { ...noProof, login: text, dkim: [text] },
        },
        recipients: [
          { forwardPath: text, original: text, orcpt: text, domain: text, notify: null },
        ],
        claim: true,
      });
      const reply = { code: 451, status: text, text };
      await store.settle({
        id: index + 1,
        outcomes: [outcome(0, { state: 'waiting', dueAt: index, reply })],
        notice: null,
        keepUntil: null,
      });
    }
    for (const [index, text] of hostile.entries()) {
      const id = index + 1;
      const name = JSON.stringify(text);
      const message = await one(store, id);
      assert.equal(message?.sender.envid, text, name);
      assert.deepEqual(message?.client, { address: text, name: text, helo: text }, name);
      assert.deepEqual([message?.proof.login, message?.proof.dkim], [text, [text]], name);
      const [recipient] = message?.recipients ?? [];
      const { forwardPath, original, orcpt, domain, reply } = recipient ?? {};
      assert.deepEqual([forwardPath, original, orcpt, domain], [text, text, text, text], name);
      assert.deepEqual(reply, { code: 451, status: text, text }, name);
      assert.deepEqual(await listed(store, { sender: text }), [id], name);
      assert.deepEqual(await listed(store, { recipient: text, domain: text }), [id], name);
      const around = hostile.flatMap((other, at) => (other.startsWith(text) ? [at + 1] : []));
      assert.deepEqual(await listed(store, { sender: `${text}*` }), around, name);
      assert.deepEqual(await listed(store, { recipient: `${text}*` }), around, name);
    }
    const all = hostile.map((_, index) => index + 1);
    assert.equal(await store.nextDue(hostile.slice(0, 3)), 3);
    assert.deepEqual(
      (await store.claim(100, 100, 1, hostile.slice(0, 3))).map(({ id }) => id),
      all.slice(3),
    );
  });

  test(`${engine}: a body of any size stays whole, in whatever pieces it comes`, async (t) => {
    await using store = await open();
    let id = 0;
    for (const length of [0, 1, 4096, 65_536, 65_537, 262_143, 262_144, 262_145, 1_000_000])
      for (const step of [997, 65_536, 300_000, 1_000_000])
        await t.test(`${length} bytes, ${step} at a time`, async () => {
          const body = someBytes(length);
          await using draft = store.begin();
          assert.ok(draft);
          const piece = Buffer.alloc(step);
          for (let at = 0; at < length; at += step) {
            await draft.write(piece.subarray(0, body.copy(piece, 0, at)));
            // The caller may use its bytes again.
            piece.fill(0);
          }
          if (length <= 65_536) assert.deepEqual(Buffer.from(draft.body ?? []), body);
          await draft.commit(exampleMessage(++id), [exampleRecipient()], head, false);
          const pieces = await Array.fromAsync(store.read(id));
          assert.ok(pieces.every((part) => part.length <= 262_144));
          assert.ok(Buffer.concat(pieces).equals(Buffer.concat([head, body])));
        });
  });

  test(`${engine}: a draft that is given up leaves nothing, however large`, async () => {
    await using store = await open();
    for (const length of [10, 1_000_000]) {
      const draft = store.begin();
      assert.ok(draft);
      await draft.write(someBytes(length));
      await draft[Symbol.asyncDispose]();
      await draft[Symbol.asyncDispose]();
      await assert.rejects(async () => draft.write(Buffer.from('x')), { code: 'QUEUE_WRITE' });
      await assert.rejects(draft.commit(exampleMessage(1), [exampleRecipient()], head, false), {
        code: 'QUEUE_WRITE',
      });
    }
    assert.deepEqual(await listed(store), []);
    assert.equal(await store.lastId(), 0);
  });

  test(`${engine}: a draft is committed once`, async () => {
    await using store = await open();
    await using draft = store.begin();
    assert.ok(draft);
    await draft.commit(exampleMessage(1), [exampleRecipient()], head, false);
    await assert.rejects(draft.commit(exampleMessage(2), [exampleRecipient()], head, false), {
      code: 'QUEUE_WRITE',
    });
    assert.deepEqual(await listed(store), [1]);
  });

  test(`${engine}: many commits at once all arrive`, async () => {
    await using store = await open();
    await Promise.all(Array.from({ length: 200 }, (_, index) => put(store, index + 1)));
    assert.equal((await listed(store)).length, 200);
    assert.deepEqual(await store.counts(), { ...nothing, queued: 200 });
    assert.equal(await store.lastId(), 200);
  });

  test(`${engine}: a commit that cannot be is refused alone, and nothing of it stays`, async () => {
    await using store = await open();
    await put(store, 2);
    const results = await Promise.allSettled([
      put(store, 1),
      put(store, 2, { body: someBytes(600_000) }),
      put(store, 3, { recipients: [] }),
      put(store, 4),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
    );
    for (const result of results)
      if (result.status === 'rejected') assert.ok(result.reason instanceof QueueWriteError);
    assert.deepEqual(await listed(store), [1, 2, 4]);
    assert.match((await contentOf(store, 2)).toString(), /body of 2/);
  });

  test(`${engine}: what is due longest is claimed first, and only once`, async () => {
    await using store = await open();
    for (const id of [30, 10, 20, 40]) await put(store, id);
    assert.equal(await store.nextDue(), 10);
    const first = await store.claim(35, 2, 10, []);
    assert.deepEqual(
      first.map(({ id, isClaimed }) => [id, isClaimed]),
      [
        [10, true],
        [20, true],
      ],
    );
    assert.equal(await store.nextDue(), 30);
    assert.deepEqual(await claimed(store, 35), [30]);
    assert.deepEqual(await claimed(store, 35), []);
    assert.equal(await store.nextDue(), 40);
    assert.deepEqual(await claimed(store, 40), [40]);
    assert.equal(await store.nextDue(), null);
  });

  test(`${engine}: a domain's backlog does not stand before the others`, async () => {
    await using store = await open();
    for (let id = 1; id <= 20; id++)
      await put(store, id, { recipients: [exampleRecipient('dead.example')] });
    for (const id of [21, 22]) await put(store, id);
    const ids = async (perDomain: number, except: string[]) =>
      (await store.claim(100, 5, perDomain, except)).map(({ id }) => id);
    assert.deepEqual(await ids(2, []), [1, 2, 21, 22]);
    assert.deepEqual(await ids(2, ['dead.example']), []);
    assert.equal(await store.nextDue(), 3);
    assert.equal(await store.nextDue(['dead.example']), null);
    assert.deepEqual(await ids(100, []), [3, 4, 5, 6, 7]);
  });

  test(`${engine}: a message for several domains is claimed once and counts for each`, async () => {
    await using store = await open();
    const both = [exampleRecipient('a.example'), exampleRecipient('b.example')];
    await put(store, 1, { recipients: both });
    await put(store, 2, { recipients: [exampleRecipient('b.example')] });
    await put(store, 3, { recipients: both });
    const ids = async (...except: string[]) =>
      (await store.claim(10, 10, 1, except)).map(({ id }) => id);
    assert.deepEqual(await ids(), [1]);
    assert.deepEqual(await ids('b.example'), [3]);
    assert.deepEqual(await ids(), [2]);
  });

  test(`${engine}: a message committed as claimed is nobody else's`, async () => {
    await using store = await open();
    await put(store, 1, { claim: true });
    assert.equal((await one(store, 1))?.isClaimed, true);
    assert.equal(await store.nextDue(), null);
    assert.deepEqual(await claimed(store, 10), []);
    await store.unclaim(1);
    assert.equal((await one(store, 1))?.isClaimed, false);
    assert.deepEqual(await claimed(store, 10), [1]);
    await store.unclaim(2);
  });

  test(`${engine}: a message is removed once all of it is delivered`, async () => {
    await using store = await open();
    const recipients = [exampleRecipient(), exampleRecipient('b.example')];
    await put(store, 1, { recipients, claim: true, body: someBytes(600_000) });
    const settle = (...outcomes: RecipientOutcome[]) =>
      store.settle({ id: 1, outcomes, notice: null, keepUntil: null });
    const later = outcome(1, {
      state: 'waiting',
      attempts: 3,
      dueAt: 500,
      reply: { code: 451, status: '4.4.3', text: 'later' },
      reason: 'dns-failure',
      delayTold: true,
      failureTold: true,
    });
    await settle(outcome(0), later);
    const message = await one(store, 1);
    assert.equal(message?.isClaimed, false);
    assert.deepEqual(message?.recipients, [
      { ...recipients[0], ...outcome(0) },
      { ...recipients[1], ...later },
    ]);
    assert.equal(await store.nextDue(), 500);
    assert.deepEqual(await claimed(store, 499), []);
    assert.deepEqual(await claimed(store, 500), [1]);
    // What was delivered stays delivered, whatever is said of it later.
    await settle(outcome(0, { state: 'waiting' }), outcome(1));
    assert.deepEqual(await listed(store), []);
    assert.deepEqual(await store.counts(), nothing);
    await assert.rejects(contentOf(store, 1), { code: 'QUEUE_READ' });
    assert.equal(await store.lastId(), 1);
  });

  test(`${engine}: only what is claimed can be settled`, async () => {
    await using store = await open();
    await put(store, 1);
    for (const id of [1, 2])
      await assert.rejects(
        store.settle({ id, outcomes: [outcome(0)], notice: notice(9), keepUntil: null }),
        { code: 'QUEUE_WRITE', message: /not claimed/ },
      );
    assert.deepEqual(await listed(store), [1]);
  });

  for (const size of [20, 300_000])
    test(`${engine}: a notice of ${size} bytes comes with the outcome that it reports`, async () => {
      await using store = await open();
      await put(store, 1, { claim: true });
      const content = someBytes(size);
      await store.settle({
        id: 1,
        outcomes: [outcome(0, failed)],
        notice: notice(9, content),
        keepUntil: null,
      });
      assert.deepEqual(await listed(store), [9]);
      assert.ok((await contentOf(store, 9)).equals(content));
      const [message] = await store.claim(9, 1, 1, []);
      assert.deepEqual([message?.kind, message?.sender.reversePath], ['notice', '']);
      assert.equal(await store.lastId(), 9);
    });

  test(`${engine}: neither the outcome nor the notice is written where one of them cannot be`, async () => {
    await using store = await open();
    await put(store, 1, { claim: true });
    await put(store, 9, { claim: true });
    const outcomes = [outcome(0, failed)];
    await assert.rejects(store.settle({ id: 1, outcomes, notice: notice(9), keepUntil: null }), {
      code: 'QUEUE_WRITE',
    });
    const message = await one(store, 1);
    assert.deepEqual([message?.isClaimed, message?.recipients[0]?.state], [true, 'waiting']);
    await store.settle({ id: 1, outcomes, notice: notice(10), keepUntil: null });
    assert.deepEqual(await listed(store), [9, 10]);
  });

  test(`${engine}: what nobody could be told of is kept, and comes back`, async () => {
    await using store = await open();
    const recipients = [exampleRecipient(), exampleRecipient('b.example')];
    await put(store, 1, { recipients, claim: true });
    const outcomes = [outcome(0), outcome(1, failed)];
    await store.settle({ id: 1, outcomes, notice: null, keepUntil: 1000 });
    const kept = await one(store, 1);
    assert.deepEqual([kept?.state, kept?.keptUntil, kept?.isClaimed], ['kept', 1000, false]);
    assert.deepEqual(await store.counts(), { ...nothing, kept: 1 });
    assert.equal(await store.nextDue(), null);
    assert.deepEqual(await store.change('undo', [1], 50, 0), [1]);
    const back = await one(store, 1);
    assert.deepEqual(
      [back?.state, back?.keptUntil, back?.recipients.map(({ state, dueAt }) => [state, dueAt])],
      [
        'queued',
        null,
        [
          ['delivered', 0],
          ['waiting', 50],
        ],
      ],
    );
    assert.deepEqual(await claimed(store, 50), [1]);
  });

  test(`${engine}: the operator changes what it makes sense to change`, async (t) => {
    await using store = await open();
    for (const [name, before, change, state, makesSense] of changes)
      await t.test(name, async () => {
        await put(store, 10);
        for (const earlier of before)
          assert.deepEqual(await store.change(earlier, [10], 20, 99), [10]);
        assert.deepEqual(await store.change(change, [10, 11, 10], 20, 99), makesSense ? [10] : []);
        const message = await one(store, 10);
        assert.equal(message?.state, state);
        assert.equal(message?.keptUntil, state === 'purged' ? 99 : null);
        assert.deepEqual(await store.counts(), { ...nothing, [state]: 1 });
        assert.equal(await store.nextDue(), state === 'queued' ? 10 : null);
        assert.deepEqual(await claimed(store, 1000), state === 'queued' ? [10] : []);
        await store.unclaim(10);
        await store.change('release', [10], 0, 0);
        await store.change('purge', [10], 0, 99);
        assert.equal(await store.expire(99), 1);
      });
  });

  test(`${engine}: a retry makes what waits due at once, and never later than it was`, async () => {
    await using store = await open();
    await put(store, 10);
    await put(store, 500);
    assert.deepEqual(await store.change('retry', [10, 500], 50, 0), [10, 500]);
    const messages = await Array.fromAsync(store.list({}));
    assert.deepEqual(
      messages.map(({ recipients }) => recipients[0]?.dueAt),
      [10, 50],
    );
    assert.deepEqual(await claimed(store, 50), [10, 500]);
  });

  test(`${engine}: the operator's word stands when the attempt is over`, async () => {
    await using store = await open();
    const states: [QueueChange, MessageState][] = [
      ['hold', 'held'],
      ['purge', 'purged'],
    ];
    for (const [change, state] of states) {
      await put(store, 1, { claim: true });
      assert.deepEqual(await store.change(change, [1], 5, 99), [1]);
      assert.equal(await store.expire(1000), 0);
      const outcomes = [outcome(0, { state: 'waiting', dueAt: 7 })];
      await store.settle({ id: 1, outcomes, notice: null, keepUntil: null });
      const message = await one(store, 1);
      assert.deepEqual([message?.state, message?.isClaimed], [state, false]);
      assert.deepEqual(await claimed(store, 100), []);
      assert.deepEqual(await store.change(change === 'hold' ? 'release' : 'undo', [1], 8, 0), [1]);
      assert.deepEqual(await claimed(store, 100), [1]);
      assert.deepEqual(await store.change(change, [1], 9, 99), [1]);
      await store.settle({ id: 1, outcomes: [outcome(0)], notice: null, keepUntil: null });
      assert.deepEqual(await listed(store), [], 'delivered all the same');
      assert.deepEqual(await store.counts(), nothing);
    }
  });

  test(`${engine}: a retry asked for during an attempt follows it`, async () => {
    await using store = await open();
    await put(store, 1, { claim: true });
    assert.deepEqual(await store.change('retry', [1], 5, 0), [1]);
    const outcomes = [outcome(0, { state: 'waiting', dueAt: 900 })];
    await store.settle({ id: 1, outcomes, notice: null, keepUntil: null });
    assert.equal(await store.nextDue(), 5);
  });

  test(`${engine}: time removes what was purged and kept`, async () => {
    await using store = await open();
    for (const id of [1, 2, 3]) await put(store, id, { body: someBytes(id * 200_000) });
    await store.change('purge', [1], 0, 100);
    await store.change('purge', [2], 0, 200);
    assert.equal(await store.expire(99), 0);
    assert.equal(await store.expire(100), 1);
    assert.deepEqual(await listed(store), [2, 3]);
    assert.equal(await store.expire(1e12), 1);
    assert.deepEqual(await store.counts(), { ...nothing, queued: 1 });
  });

  test(`${engine}: a filter finds`, async (t) => {
    await using store = await open();
    const of = (reversePath: string, ...domains: string[]): Put => ({
      message: { sender: senderOf(reversePath) },
      recipients: domains.map((domain) => exampleRecipient(domain)),
    });
    await put(store, 1, of('nicholas@seaton.biz', 'a.example'));
    await put(store, 2, { ...of('ann@example.org', 'b.example', 'c.example'), claim: true });
    await put(store, 3, of('', 'b.example', 'a.example'));
    await put(store, 4, of('odd[?]%_@example.org', 'd[.]example.com'));
    await put(store, 5, of('bob@seaton.biz', 'e.example'));
    const uncertain = outcome(0, { state: 'waiting', dueAt: 5, reason: 'mailbox-uncertain' });
    await store.settle({ id: 2, outcomes: [uncertain], notice: null, keepUntil: null });
    await store.change('hold', [4], 0, 0);
    await store.change('purge', [5], 0, 1000);
    for (const [name, filter, ids] of found)
      await t.test(name, async () => assert.deepEqual(await listed(store, filter), ids));
  });

  test(`${engine}: more than a page comes complete, in order, each once`, async () => {
    await using store = await open();
    const ids = Array.from({ length: 2_500 }, (_, index) => index + 1);
    const recipients = [exampleRecipient(), exampleRecipient('b.example')];
    await Promise.all(ids.toReversed().map((id) => put(store, id, { recipients })));
    assert.deepEqual(await listed(store), ids);
    assert.deepEqual(await listed(store, { ids: ids.slice(100, 900) }), ids.slice(100, 900));
    assert.deepEqual(await listed(store, { receivedAfter: 2_490 }), ids.slice(2_490));
    const even = ids.filter((id) => id % 2 === 0);
    assert.deepEqual(await store.change('purge', even, 0, 10), even);
    assert.deepEqual(await listed(store, { state: 'purged' }), even);
    assert.equal(await store.expire(10), even.length);
  });

  test(`${engine}: a closed queue finishes what it took and says no to more`, async () => {
    const store = await open();
    const draft = store.begin();
    assert.ok(draft);
    await draft.write(someBytes(300_000));
    const taken = put(store, 1);
    await new Promise(setImmediate);
    await store[Symbol.asyncDispose]();
    await taken;
    assert.equal(store.begin(), null);
    await assert.rejects(draft.commit(exampleMessage(2), [exampleRecipient()], head, false), {
      code: 'QUEUE_WRITE',
    });
    await draft[Symbol.asyncDispose]();
    await assert.rejects(claimed(store, 10), { code: 'QUEUE_WRITE' });
    await assert.rejects(store.unclaim(1), { code: 'QUEUE_WRITE' });
    await assert.rejects(listed(store), { code: 'QUEUE_READ' });
    await assert.rejects(contentOf(store, 1), { code: 'QUEUE_READ' });
    await store[Symbol.asyncDispose]();
  });
}
