import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import test from 'node:test';
import { exampleIncident } from '../../test/store/journal-suite.ts';
import { type AlertOptions, createAlerts } from './alerts.ts';

function optionsWith(changes: Partial<AlertOptions>) {
  const lines: string[] = [];
  const log = {
    warn: (_: object, message: string) => void lines.push(message),
    error: (_: object, message: string) => void lines.push(message),
  };
  const options = { name: 'mx.example', webhook: null, mail: null, log, now: () => 0, ...changes };
  return { options, lines };
}

test('texts of strangers cannot write a header, a line or a colour of their own', async () => {
  const mails: string[] = [];
  const send = async (_: string, content: Buffer) => void mails.push(content.toString());
  const { options, lines } = optionsWith({ mail: { to: 'ann@example.org', send } });
  const subject = 'x\r\nBcc: all@example.org\u001b[2J';
  createAlerts(options)('began', exampleIncident({ subject, samples: [subject] }));
  assert.doesNotMatch(lines.join(), /[\r\n\u001b]/);
  const [mail = ''] = mails;
  assert.doesNotMatch(mail, /^Bcc|\u001b/m);
  assert.doesNotMatch(mail.replaceAll('\r\n', ''), /[\r\n]/);
  assert.match(mail, /^Auto-Submitted: auto-generated\r$/m);
  assert.match(mail, /spillway journal \/2006\/09\/05\.1 tells more/);
});

test('no name makes a line that a mail server refuses', () => {
  const mails: Buffer[] = [];
  const send = async (_: string, content: Buffer) => void mails.push(content);
  const { options } = optionsWith({ mail: { to: 'ann@example.org', send } });
  for (const character of ['x', 'ü', '\u{1f4e7}', '\u001b', '\u202e']) {
    const subject = `${character.repeat(150)}@example.org`;
    createAlerts(options)('began', exampleIncident({ subject, samples: Array(8).fill(subject) }));
  }
  assert.equal(mails.length, 5);
  for (const mail of mails) {
    const lines = mail.toString('latin1').split('\r\n');
    assert.deepEqual(
      lines.filter(({ length }) => length > 998),
      [],
    );
    assert.ok(!mail.toString().includes('\ufffd'));
  }
});

test('a clock that is set back makes alerts silent for no longer than an hour', () => {
  let mails = 0;
  let now = Date.parse('2038-01-19T03:14:08Z');
  const send = async () => void mails++;
  const { options } = optionsWith({ mail: { to: 'ann@example.org', send }, now: () => now });
  const alert = createAlerts(options);
  for (let i = 0; i < 21; i++) alert('began', exampleIncident());
  now -= 365 * 24 * 3_600_000;
  alert('began', exampleIncident());
  assert.equal(mails, 21);
});

test('after twenty within an hour only the log tells of more', () => {
  let mails = 0;
  let now = 1_800_000;
  const send = async () => void mails++;
  const { options, lines } = optionsWith({ mail: { to: 'ann@example.org', send }, now: () => now });
  const alert = createAlerts(options);
  for (let i = 0; i < 50; i++) alert('began', exampleIncident());
  assert.equal(mails, 20);
  assert.equal(lines.length, 51);
  now += 3_599_999;
  for (let i = 0; i < 30; i++) alert('ended', exampleIncident());
  assert.equal(mails, 20);
  now += 1;
  alert('ended', exampleIncident());
  assert.equal(mails, 21);
});

test('a webhook in trouble is tried again, a few times', async (t) => {
  let asked = 0;
  const server = createServer((request, response) => {
    request.resume();
    response.statusCode = ++asked < 3 ? 500 : 204;
    response.end(() => server.emit('asked'));
  });
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const webhook = `http://127.0.0.1:${address.port}/`;
  const { options, lines } = optionsWith({ webhook, waits: [1, 1, 1] });
  createAlerts(options)('ended', exampleIncident());
  while (asked < 3) await once(server, 'asked');
  assert.deepEqual(
    lines.filter((line) => line.includes('failed')),
    [],
  );
});
