/**
 * The guard as tables of a real Postfix, by socketmap and by tcp; and which of all hooks see the notices
 * that Postfix writes itself.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { hostedSites } from '../../src/replay/sites.ts';
import {
  byMilter,
  byPolicy,
  byTransport,
  countInLog,
  isEmpty,
  noticesByMilter,
  openScene,
  playOut,
  routes,
  sizes,
  toSeaton,
  written,
} from './guarded-postfix.ts';
import { play } from './incident.ts';
import { run } from './place.ts';
import { whyNot } from './requirements.ts';
import { countReceipts } from './scene.ts';
import { until } from './until.ts';

const skip = await whyNot();

const ports = { postfix_transport: 9993, postfix_sender: 9992, postfix_recipient: 9991 } as const;
type Table = keyof typeof ports;
const socketmap = (table: Table) => `socketmap:inet:127.0.0.1:9997:${table}`;
const tcp = (table: Table) => `tcp:127.0.0.1:${ports[table]}`;

const sites = hostedSites
  .map((name) => `[[domains]]\nname = "${name}"\nmailboxes = ["info"]\n`)
  .join('');
const more = `
[guard]
tcp = ["127.0.0.1:9993"]
tcpSender = ["127.0.0.1:9992"]
tcpRecipient = ["127.0.0.1:9991"]
${sites}`;

function byAccess(table: typeof tcp): Record<string, string> {
  const [sender, recipient] = [table('postfix_sender'), table('postfix_recipient')];
  return {
    smtpd_recipient_restrictions: `reject_unauth_destination, check_sender_access ${sender}, check_recipient_access ${recipient}`,
  };
}

test('postmap gets the same from the tables of either protocol', { skip }, async () => {
  await using scene = await openScene({ more });
  const { place } = scene.postfix.machine;
  const ask = async (table: string, key: string) =>
    (await run(place, ['postmap', '-q', key, table], { accept: [0, 1] })).trim();
  const deadEnd = 'Recipient domain leads nowhere';
  const noReport = 'Sender domain leads nowhere: no report can reach it';
  const wanted: readonly [table: Table, key: string, answer: string][] = [
    ['postfix_transport', 'nicholas@seaton.biz', `error:5.4.4 ${deadEnd}`],
    ['postfix_transport', '"100% odd"@seaton.biz', `error:5.4.4 ${deadEnd}`],
    ['postfix_transport', 'ann@good-1.example', ''],
    ['postfix_transport', '*', ''],
    ['postfix_transport', 'seaton.biz', ''],
    ['postfix_sender', 'nicholas@seaton.biz', `550 5.1.8 ${noReport}`],
    ['postfix_sender', 'ann@good-1.example', ''],
    ['postfix_sender', '<>', ''],
    ['postfix_recipient', 'info@bakery.example', ''],
    ['postfix_recipient', 'nobody@bakery.example', '550 5.1.1 No such mailbox here'],
  ];
  for (const [table, key, answer] of wanted)
    for (const name of [socketmap(table), tcp(table)])
      assert.equal(await ask(name, key), answer, `${key} in ${name}`);
});

test('transport_maps by tcp: notices to the black hole fail without a connection', {
  skip,
}, async () => {
  const settings = { transport_maps: `${routes}, ${tcp('postfix_transport')}` };
  await using scene = await openScene({ settings, modes: { sender: 'off' }, more });
  const report = await playOut(scene);
  assert.equal(report.spam.accepted, sizes.messages);
  assert.equal(report.wanted.delivered, sizes.wanted);
  assert.equal(report.misaddressed.noticed, sizes.misaddressed);
  assert.ok(await isEmpty(scene));
  const failed = /postfix\/error.*to=<nicholas@seaton\.biz>.*dsn=5\.4\.4, status=bounced/;
  assert.equal(await countInLog(scene.postfix, failed), sizes.messages);
  assert.equal(await countInLog(scene.postfix, toSeaton), sizes.messages);
});

for (const [protocol, table] of [
  ['socketmap', socketmap],
  ['tcp', tcp],
] as const)
  test(`access tables by ${protocol}: the flood and unknown recipients are refused at RCPT`, {
    skip,
  }, async () => {
    await using scene = await openScene({ settings: byAccess(table), more });
    const report = await playOut(scene);
    assert.equal(report.spam.accepted, 0);
    assert.equal(report.misaddressed.accepted, 0);
    assert.equal(report.wanted.delivered, sizes.wanted);
    assert.ok(await isEmpty(scene));
    assert.equal(await countInLog(scene.postfix, written), 0);
    // There is no other failure mode for a table.
    await scene.guard.stop();
    const alone = await play(scene.incident, { timeout: 10_000 });
    assert.equal(alone.wanted.accepted, 0);
    const said = /451 4\.3\.5 <[^>]+>: Sender address rejected: Server configuration error/;
    assert.ok((await countInLog(scene.postfix, said)) > 0);
  });

test("Postfix's own notices are seen by transport_maps and non_smtpd_milters, and by nothing else", {
  skip,
}, async () => {
  await using scene = await openScene({ more });
  const { postfix, guard } = scene;
  /** Handed in by a program of the machine: no SMTP session, and Postfix must write a notice. */
  const bounce = async (settings: Readonly<Record<string, string>>, sender: string) => {
    await postfix.configure({ transport_maps: routes, ...settings });
    const before = await countInLog(postfix, written);
    const command = ['sendmail', '-i', '-f', sender, 'no-such-user@localhost'];
    await run(postfix.machine.place, command, { input: 'Subject: test\n\n' });
    const isWritten = async () => (await countInLog(postfix, written)) > before;
    assert.ok(await until(isWritten), `no notice to ${sender}`);
    assert.ok(await isEmpty(scene));
  };
  // Each asks about another address of the black hole, so that its receipts are its own.
  const restrictions = `${byPolicy('open')['smtpd_recipient_restrictions']}, check_sender_access ${tcp('postfix_sender')}, check_recipient_access ${tcp('postfix_recipient')}`;
  const atTheDoor = { ...byMilter('open'), smtpd_recipient_restrictions: restrictions };
  await bounce(atTheDoor, 'ann@[127.0.0.2]');
  await bounce({ ...atTheDoor, internal_mail_filter_classes: 'bounce' }, 'ann@[127.0.0.3]');
  await bounce(byTransport, 'ann@[127.0.0.4]');
  await bounce({ transport_maps: `${routes}, ${tcp('postfix_transport')}` }, 'ann@[127.0.0.5]');
  await bounce(noticesByMilter('open'), 'ann@[127.0.0.6]');
  await bounce({ ...noticesByMilter('open'), internal_mail_filter_classes: '' }, 'ann@[127.0.0.7]');
  await guard.stop();
  const receipts = await guard.journal();
  const seen = (domain: string, adapter: string) =>
    countReceipts(
      receipts.filter((receipt) => receipt.adapter === adapter),
      { domain },
    );
  for (const domain of ['[127.0.0.2]', '[127.0.0.3]', '[127.0.0.7]'])
    assert.equal(countReceipts(receipts, { domain }), 0, domain);
  assert.ok(seen('[127.0.0.4]', 'socketmap') > 0);
  assert.ok(seen('[127.0.0.5]', 'tcp') > 0);
  assert.equal(seen('[127.0.0.6]', 'milter'), 1);
});
