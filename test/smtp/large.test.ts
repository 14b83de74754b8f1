/** A message of 50 MB through the real store: whole, and never whole in memory. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import test from 'node:test';
import { openQueueStore } from '../../src/store/open-queue.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { startTestServer } from './server.ts';
import { Talk } from './talk.ts';

const line = `${'x'.repeat(76)}\r\n`;
const piece = Buffer.from(line.repeat(840)); // 64 KiB
const pieces = 760; // 50 MB

test('50 MB go through in little memory', async () => {
  using folder = temporaryFolder();
  await using server = await startTestServer({
    store: await openQueueStore(`sqlite:${folder.path}`, { serve: true }),
    limits: { messageSize: 60_000_000 },
  });
  await using talk = await (await Talk.dial(server)).hello();
  await talk.codes('MAIL FROM:<x@a.example>', 'RCPT TO:<ann@example.org>', 'DATA');
  talk.send('Subject: large\r\n\r\n');
  const before = process.memoryUsage.rss();
  let most = 0;
  const sent = createHash('sha256').update('Subject: large\r\n\r\n');
  for (let i = 0; i < pieces; i++) {
    sent.update(piece);
    if (!talk.socket.write(piece)) await once(talk.socket, 'drain');
    most = Math.max(most, process.memoryUsage.rss());
  }
  assert.match(await talk.say('.'), /^250 /);
  assert.ok(most - before < 120e6, `${Math.round((most - before) / 1e6)} MB more`);

  const kept = createHash('sha256');
  let size = 0;
  let head = '';
  for await (const { id } of server.store.list({}))
    for await (const part of server.store.read(id)) {
      let rest = Buffer.from(part);
      if (size === 0) {
        head = rest.toString('latin1').split('Subject:')[0] ?? '';
        rest = rest.subarray(head.length);
      }
      size += part.length;
      kept.update(rest);
    }
  assert.match(head, /^Received: /);
  assert.equal(kept.digest('hex'), sent.digest('hex'));
});
