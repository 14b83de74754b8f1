import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import type { Judge } from '../judge/judge.ts';
import type { PostfixTable } from '../mail/postfix-tables.ts';
import { replies } from '../mail/reply.ts';
import type { Question, Verdict } from '../verdict/verdict.ts';
import { formatRequest } from '../wire/tcp-table/requests.ts';
import { serveTcpTable } from './tcp-table.ts';

const accepted: Verdict = { action: 'accept', reply: null, reason: 'deliverable', steps: [] };
const refused: Verdict = { ...accepted, action: 'refuse', reply: replies.recipientBlackhole };

async function dial(t: TestContext, table: PostfixTable, judge: Judge, maxConnections = 10) {
  const where = { host: '127.0.0.1', port: 0 };
  const listener = await serveTcpTable(judge, table, where, { maxConnections });
  t.after(() => listener.close(0));
  const { endpoint } = listener;
  assert.ok('port' in endpoint);
  const open = async () => {
    const socket = connect(endpoint);
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    return socket;
  };
  return { listener, open };
}

/** The next `count` lines. */
async function lines(socket: Socket, count: number): Promise<string[]> {
  let text = '';
  while (text.split('\n').length <= count) {
    const [chunk]: Buffer[] = await once(socket, 'data');
    text += chunk?.toString('latin1') ?? '';
  }
  return text.split('\n').slice(0, -1);
}

test('look-ups are judged, and answered in order however long each takes', async (t) => {
  const asked: Question[] = [];
  const late = Promise.withResolvers<Verdict>();
  const judge: Judge = {
    ask(question) {
      asked.push(question);
      return question.forwardPath === 'late@a.example' ? late.promise : refused;
    },
  };
  const { open } = await dial(t, 'postfix_transport', judge);
  const socket = await open();
  const answered = lines(socket, 3);
  socket.write(['late@a.example', '*', 'ann@seaton.biz'].map(formatRequest).join(''));
  late.resolve(accepted);
  assert.deepEqual(await answered, [
    '500 not%20found',
    '500 not%20found',
    '200 error:5.4.4%20Recipient%20domain%20leads%20nowhere',
  ]);
  assert.deepEqual(
    asked.map(({ adapter, check, forwardPath }) => [adapter, check, forwardPath]),
    [
      ['tcp', 'recipient', 'late@a.example'],
      ['tcp', 'recipient', 'ann@seaton.biz'],
    ],
  );
});

test('what is no request is deferred, and the connection goes on', async (t) => {
  const { open } = await dial(t, 'postfix_sender', { ask: () => accepted });
  const socket = await open();
  const answered = lines(socket, 2);
  socket.write(`put a b\n${formatRequest('ann@a.example')}`);
  const [first, second] = await answered;
  assert.match(first ?? '', /^400 expected/);
  assert.match(second ?? '', /^500 /);
});

test('a line without end is told, and only then the connection ends', async (t) => {
  const { open } = await dial(t, 'postfix_sender', { ask: () => accepted });
  const socket = await open();
  const ended = once(socket, 'end');
  const answered = lines(socket, 1);
  socket.write('x'.repeat(10_000));
  assert.match((await answered)[0] ?? '', /^400 a%20line/);
  await ended;
});

test('over the limit of connections, look-ups are deferred', async (t) => {
  const { open, listener } = await dial(t, 'postfix_recipient', { ask: () => accepted }, 1);
  const first = await open();
  const served = lines(first, 1);
  first.write(formatRequest('ann@a.example'));
  await served;
  assert.equal(listener.connections, 1);
  const second = await open();
  const answered = lines(second, 1);
  second.write(formatRequest('ann@a.example'));
  assert.deepEqual(await answered, ['400 too%20many%20connections']);
});
