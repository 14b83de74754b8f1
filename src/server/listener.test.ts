import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import type { Endpoint } from '../mail/endpoint.ts';
import { ListenError } from './bind.ts';
import { type Finish, type Listener, listen } from './listener.ts';

const anyPort: Endpoint = { host: '127.0.0.1', port: 0 };

/** Sends back what it gets; ends when asked to finish. */
function echo(socket: Socket): Finish {
  socket.pipe(socket);
  return () => socket.end();
}

async function dial(listener: Listener): Promise<Socket> {
  const target: NetConnectOpts = listener.endpoint;
  const socket = connect(target);
  await once(socket, 'connect');
  return socket;
}

async function say(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [bytes] = await once(socket, 'data');
  return String(bytes);
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'spillway-listener-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

test('a listener on port 0 tells the port it got and serves it', async () => {
  await using listener = await listen(anyPort, echo);
  assert.ok('port' in listener.endpoint && listener.endpoint.port > 0);
  const socket = await dial(listener);
  assert.equal(await say(socket, 'hello'), 'hello');
  assert.equal(listener.connections, 1);
  socket.destroy();
});

test('an address in use is an error that names the endpoint and the way out', async () => {
  await using first = await listen(anyPort, echo);
  await assert.rejects(listen(first.endpoint, echo), (error) => {
    assert.ok(error instanceof ListenError);
    assert.equal(error.code, 'LISTEN');
    assert.match(error.message, /127\.0\.0\.1:\d+: the address is in use; stop the program/);
    return true;
  });
});

test('all of IPv6 stands beside all of IPv4 on one port', async () => {
  await using four = await listen({ host: '0.0.0.0', port: 0 }, echo);
  assert.ok('port' in four.endpoint);
  await using six = await listen({ host: '::', port: four.endpoint.port }, echo);
  assert.deepEqual(six.endpoint, { host: '::', port: four.endpoint.port });
});

test('an address of another machine is an error that says so', async () => {
  await assert.rejects(listen({ host: '192.0.2.1', port: 0 }, echo), /no such address/);
});

test('a unix socket has its mode, serves, and is gone after close', async (t) => {
  const path = join(folder(t), 's');
  const listener = await listen({ path }, echo, { mode: 0o600 });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const socket = await dial(listener);
  assert.equal(await say(socket, 'hello'), 'hello');
  socket.destroy();
  await listener.close();
  assert.equal(existsSync(path), false);
});

test('a unix socket is for owner and group unless told otherwise', async (t) => {
  const path = join(folder(t), 's');
  await using _listener = await listen({ path }, echo);
  assert.equal(statSync(path).mode & 0o777, 0o660);
});

test('a socket file that a dead process left behind is replaced', async (t) => {
  const path = join(folder(t), 's');
  const dying =
    "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
  const ended = spawnSync(process.execPath, ['-e', dying, path]);
  assert.equal(ended.signal, 'SIGKILL');
  assert.equal(statSync(path).isSocket(), true);
  await using listener = await listen({ path }, echo);
  const socket = await dial(listener);
  assert.equal(await say(socket, 'hello'), 'hello');
  socket.destroy();
});

test('a socket file that somebody listens on is left alone', async (t) => {
  const path = join(folder(t), 's');
  await using first = await listen({ path }, echo);
  await assert.rejects(listen({ path }, echo), /another process listens there/);
  const socket = await dial(first);
  assert.equal(await say(socket, 'hello'), 'hello');
  socket.destroy();
});

test('a file that is no socket is never removed', async (t) => {
  const path = join(folder(t), 's');
  writeFileSync(path, 'precious');
  await assert.rejects(listen({ path }, echo), /exists and is no socket/);
  assert.equal(existsSync(path), true);
});

test('a missing folder is named', async (t) => {
  const path = join(folder(t), 'none', 's');
  await assert.rejects(listen({ path }, echo), /the folder .*none does not exist/);
});

test('a connection over the limit is told so and the others go on', async () => {
  await using listener = await listen(anyPort, echo, {
    maxConnections: 1,
    onBusy: (socket) => socket.end('too busy'),
  });
  const first = await dial(listener);
  assert.equal(await say(first, 'one'), 'one');
  const second = await dial(listener);
  const [word] = await once(second, 'data');
  assert.equal(String(word), 'too busy');
  await once(second, 'close');
  assert.equal(await say(first, 'two'), 'two');
  first.destroy();
});

test('a connection over the limit that lingers is destroyed', async () => {
  await using listener = await listen(anyPort, echo, {
    maxConnections: 0,
    onBusy: () => {},
    busyGrace: 10,
  });
  const socket = await dial(listener);
  socket.resume();
  await once(socket, 'close');
});

test('without a word for it, a connection over the limit is closed', async () => {
  await using listener = await listen(anyPort, echo, { maxConnections: 0 });
  const socket = await dial(listener);
  socket.on('error', () => {});
  socket.resume();
  await once(socket, 'close');
});

test('close lets a connection finish what it began', async () => {
  const begun = Promise.withResolvers<void>();
  const listener = await listen(anyPort, (socket) => {
    socket.once('data', () => begun.resolve());
    return () => setImmediate(() => socket.end('last words'));
  });
  const socket = await dial(listener);
  socket.write('x');
  await begun.promise;
  const heard = once(socket, 'data');
  await listener.close();
  assert.equal(String((await heard)[0]), 'last words');
});

test('close destroys a connection that does not finish in time', async () => {
  const listener = await listen(anyPort, () => () => {});
  const socket = await dial(listener);
  socket.on('error', () => {});
  socket.resume();
  await Promise.all([listener.close(10), once(socket, 'close')]);
  assert.equal(listener.connections, 0);
});

test('a fault in one connection is logged and ends only that one', async () => {
  const faults: object[] = [];
  let count = 0;
  await using listener = await listen(
    anyPort,
    (socket) => {
      if (++count === 2) throw new Error('boom');
      return echo(socket);
    },
    { log: { info() {}, warn() {}, error: (details) => void faults.push(details) } },
  );
  const good = await dial(listener);
  assert.equal(await say(good, 'one'), 'one');
  const bad = await dial(listener);
  bad.on('error', () => {});
  bad.resume();
  await once(bad, 'close');
  assert.equal(await say(good, 'two'), 'two');
  assert.equal(faults.length, 1);
  good.destroy();
});

test('a peer that resets its connection does no harm to another', async () => {
  await using listener = await listen(anyPort, echo);
  const bad = await dial(listener);
  const good = await dial(listener);
  bad.write('half a');
  bad.resetAndDestroy();
  assert.equal(await say(good, 'still here'), 'still here');
  good.destroy();
});
