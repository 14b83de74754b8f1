import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import test from 'node:test';
import { createCrowd } from './crowd.ts';
import { describeTransaction, type Outgoing } from './smtp-connection.ts';

const message: Outgoing = {
  reversePath: 'ann@good.example',
  forwardPaths: ['info@site.example'],
  content: 'Subject: hi\n\nhi\n',
};

/** A server that takes everything and remembers the commands of each connection. */
async function openServer(extensions: readonly string[]) {
  const connections: string[][] = [];
  let most = 0;
  let open = 0;
  const server = createServer((socket) => {
    const heard: string[] = [];
    connections.push(heard);
    most = Math.max(most, ++open);
    socket.on('error', () => undefined);
    socket.write('220 ready\r\n');
    let isContent = false;
    socket.on('data', (chunk) => {
      for (const line of chunk.toString().split('\r\n').slice(0, -1)) {
        if (isContent) {
          if (line !== '.') continue;
          isContent = false;
          socket.write('250 2.0.0 Ok\r\n');
          continue;
        }
        heard.push(line);
        if (line.startsWith('EHLO'))
          socket.write(
            ['me.example', ...extensions]
              .map((text, i, all) => `250${i === all.length - 1 ? ' ' : '-'}${text}\r\n`)
              .join(''),
          );
        else if (line.startsWith('XCLIENT')) socket.write('220 ready again\r\n');
        else if (line === 'DATA') {
          isContent = true;
          socket.write('354 go\r\n');
        } else if (line === 'QUIT') {
          open--;
          socket.end('221 bye\r\n');
        } else socket.write('250 2.1.0 Ok\r\n');
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    connections,
    get most() {
      return most;
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

test('each client has connections of its own, and hangs up when it has nothing more to say', async () => {
  await using server = await openServer(['XCLIENT NAME ADDR', 'PIPELINING']);
  const { address, port } = server;
  await using crowd = createCrowd({ address, port, connections: 2, rate: 0, tellsClients: true });
  for (let n = 0; n < 20; n++) {
    const client = n % 2 ? `198.18.${n}.1` : '2001:db8::7';
    const { transaction } = await crowd.send(client, message);
    assert.equal(describeTransaction(transaction), 'accepted');
  }
  const told = server.connections.map(([, xclient]) => xclient);
  assert.equal(new Set(told).size, 11);
  assert.ok(told.includes('XCLIENT ADDR=198.18.3.1'));
  assert.ok(told.includes('XCLIENT ADDR=IPV6:2001:db8::7'));
  assert.ok(server.connections.every((heard) => heard.at(-1) === 'QUIT'));
  assert.equal(server.most, 1);
  assert.equal(crowd.connected, 20);
});

test('a server that takes no XCLIENT is sent nothing in the name of others', async () => {
  await using server = await openServer(['PIPELINING']);
  const { address, port } = server;
  await using crowd = createCrowd({ address, port, connections: 2, rate: 0, tellsClients: true });
  const { transaction } = await crowd.send('198.18.0.1', message);
  assert.match(
    describeTransaction(transaction),
    /broken at hello: the server does not take XCLIENT/,
  );
  assert.ok(server.connections.every((heard) => !heard.some((line) => line.startsWith('MAIL'))));
});

test('without XCLIENT all share a few connections', async () => {
  await using server = await openServer(['XCLIENT NAME ADDR', 'PIPELINING']);
  const { address, port } = server;
  await using crowd = createCrowd({ address, port, connections: 2, rate: 0, tellsClients: false });
  const clients = Array.from({ length: 20 }, (_, n) => `198.18.${n}.1`);
  await Promise.all(clients.map((client) => crowd.send(client, message)));
  assert.equal(server.connections.length, 2);
  assert.ok(!server.connections.flat().some((line) => line.startsWith('XCLIENT')));
});
