import assert from 'node:assert/strict';
import test from 'node:test';
import { mailPortOf, type PostfixPlace, queuedTo } from './postfix.ts';
import type { Root } from './root.ts';

const place: PostfixPlace = {
  version: '3.7.11',
  mainCf: '/etc/postfix/main.cf',
  queueFolder: '/var/spool/postfix',
  masterPath: '/usr/lib/postfix/sbin/master',
  sendmailPath: '/usr/sbin/sendmail',
  configFolder: '/etc/postfix',
  instance: [],
  others: [],
};

function saying(stdout: string, status = 0): Root {
  return { folder: '/', run: async () => ({ status, stdout, stderr: '' }) };
}

const masters: readonly [lines: readonly string[], port: number | null][] = [
  [['smtp       inet  n       -       y       -       -       smtpd'], 25],
  [
    [
      'smtp       inet  n       -       y       -       1       postscreen',
      'smtpd pass - - y - - smtpd',
    ],
    25,
  ],
  [['127.0.0.1:10025 inet n  -       y       -       -       smtpd -o smtpd_milters='], 10025],
  [['[::1]:2500 inet n - y - - smtpd'], 2500],
  [['pickup     unix  n       -       y       60      1       pickup'], null],
  [['qmqp inet n - y - - qmqpd', '587 inet n - y - - smtpd'], 587],
];
for (const [lines, port] of masters)
  test(`${lines[0]}: ${port}`, async () =>
    assert.equal(await mailPortOf(saying(`${lines.join('\n')}\n`), place), port));

test('queued messages are found by a recipient of theirs', async () => {
  const lines = [
    '{"queue_name": "deferred", "queue_id": "6F8D1155", "sender": "", "recipients": [{"address": "a@[127.0.0.2]"}]}',
    '{"queue_name": "deferred", "queue_id": "6F8D1156", "sender": "", "recipients": [{"address": "ba@[127.0.0.2]"}]}',
  ];
  const root = saying(`${lines.join('\n')}\n`);
  assert.deepEqual(await queuedTo(root, place, 'a@[127.0.0.2]'), ['6F8D1155']);
  assert.equal(await queuedTo(saying('', 1), place, 'a@[127.0.0.2]'), null);
});
