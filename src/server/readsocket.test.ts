import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import type { Judge } from '../judge/judge.ts';
import { replies } from '../mail/reply.ts';
import type { Question, Verdict } from '../verdict/verdict.ts';
import { formatRequest, longestRequest } from '../wire/readsocket/request.ts';
import { serveReadsocket } from './readsocket.ts';

const accepted: Verdict = { action: 'accept', reason: 'deliverable', reply: null, steps: [] };
const refused: Verdict = { ...accepted, action: 'refuse', reply: replies.recipientBlackhole };

interface Stage {
  readonly asked: Question[];
  dial(): Promise<Socket>;
}

async function openStage(t: TestContext, ask: Judge['ask'], patience = 10_000): Promise<Stage> {
  const asked: Question[] = [];
  const judge: Judge = {
    ask(question) {
      asked.push(question);
      return ask(question);
    },
  };
  const listener = await serveReadsocket(judge, { host: '127.0.0.1', port: 0 }, { patience });
  t.after(() => listener.close(0));
  return {
    asked,
    async dial() {
      const { endpoint } = listener;
      assert.ok('port' in endpoint);
      const socket = connect(endpoint);
      t.after(() => socket.destroy());
      await once(socket, 'connect');
      return socket;
    },
  };
}

/** All that is said until the end. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

const rcpt = formatRequest('rcpt', {
  ip: '192.0.2.20',
  helo: 'client.example',
  id: '',
  from: 'ann@good.example',
  to: '"a b"@hosted.example',
});

test('an answer that comes late still reaches who has closed his side', async (t) => {
  const { promise, resolve } = Promise.withResolvers<Verdict>();
  const stage = await openStage(t, () => promise);
  const socket = await stage.dial();
  const read = readAll(socket);
  socket.end(rcpt);
  setTimeout(() => resolve(refused), 50);
  assert.equal(await read, 'refuse 550 5.4.4 Recipient domain leads nowhere\n');
});

test('a question may come byte by byte, and the connection ends without its other half', async (t) => {
  const stage = await openStage(t, () => accepted);
  const socket = await stage.dial();
  socket.setNoDelay(true);
  const read = readAll(socket);
  for (const byte of Buffer.from(rcpt)) socket.write(Buffer.of(byte));
  assert.equal(await read, 'accept\n');
  assert.equal(stage.asked.length, 1);
});

test('each verb is the question that the judge knows', async (t) => {
  const stage = await openStage(t, () => accepted);
  const common = { from: 'zoe@a.example', to: 'x@b.example' };
  const lines = [
    rcpt,
    formatRequest('mail', { from: '' }),
    formatRequest('rcpt', { ...common, hop: 'b.example' }),
    formatRequest('deliver', { ...common, id: '1sXZyo-00000I-1J', hop: 'b.example' }),
    formatRequest('deliver', { ...common, from: '', hop: 'b.example' }),
  ];
  for (const line of lines) {
    const socket = await stage.dial();
    socket.end(line);
    assert.equal(await readAll(socket), 'accept\n');
  }
  const route = { mailer: 'smtp', host: 'b.example', address: 'x@b.example' };
  const base = { adapter: 'readsocket', client: null, queueId: null } as const;
  const mail = { ...base, reversePath: 'zoe@a.example', forwardPath: 'x@b.example' };
  assert.deepEqual(stage.asked, [
    {
      ...base,
      check: 'mailbox',
      client: { address: '192.0.2.20', name: null, helo: 'client.example' },
      reversePath: 'ann@good.example',
      forwardPath: '"a b"@hosted.example',
      mayRelay: true,
      nextHop: { mailer: 'routers', host: '', address: '"a b"@hosted.example' },
    },
    { ...base, check: 'sender', reversePath: '', forwardPath: null, nextHop: null },
    { ...mail, check: 'mailbox', mayRelay: true, nextHop: route },
    { ...mail, check: 'recipient', queueId: '1sXZyo-00000I-1J', nextHop: route },
    { ...mail, check: 'notice', reversePath: '', nextHop: route },
  ]);
});

const odd: readonly [name: string, said: string, want: RegExp][] = [
  ['nothing at all', '', /^error /],
  ['another protocol', 'GET / HTTP/1.1\r\n\r\n', /^error it does not begin with spillway 1\n$/],
  ['a question without end', 'x'.repeat(longestRequest), /^error a question without end\n$/],
];
for (const [name, said, want] of odd)
  test(`${name} is told so`, async (t) => {
    const stage = await openStage(t, () => accepted);
    const socket = await stage.dial();
    socket.end(said);
    assert.match(await readAll(socket), want);
    assert.equal(stage.asked.length, 0);
  });

test('a fault of the judge is no answer to obey', async (t) => {
  const stage = await openStage(t, () => Promise.reject(new Error('bug')));
  const socket = await stage.dial();
  socket.end(rcpt);
  assert.equal(await readAll(socket), 'error a fault of the guard\n');
});

test('who says nothing is sent away', async (t) => {
  const stage = await openStage(t, () => accepted, 50);
  const socket = await stage.dial();
  socket.on('error', () => {});
  await once(socket, 'close');
});
