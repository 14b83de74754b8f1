import assert from 'node:assert/strict';
import test from 'node:test';
import { startTestServer } from './server.ts';
import { Talk } from './talk.ts';

test('a message for a mailbox is taken, kept and handed to the delivery', async () => {
  await using server = await startTestServer();
  await using talk = await Talk.dial(server);
  assert.equal(await talk.reply(), '220 mx.example.org ESMTP ready');
  await talk.say('EHLO client.example');
  const said = await talk.deliver(
    'x@remote.example',
    ['ann@example.org'],
    'Subject: hi\r\n\r\nhello',
  );
  assert.match(said, /^250 2\.0\.0 Taken as [0-9a-z]{11}$/);
  assert.equal(await talk.say('QUIT'), '221 2.0.0 Goodbye');
  await talk.closed();
  const [message, ...more] = await server.messages();
  assert.deepEqual(more, []);
  assert.match(message?.content ?? '', /\r\nSubject: hi\r\n\r\nhello\r\n$/);
  assert.deepEqual(server.taken, [message?.id]);
  assert.deepEqual(
    message?.recipients.map(({ forwardPath }) => forwardPath),
    ['ann@example.org'],
  );
});
