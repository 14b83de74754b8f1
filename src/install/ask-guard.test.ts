import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import test from 'node:test';
import type { Root } from '../machine/root.ts';
import { type Asked, askReadsocket, type Door, listening, whoAnswers } from './ask-guard.ts';

const root: Root = { folder: '/', run: () => assert.fail() };

test('a guard that a hand-made configuration calls by a name is asked', async () => {
  const server = createServer((socket) => socket.end('accept\n')).listen(0, 'localhost');
  await once(server, 'listening');
  const place = server.address();
  assert.ok(typeof place === 'object' && place !== null);
  assert.deepEqual(await askReadsocket(root, `localhost:${place.port}`), {
    kind: 'answer',
    text: 'accept',
  });
  server.close();
});

for (const endpoint of ['', 'localhost:smtp', '${lookup', '127.0.0.1:99999', 'unix:relative'])
  test(`${JSON.stringify(endpoint)} is nowhere, and that is told`, async () =>
    assert.deepEqual(await askReadsocket(root, endpoint), {
      kind: 'silence',
      why: 'neither host:port nor unix:/path',
    }));

test('a path that is too long for a socket is told', async () => {
  const asked = await askReadsocket(root, `unix:/${'x'.repeat(500)}`);
  assert.equal(asked.kind, 'silence');
});

const answers: readonly [door: Door, text: string, isOurs: boolean][] = [
  ['socketmap', 'OK alive', true],
  ['socketmap', 'NOTFOUND ', false],
  ['milter', 'O version 6', true],
  ['milter', 'O version 1', false],
  ['policy', 'action=DUNNO', true],
  ['policy', 'action=DUNNO\nmore', false],
  ['readsocket', 'accept', true],
  ['readsocket', '220 mx.example', false],
  ['sink', '220 mx.example', true],
  ['filter', 'reject|550 5.1.8 no', true],
  ['filter', 'proceeding', false],
];
for (const [door, text, isOurs] of answers)
  test(`${door}: ${JSON.stringify(text)} is ${isOurs ? 'ours' : "somebody else's"}`, () => {
    const asked: Asked = { kind: 'answer', text };
    assert.equal(whoAnswers(door, 'there', asked).who, isOurs ? 'guard' : 'somebody else');
    assert.equal(listening(door, 'there', asked).outcome, isOurs ? 'well' : 'trouble');
  });
