import assert from 'node:assert/strict';
import test from 'node:test';
import type { Verdict } from '../../verdict/verdict.ts';
import { parseMessage } from './messages.ts';
import { answerOf, questionOf } from './questions.ts';
import { Retelling } from './retelling.ts';
import { FilterSessions } from './sessions.ts';

const id = '7641df9771b4ed00';
const token = '1ef1c203cc576e5d';

function report(event: string, rest: string, session = id) {
  const message = parseMessage(`report|0.6|1.2|smtp-in|${event}|${session}|${rest}`);
  assert.ok(message.kind === 'report');
  return message;
}

function query(phase: string, parameter: string) {
  const message = parseMessage(`filter|0.6|1.2|smtp-in|${phase}|${id}|${token}|${parameter}`);
  assert.ok(message.kind === 'query');
  return message;
}

function heard(...reports: readonly [event: string, rest: string][]) {
  const sessions = new FilterSessions(100);
  for (const [event, rest] of reports) sessions.hear(report(event, rest));
  return sessions.get(id);
}

const fromAfar: [string, string] = [
  'link-connect',
  'mx.example|pass|192.0.2.20:4711|192.0.2.10:25',
];
const fromHere: [string, string] = [
  'link-connect',
  'localhost|pass|unix:/var/run/smtpd.sock|unix:/var/run/smtpd.sock',
];
const noRoute = () => null;

test('the client is known by address, name and HELO', () => {
  assert.deepEqual(heard(fromAfar, ['link-identify', 'EHLO|mail.example']).client, {
    address: '192.0.2.20',
    name: 'mx.example',
    helo: 'mail.example',
  });
  const v6 = '<unknown>|fail|[2001:db8:25::20]:4711|[2001:db8:25::10]:25';
  assert.deepEqual(heard(['link-connect', v6]).client, {
    address: '2001:db8:25::20',
    name: null,
    helo: null,
  });
});

test('at mail-from the sender is asked about', () => {
  const session = heard(fromAfar, ['tx-mail', '1234abcd|ok|old@good-1.example']);
  const question = questionOf(query('mail-from', 'nicholas@seaton.biz'), session, noRoute);
  assert.equal(question?.check, 'sender');
  assert.equal(question?.reversePath, 'nicholas@seaton.biz');
  assert.equal(question?.queueId, null);
});

test('at rcpt-to the mailbox is asked about, with the route that the server has for it', () => {
  const session = heard(
    fromAfar,
    ['tx-begin', '1234abcd'],
    ['tx-mail', '1234abcd|ok|ann@good-1.example'],
  );
  const hop = { mailer: 'mda', host: 'hosted.example', address: 'info@hosted.example' };
  const question = questionOf(query('rcpt-to', 'info@hosted.example'), session, () => hop);
  assert.deepEqual(question, {
    check: 'mailbox',
    adapter: 'filter',
    client: session.client,
    connection: session.connection,
    reversePath: 'ann@good-1.example',
    forwardPath: 'info@hosted.example',
    queueId: '1234abcd',
    nextHop: hop,
    mayRelay: true,
  });
});

test('what is asked of one connection has one mark, which no other has', () => {
  const sessions = new FilterSessions(100);
  const asked = (session: string) =>
    questionOf(query('rcpt-to', 'info@hosted.example'), sessions.get(session), noRoute)?.connection;
  const other = 'aaaaaaaaaaaaaaaa';
  for (const one of [id, other]) sessions.hear(report(...fromAfar, one));
  const first = asked(id);
  sessions.hear(report('link-identify', 'EHLO|mail.example'));
  sessions.hear(report('tx-mail', '1234abcd|ok|ann@good-1.example'));
  assert.ok(first);
  assert.equal(asked(id), first);
  assert.notEqual(asked(other), first);
  assert.equal(asked('bbbbbbbbbbbbbbbb'), undefined, 'its beginning was not heard');
  sessions.hear(report(...fromHere));
  assert.equal(asked(id), undefined, 'it came over the socket of the machine');
});

