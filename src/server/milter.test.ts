import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { accepted, us } from '../../test/milter/dialog.ts';
import { mta, readReplies } from '../../test/milter/mta.ts';
import type { Judge } from '../judge/judge.ts';
import { replies } from '../mail/reply.ts';
import type { Question, Verdict } from '../verdict/verdict.ts';
import { formatFrame } from '../wire/milter/frames.ts';
import type { Listener } from './listener.ts';
import { type MilterOptions, serveMilter } from './milter.ts';

const refusal: Verdict = {
  action: 'refuse',
  reply: replies.senderBlackhole,
  reason: 'loopback',
  steps: [],
};
const refused = 'y 550 5.1.8 Sender domain leads nowhere: no report can reach it';
const accepting: Judge = { ask: () => accepted };

function serve(judge: Judge, options: MilterOptions = {}): Promise<Listener> {
  return serveMilter(judge, { host: '127.0.0.1', port: 0 }, { identity: us, ...options });
}

/** A mail server that sends what it is told and reads as many replies as it expects. */
class Peer {
  readonly socket: Socket;
  private got: Buffer = Buffer.alloc(0);
  private isOver = false;
  private wake: () => void = () => {};

  constructor(listener: Listener) {
    this.socket = connect({ ...listener.endpoint, noDelay: true });
    this.socket.on('data', (bytes: Buffer) => {
      this.got = Buffer.concat([this.got, bytes]);
      this.wake();
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.isOver = true;
      this.wake();
    });
  }

