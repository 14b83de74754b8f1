import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import test, { type TestContext } from 'node:test';
import { formatNetstring, parseNetstrings } from '../wire/socketmap/netstrings.ts';
import { listen } from './listener.ts';
import { type AnswerRequest, converse } from './lookup-conversation.ts';
import { netstringFraming } from './socketmap.ts';

async function dial(t: TestContext, answer: AnswerRequest) {
  const listener = await listen({ host: '127.0.0.1', port: 0 }, (socket) =>
    converse(socket, netstringFraming, answer),
  );
  t.after(() => listener.close(0));
  assert.ok('port' in listener.endpoint);
  const socket = connect(listener.endpoint);
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return { socket, listener };
}

/** The next `count` replies. */
async function replies(socket: Socket, count: number): Promise<string[]> {
  const seen: string[] = [];
  let rest: Buffer = Buffer.alloc(0);
  while (seen.length < count) {
    const [chunk]: Buffer[] = await once(socket, 'data');
    const parsed = parseNetstrings(Buffer.concat([rest, chunk ?? Buffer.alloc(0)]), 1000);
    rest = parsed.rest;
    for (const event of parsed.events)
      seen.push(event.kind === 'string' ? event.data.toString('latin1') : event.problem);
  }
  return seen;
}

test('answers keep the order of the questions, however long each takes', async (t) => {
  const slow = Promise.withResolvers<string>();
  const { socket } = await dial(t, (request) =>
    request === 'slow' ? slow.promise : `OK ${request}`,
  );
  const answered = replies(socket, 3);
  socket.write(['a', 'slow', 'b'].map(formatNetstring).join(''));
  slow.resolve('OK slow');
  assert.deepEqual(await answered, ['OK a', 'OK slow', 'OK b']);
});

test('a question may come byte by byte', async (t) => {
  const { socket } = await dial(t, (request) => `OK ${request}`);
  socket.setNoDelay(true);
  const answered = replies(socket, 1);
  for (const byte of Buffer.from(formatNetstring('guard key'))) socket.write(Buffer.of(byte));
  assert.deepEqual(await answered, ['OK guard key']);
});

test('ten thousand pipelined questions get ten thousand answers', async (t) => {
  const { socket } = await dial(t, async (request) => `OK ${request}`);
  const answered = replies(socket, 10_000);
  socket.write(Array.from({ length: 10_000 }, (_, i) => formatNetstring(String(i))).join(''));
  assert.equal((await answered).at(-1), 'OK 9999');
});

test('what is no netstring is told, and only then the connection ends', async (t) => {
  const { socket } = await dial(t, (request) => `OK ${request}`);
  const ended = once(socket, 'end');
  const answered = replies(socket, 2);
  socket.write('1:a,GET / HTTP/1.1\r\n');
  const [first, second] = await answered;
  assert.equal(first, 'OK a');
  assert.match(second ?? '', /^PERM a netstring starts with its length/);
  await ended;
});

test('a fault of the answerer defers', async (t) => {
  const { socket } = await dial(t, () => Promise.reject(new Error('bug')));
  const answered = replies(socket, 1);
  socket.write(formatNetstring('a'));
  assert.deepEqual(await answered, ['TEMP a fault of the guard']);
});

test('at the end of the listener, what was asked is still answered', async (t) => {
  const slow = Promise.withResolvers<string>();
  const asked = Promise.withResolvers<void>();
  const { socket, listener } = await dial(t, () => {
    asked.resolve();
    return slow.promise;
  });
  const answered = replies(socket, 1);
  socket.write(formatNetstring('a'));
  await asked.promise;
  const closed = listener.close(5000);
  slow.resolve('OK late');
  assert.deepEqual(await answered, ['OK late']);
  await closed;
});