test("a null reverse-path is smtpd's own notice only where it comes from the machine itself", () => {
  const rcpt = query('rcpt-to', 'nicholas@seaton.biz');
  const own = heard(fromHere, ['tx-mail', '1234abcd|ok|']);
  assert.equal(questionOf(rcpt, own, noRoute)?.check, 'notice');
  const foreign = heard(fromAfar, ['tx-mail', '1234abcd|ok|']);
  assert.equal(questionOf(rcpt, foreign, noRoute)?.check, 'mailbox');
  assert.equal(questionOf(rcpt, new FilterSessions(1).get(id), noRoute)?.check, 'mailbox');
});

test('a program of the machine is not asked about its sender, but about its recipients', () => {
  const session = heard(fromHere, ['tx-mail', '1234abcd|ok|root@host.example']);
  assert.equal(questionOf(query('mail-from', 'root@host.example'), session, noRoute), null);
  const rcpt = questionOf(query('rcpt-to', 'nicholas@seaton.biz'), session, noRoute);
  assert.equal(rcpt?.check, 'mailbox');
});

test('a transaction that ends takes its sender along, and a sender that was refused is none', () => {
  for (const event of ['tx-reset', 'tx-commit', 'tx-rollback', 'tx-begin'])
    assert.equal(
      heard(fromAfar, ['tx-mail', '1234abcd|ok|a@b.example'], [event, '']).reversePath,
      null,
    );
  assert.equal(heard(fromAfar, ['tx-mail', '1234abcd|permfail|a@b.example']).reversePath, null);
});

test('sessions are forgotten when they end, and the oldest when they are too many', () => {
  const sessions = new FilterSessions(3);
  for (let i = 0; i < 10; i++) sessions.hear(report('link-connect', fromAfar[1], `a${i}`));
  assert.equal(sessions.size, 3);
  for (let i = 0; i < 10; i++) sessions.hear(report('link-disconnect', '', `a${i}`));
  assert.equal(sessions.size, 0);
});

test('an address may be of any length and any bytes', () => {
  const question = questionOf(
    query('mail-from', '\u00e4'.repeat(10_000)),
    heard(fromAfar),
    noRoute,
  );
  assert.ok(question && (question.reversePath?.length ?? 0) <= 1000);
});

test('what cannot be dropped in silence is refused for good', () => {
  const verdict: Verdict = { action: 'discard', reply: null, reason: 'loopback', steps: [] };
  assert.deepEqual(answerOf(verdict), {
    kind: 'reject',
    reply: '550 5.4.4 Nobody can receive this notice',
  });
  assert.deepEqual(answerOf({ ...verdict, action: 'accept' }), { kind: 'proceed' });
  const quarantine = answerOf({ ...verdict, action: 'quarantine' });
  assert.match(quarantine.kind === 'reject' ? quarantine.reply : '', /^451 /);
});

test('who comes late is told the settings, and of each session what still holds', () => {
  const retelling = new Retelling(2);
  const hear = (line: string) => {
    const message = parseMessage(line);
    assert.ok(message.kind === 'config' || message.kind === 'report');
    retelling.hear(message, line);
  };
  const line = (event: string, session: string, rest = '') =>
    `report|0.6|1.2|smtp-in|${event}|${session}|${rest}`;
  for (const one of [
    'config|ready',
    line('link-connect', 'a', 'x'),
    line('tx-begin', 'a', '1'),
    line('tx-mail', 'a', '1|ok|old'),
    line('tx-commit', 'a'),
    line('tx-begin', 'a', '2'),
    line('link-connect', 'b', 'y'),
    line('link-disconnect', 'b'),
  ])
    hear(one);
  assert.deepEqual(
    [...retelling.lines()],
    ['config|ready', line('link-connect', 'a', 'x'), line('tx-begin', 'a', '2')],
  );
  for (const session of ['c', 'd', 'e']) hear(line('link-connect', session));
  assert.equal(retelling.size, 2);
});