  /** Sends the frames and resolves to `count` replies, or to fewer if the connection ends. */
  async ask(count: number, ...frames: readonly Uint8Array[]): Promise<string[]> {
    this.socket.write(Buffer.concat(frames));
    for (;;) {
      const all = readReplies(this.got).filter((reply) => !reply.startsWith('and '));
      if (all.length >= count || this.isOver) {
        this.got = Buffer.alloc(0);
        return all;
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async open(): Promise<this> {
    await this.ask(1, mta.negotiate());
    this.socket.write(Buffer.concat([mta.macros('C'), mta.connect(), mta.helo()]));
    return this;
  }

  /** Resolves once the other side has closed. */
  async over(): Promise<void> {
    if (!this.isOver) await once(this.socket, 'close');
  }

  quit(): void {
    this.socket.end(mta.quit());
  }
}

function later(): { judge: Judge; questions: Question[]; answer: (verdict: Verdict) => void } {
  const questions: Question[] = [];
  const open: ((verdict: Verdict) => void)[] = [];
  return {
    questions,
    answer: (verdict) => open.shift()?.(verdict),
    judge: {
      ask: (question) => {
        questions.push(question);
        return new Promise((resolve) => void open.push(resolve));
      },
    },
  };
}

/** Lets what is under way in this process happen. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test('a whole conversation over TCP, byte for byte', async () => {
  await using listener = await serve(accepting);
  const socket = connect({ ...listener.endpoint });
  const conversation: readonly [send: string, receive: string][] = [
    [
      '0000000d4f000000060000003f0000007f',
      '0000000d4f000000060000002800000050', // version 6, quarantine and delrcpt, no body
    ],
    ['0000000544436a0000', ''],
    [
      `0000001043${Buffer.from('a\x004\x0f\xb9192.0.2.7\0', 'latin1').toString('hex')}`,
      '0000000163',
    ],
    [`0000000448${Buffer.from('ab\0').toString('hex')}`, '0000000163'],
    [`000000044d${Buffer.from('<>\0').toString('hex')}`, '0000000163'],
    [`0000000752${Buffer.from('<b@c>\0').toString('hex')}`, '0000000163'],
    ['000000014e', '0000000163'],
    ['0000000145', '0000000163'],
    ['0000000141', ''],
  ];
  for (const [send, receive] of conversation) {
    socket.write(Buffer.from(send, 'hex'));
    if (receive === '') continue;
    const [bytes] = await once(socket, 'data');
    assert.equal(Buffer.from(bytes).toString('hex'), receive);
  }
  socket.write(mta.quit());
  await once(socket, 'close');
});

test('a conversation cut at every byte gives the same replies', async () => {
  await using listener = await serve({
    ask: (question) => (question.reversePath === 'x@seaton.biz' ? refusal : accepted),
  });
  const stream = Buffer.concat([
    mta.negotiate(),
    mta.macros('C', { j: 'mx.example.net' }),
    mta.connect(),
    mta.helo(),
    mta.macros('M', { i: 'k85' }),
    mta.mail('<a@example.org>'),
    mta.rcpt('<b@example.net>'),
    mta.header('Received', 'by x'),
    mta.endOfHeaders(),
    mta.endOfMessage(),
    mta.mail('<x@seaton.biz>'),
    mta.quit(),
  ]);
  for (let at = 1; at < stream.length; at++) {
    const peer = new Peer(listener);
    peer.socket.write(stream.subarray(0, at));
    await once(peer.socket, 'connect');
    const replies = await peer.ask(6, stream.subarray(at));
    assert.deepEqual(replies.slice(1), ['c', 'c', 'c', 'c', refused], `cut at ${at}`);
    await peer.over();
  }
});

test('verdicts that come later are told in order, and what follows waits', async () => {
  const { judge, questions, answer } = later();
  await using listener = await serve(judge);
  const peer = await new Peer(listener).open();
  const got = peer.ask(2, mta.mail('<a@example.org>'), mta.abort(), mta.mail('<x@seaton.biz>'));
  await until(() => questions.length === 1);
  answer(accepted);
  await until(() => questions.length === 2);
  answer(refusal);
  assert.deepEqual(await got, ['c', refused]);
  peer.quit();
});

test('while a verdict at the end of a message takes long, progress is reported', async () => {
  const { judge, questions, answer } = later();
  await using listener = await serve(judge, { progressEvery: 5 });
  const peer = await new Peer(listener).open();
  const first = peer.ask(1, mta.mail('<a@example.org>'));
  await until(() => questions.length === 1);
  answer(accepted);
  assert.deepEqual(await first, ['c']);
  const progress = await peer.ask(3, mta.endOfMessage());
  assert.deepEqual(progress, ['p', 'p', 'p']);
  answer(accepted);
  assert.equal((await peer.ask(1)).at(-1), 'c');
  peer.quit();
});

const troubles: readonly [name: string, judge: Judge, reply: string][] = [
  [
    'a judge that throws',
    {
      ask: () => {
        throw new Error('boom');
      },
    },
    'y 451 4.3.0 Temporary trouble, try again later',
  ],
  [
    'a judge that rejects',
    { ask: () => Promise.reject(new Error('boom')) },
    'y 451 4.3.0 Temporary trouble, try again later',
  ],
];
for (const [name, judge, reply] of troubles)
  test(`${name} is a deferral, and the connection goes on`, async () => {
    await using listener = await serve(judge);
    const peer = await new Peer(listener).open();
    assert.deepEqual(await peer.ask(1, mta.mail('<a@example.org>')), [reply]);
    assert.deepEqual(await peer.ask(1, mta.abort(), mta.mail('<b@example.org>')), [reply]);
    peer.quit();
  });

test('a connection over the limit negotiates and hears that the guard is busy', async () => {
  await using listener = await serve(accepting, { maxConnections: 1 });
  const first = await new Peer(listener).open();
  assert.deepEqual(await first.ask(1, mta.mail('<>')), ['c']);
  const second = new Peer(listener);
  assert.deepEqual(await second.ask(2, mta.negotiate(), mta.macros('C'), mta.connect()), [
    'O 0x6 0x0 0x0',
    'y 451 4.3.2 Too busy, try again later',
  ]);
  second.quit();
  await second.over();
  assert.deepEqual(await first.ask(1, mta.rcpt('<a@b.example>')), ['c']);
  first.quit();
});

const faulty: readonly [name: string, bytes: Uint8Array][] = [
  ['an empty frame', Buffer.from([0, 0, 0, 0, 0])],
  ['a frame of four gigabytes', Buffer.from([255, 255, 255, 255, 66])],
  ['SMTP', Buffer.from('EHLO client.example\r\n')],
  ['an unknown command', formatFrame('Z')],
  ['a command before the negotiation', mta.helo()],
];
for (const [name, bytes] of faulty)
  test(`${name} ends the connection with one line in the log and harms no other`, async () => {
    const lines: [object, string][] = [];
    const log = {
      info() {},
      warn: (details: object, message: string) => void lines.push([details, message]),
      error() {},
    };
    await using listener = await serve(accepting, { log });
    const good = await new Peer(listener).open();
    const bad = new Peer(listener);
    bad.socket.write(bytes);
    await bad.over();
    assert.equal(lines.length, 1);
    assert.match(lines[0]?.[1] ?? '', /broke the milter protocol/);
    assert.deepEqual(await good.ask(1, mta.mail('<>')), ['c']);
    good.quit();
  });

test('a peer that goes without a word while its question is open is forgotten', async () => {
  const { judge, questions, answer } = later();
  await using listener = await serve(judge);
  const peer = await new Peer(listener).open();
  peer.socket.write(mta.mail('<a@example.org>'));
  await until(() => questions.length === 1);
  peer.socket.resetAndDestroy();
  answer(accepted);
  await until(() => listener.connections === 0);
});

test('a large body that was sent all the same is taken in any pieces', async () => {
  await using listener = await serve(accepting);
  const peer = await new Peer(listener).open();
  await peer.ask(1, mta.mail('<a@example.org>'));
  const body = mta.body('x'.repeat(1_000_000));
  for (let at = 0; at < body.length; at += 10_000)
    peer.socket.write(body.subarray(at, at + 10_000));
  assert.deepEqual(await peer.ask(2, mta.endOfMessage()), ['c', 'c']);
  peer.quit();
});

test('a peer that floods while it must wait is held back, and nothing is lost', async () => {
  const { judge, questions, answer } = later();
  await using listener = await serve({
    ask: (question) => (question.reversePath === '' ? accepted : judge.ask(question)),
  });
  const peer = await new Peer(listener).open();
  const bodies = 600;
  const flood = Array.from({ length: bodies }, () => mta.body('x'.repeat(60_000)));
  const got = peer.ask(1 + bodies, mta.mail('<a@example.org>'), ...flood);
  await until(() => questions.length === 1);
  // Time enough for the listener to read it all, if it did.
  const other = await new Peer(listener).open();
  for (let i = 0; i < 300; i++) await other.ask(1, mta.mail('<>'));
  assert.ok(peer.socket.writableLength > 0, 'all of it was read');
  answer(accepted);
  assert.deepEqual(
    await got,
    Array.from({ length: 1 + bodies }, () => 'c'),
  );
  peer.quit();
  other.quit();
});

test('an idle connection is closed in the end', async () => {
  await using listener = await serve(accepting, { idleTimeout: 10 });
  await new Peer(listener).over();
});

test('a listener that closes lets a message come to its end, and idle peers go', async () => {
  const listener = await serve(accepting);
  const [busy, idle] = [await new Peer(listener).open(), await new Peer(listener).open()];
  await busy.ask(1, mta.mail('<a@example.org>'));
  await until(() => listener.connections === 2);
  const closed = listener.close();
  await idle.over();
  assert.deepEqual(await busy.ask(1, mta.rcpt('<b@example.net>')), ['c']);
  assert.deepEqual(await busy.ask(2, mta.endOfHeaders(), mta.endOfMessage()), ['c', 'c']);
  await busy.over();
  await closed;
});

test('it serves a unix socket as well', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-milter-'));
  t.after(() => rmSync(folder, { recursive: true }));
  await using listener = await serveMilter(accepting, { path: `${folder}/milter` });
  const peer = await new Peer(listener).open();
  assert.deepEqual(await peer.ask(1, mta.mail('<>')), ['c']);
  peer.quit();
});
