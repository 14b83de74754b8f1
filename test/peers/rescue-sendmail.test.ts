/**
 * The rescue of a drowned sendmail: what is read of its queue is what it says itself, and what is taken
 * from it and put back while it works does it no harm.
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import test from 'node:test';
import { addressIn } from '../../src/foreign/sendmail/queue-address.ts';
import type { Root } from '../../src/machine/root.ts';
import type { MailServer, QueueHand } from '../../src/rescue/mail-server.ts';
import type { EntryPlace } from '../../src/rescue/reader.ts';
import { openSendmailReader } from '../../src/rescue/sendmail/reader.ts';
import { findSendmail } from '../../src/rescue/sendmail/server.ts';
import { archived } from './archived.ts';
import {
  type Drowned,
  keepRunning,
  lost,
  openDrowned,
  readMailq,
  type Shown,
  settled,
  wanted,
} from './drowned.ts';
import { incidentRecords } from './incident.ts';
import { run } from './place.ts';
import { whyNot } from './requirements.ts';
import { until } from './until.ts';

const skip = await whyNot();

const oddMail = [
  {
    mail: '<customer@good-2.example>',
    rcpt: ['info@bakery.example', 'bob@good-1.example', 'carl@good-1.example', 'emil@seaton.biz'],
    content: 'Subject: several\n\nx',
  },
  {
    mail: '<j\xf6rg@good-2.example> BODY=8BITMIME',
    rcpt: ['\xc3\xa9va@good-1.example'],
    content: 'Subject: 8bit\n\n\xe4',
  },
  {
    mail: '<dsn@good-2.example> RET=HDRS ENVID=QQ314159',
    rcpt: ['"odd one"@good-1.example', 'fred@good-1.example'],
    content: 'Subject: dsn\n\nx',
  },
  { mail: '<>', rcpt: ['hans@good-1.example'], content: 'Subject: foreign\n\nx' },
].map(({ rcpt, ...rest }) => ({ ...rest, rcpt: rcpt.map((path) => `<${path}>`) }));

const splitSpool = {
  features: [
    "define(`QUEUE_DIR', `/var/spool/mqueue/q*')dnl",
    "QUEUE_GROUP(`slow', `P=/var/spool/mqueue/slow*, F=f, r=2')dnl",
    "FEATURE(`queuegroup')dnl",
  ],
  prepare: `
cd /var/spool/mqueue
mkdir -p qd1/qf qd1/df qd1/xf qd2 qd3/df slow1 slow2/qf
chown -R --reference=. .
chmod -R 2750 *
cd /etc/mail
echo 'QGRP:good-1.example slow' >> access
makemap hash access < access`,
};

for (const [title, options] of [
  ['one queue folder', {}],
  ['wildcard folders with qf, df and xf inside, and queue groups', splitSpool],
] as const)
  test(`What is read is what mailq says: ${title}`, { skip }, async () => {
    await using drowned = await openDrowned(options);
    const { world, shell, sendmail } = drowned;
    await world.call('send', [
      lost('nicholas@seaton.biz', 1),
      lost('real@good-1.example', 2),
      wanted('ann@good-1.example', 'deferred'),
      wanted('quinn@good-1.example', 'quarantined'),
      ...oddMail,
    ]);
    // Of a program on the same machine; the submission queue keeps it while DNS does not answer.
    await shell(`printf 'From: Ann <ann@good-2.example>\nTo: Bob Builder <bob@good-1.example>,
 carl@good-1.example (Carl C)\nSubject: local\n\nx\n' | sendmail -t`);
    await until(async () => (await shell('mailq')).includes('quinn'));
    await settled(drowned);
    await shell("sendmail -Q'by the admin' -qRquinn@good-1.example");

    const server = await serverOf(drowned);
    assert.equal(server.title, `sendmail ${await versionOf(drowned)}`);
    assert.equal(server.queue, '/var/spool/mqueue');
    assert.equal(await server.isRunning(), true);
    const shown = await mailqOf(drowned);
    assert.ok(shown.length >= 9, await sendmail.story());
    assert.deepEqual(readQueue(server).map(asShown).toSorted(byId), shown);
    const quarantined = readQueue(server).filter(({ state }) => state === 'held');
    assert.deepEqual(
      quarantined.map(({ heldFor, recipients }) => [heldFor, recipients[0]?.forwardPath]),
      [['by the admin', 'quinn@good-1.example']],
    );
    const notices = readQueue(server).filter(({ notice }) => notice === 'own');
    assert.deepEqual(
      notices.map(({ report }) => [report?.sender, report?.recipients, report?.client]).toSorted(),
      [
        ['nicholas@seaton.biz', ['nobody@bakery.example'], '192.0.2.20'],
        ['real@good-1.example', ['nobody@bakery.example'], '192.0.2.20'],
      ],
    );
    await sendmail.stop();
    assert.equal(await server.isRunning(), false);
  });

test('Where sendmail would send, by its own tables; addresses are no commands', {
  skip,
}, async () => {
  await using drowned = await openDrowned();
  const { world } = drowned;
  await world.call('setRecords', incidentRecords);
  const server = await serverOf(drowned);
  const odd = ['"odd, one"@bakery.example', 'a@@bakery.example', '\u00e9@bakery.example'];
  const hostile = [
    '/quit',
    '-oQ/tmp',
    '3,0 x',
    'a@b.example\n/quit',
    '$(touch /tmp/x)',
    '=M',
    '.Dx',
  ];
  const hops = await server.nextHops([
    'info@bakery.example',
    'nicholas@seaton.biz',
    ...odd,
    ...hostile,
    'ann@localhost',
    'a@@b\\',
    '',
  ]);
  const seen = (address: string) => {
    const hop = hops.get(address);
    return hop && [hop.mailer, hop.host.replace(/\.$/, '')];
  };
  assert.deepEqual(seen('info@bakery.example'), ['esmtp', '[192.0.2.30]']);
  assert.deepEqual(seen('nicholas@seaton.biz'), ['esmtp', 'seaton.biz']);
  assert.equal(seen('ann@localhost')?.[0], 'local');
  for (const address of odd) assert.deepEqual(seen(address), ['esmtp', '[192.0.2.30]'], address);
  assert.equal(seen('a@@b\\'), undefined);
  assert.equal(seen(''), undefined);
  assert.equal(seen('a@b.example\n/quit'), undefined);
});

test('Quarantine by us is quarantine to sendmail, and ends as it came', { skip }, async () => {
  await using drowned = await openDrowned();
  const { world, shell } = drowned;
  await world.call('send', [
    wanted('ann@good-1.example', 'one'),
    wanted('bob@good-1.example', 'two'),
  ]);
  await settled(drowned);
  const hand = handOf(await serverOf(drowned));
  const before = await mailqOf(drowned);
  const [one] = placesOf(await serverOf(drowned), ({ recipients }) => recipients.includes('ann'));
  assert.ok(one);
  const files = () => shell('cd /var/spool/mqueue; stat -c "%n %U %G %a" *; cat [qh]f*');
  const was = await files();

  assert.deepEqual([...(await hand.hold([one], 'a circle\nof mail'))], [[one.id, 'held']]);
  const held = (await mailqOf(drowned)).find(({ id }) => id === one.id);
  assert.equal(held?.quarantine, 'a circle of mail');
  assert.deepEqual([...(await hand.hold([one], 'again'))], [[one.id, 'held']]);
  assert.match(await shell('mailq -qQ'), /a circle of mail/);

  assert.deepEqual([...(await hand.release([one.id, 'nobody0'])).values()], ['released', 'gone']);
  assert.deepEqual(await mailqOf(drowned), before);
  assert.equal(await files(), was);
  await world.call('setRecords', incidentRecords);
  await shell('sendmail -q');
  assert.ok(await until(async () => (await world.call('arrived')).length === 2));
  assert.deepEqual((await world.call('arrived')).toSorted(), ['one', 'two']);
  await assertCleanLog(drowned);
});

test('What sendmail works on is busy, and what it has delivered is gone', { skip }, async () => {
  await using drowned = await openDrowned();
  const { world, shell } = drowned;
  await world.call('send', [wanted('ann@good-1.example', 'one')]);
  await settled(drowned);
  const server = await serverOf(drowned);
  const hand = handOf(server);
  const [place] = placesOf(server, () => true);
  assert.ok(place);
  {
    await using first = await hand.seize([place]);
    assert.deepEqual([...first.seized.keys()], [place.id]);
    await using second = await hand.seize([place]);
    assert.deepEqual([...second.missed], [[place.id, 'busy']]);
    // Its queue run goes by.
    await world.call('setRecords', incidentRecords);
    await shell('sendmail -q -v < /dev/null > /dev/null 2>&1 || true');
    assert.match(await shell('mailq'), /\*/);
    assert.deepEqual(await world.call('arrived'), []);
  }
  await shell('sendmail -q');
  assert.ok(await until(async () => (await world.call('arrived')).length === 1));
  assert.ok(await until(async () => (await mailqOf(drowned)).length === 0));
  await using third = await hand.seize([place]);
  assert.deepEqual([...third.missed], [[place.id, 'gone']]);
  await assertCleanLog(drowned);
});

test('A queue is drained under load: nothing wanted is lost, and what comes back is delivered', {
  skip,
}, async (t) => {
  const notices = 300;
  const waiting = 30;
  await using drowned = await openDrowned(splitSpool);
  const { world, shell, sendmail } = drowned;
  await world.call(
    'send',
    Array.from({ length: notices }, (_, i) => lost('nicholas@seaton.biz', i)),
  );
  await world.call(
    'send',
    Array.from({ length: waiting }, (_, i) => wanted('ann@good-1.example', `waits ${i}`)),
  );
  await settled(drowned, notices + waiting);
  const server = await serverOf(drowned);
  const hand = handOf(server);
  const { reader, entries } = survey(server);
  const lostOnes = entries.filter(({ entry }) => entry.notice === 'own').map(({ place }) => place);
  const comingBack = entries
    .filter(({ entry }) => entry.notice === null)
    .slice(0, 10)
    .map(({ place }) => place);
  assert.equal(lostOnes.length, notices);

  await world.call('startStream', ['info@bakery.example', 'zoe@good-2.example']);
  // The server looks at its whole queue all the while.
  const runners = keepRunning(drowned);
  const removed = new Map<string, string>();
  const kept: Awaited<ReturnType<typeof archived>>[] = [];
  let left: readonly EntryPlace[] = [...lostOnes, ...comingBack];
  const isDone = await until(async () => {
    const next: EntryPlace[] = [];
    for (let i = 0; i < left.length; i += 100) {
      await using seizure = await hand.seize(left.slice(i, i + 100));
      for (const [id, { place, wasHeld }] of seizure.seized)
        kept.push(await archived(id, wasHeld, reader.filesOf(place)));
      for (const [id, what] of await seizure.remove([...seizure.seized.keys()]))
        removed.set(id, JSON.stringify(what));
      for (const [id, what] of seizure.missed) {
        assert.equal(what, 'busy');
        next.push(...left.filter((place) => place.id === id));
      }
    }
    left = next;
    return left.length === 0;
  });
  assert.ok(isDone, `${left.length} are busy`);
  const sent = await world.call('stopStream');
  await runners.stop();
  t.diagnostic(`${sent} messages were sent meanwhile`);
  assert.deepEqual(new Set(removed.values()), new Set(['"removed"']));
  assert.equal(removed.size, notices + comingBack.length);

  await world.call('setRecords', incidentRecords);
  await shell('sendmail -q');
  const stream = Array.from({ length: sent }, (_, i) => `stream ${i}`);
  const isThere = await until(async () => {
    return (await world.call('arrived')).length >= sent + waiting - comingBack.length;
  });
  assert.ok(isThere, await sendmail.story());

  const back = await hand.restore(
    kept.filter(({ id }) => comingBack.some((place) => place.id === id)),
  );
  assert.deepEqual(
    [...back],
    comingBack.map(({ id }) => [id, { kind: 'restored', id }]),
  );
  const again = await hand.restore(kept.filter(({ id }) => id === comingBack[0]?.id));
  assert.ok(['present', 'restored'].includes(again.get(comingBack[0]?.id ?? '')?.kind ?? ''));
  await shell('sendmail -q');
  const expected = [...stream, ...Array.from({ length: waiting }, (_, i) => `waits ${i}`)];
  await until(async () => (await world.call('arrived')).length >= expected.length);
  assert.deepEqual((await world.call('arrived')).toSorted(), expected.toSorted());
  assert.ok(await until(async () => (await filesIn(drowned)).length === 0));
  await assertCleanLog(drowned);
});

/** As a program on the machine would run it. */
function rootOf({ sendmail }: Drowned): Root {
  const { place, path } = sendmail.machine;
  return {
    folder: path('').replace(/\/$/, ''),
    async run(_folder, command, input = '') {
      const stdout = await run(place, command, { input, accept: [...Array(256).keys()] });
      return { status: 0, stdout, stderr: '' };
    },
  };
}

async function serverOf(drowned: Drowned): Promise<MailServer> {
  const [server] = await findSendmail(rootOf(drowned));
  assert.ok(server);
  return server;
}

function handOf({ hand, whyNoHand }: MailServer): QueueHand {
  assert.ok(hand, whyNoHand ?? '');
  return hand;
}

function survey({ source }: MailServer) {
  const reader = openSendmailReader(source.folders);
  const entries = [...reader.list()].map((listed) => {
    assert.equal(listed.kind, 'entry', JSON.stringify(listed));
    if (listed.kind !== 'entry') throw new Error();
    const read = reader.read(listed.place);
    if (read.kind !== 'entry') throw new Error(JSON.stringify(read));
    return { place: listed.place, entry: read.entry };
  });
  return { reader, entries };
}

function readQueue(server: MailServer) {
  return survey(server).entries.map(({ entry }) => entry);
}

function placesOf(server: MailServer, matches: (shown: { recipients: string }) => boolean) {
  return survey(server)
    .entries.filter(({ entry }) =>
      matches({ recipients: entry.recipients.map(({ forwardPath }) => forwardPath).join() }),
    )
    .map(({ place }) => place);
}

async function mailqOf({ shell }: Drowned): Promise<Shown[]> {
  const shown = [...readMailq(await shell('mailq -v')), ...readMailq(await shell('mailq -v -qQ'))];
  return shown.toSorted(byId).map((one) => ({
    ...one,
    mark: ' ',
    sender: one.sender === 'MAILER-DAEMON' ? '' : addressIn(unescaped(one.sender)),
    recipients: one.recipients.map(({ path, status }) => ({
      path: addressIn(unescaped(path)),
      status,
    })),
  }));
}

/** `\303\251` is how mailq shows what is not ASCII. */
function unescaped(text: string): string {
  const octets = text.replaceAll(/\\(\d{3}|\\)/g, (_, octal: string) =>
    octal === '\\' ? '\\' : String.fromCharCode(Number.parseInt(octal, 8)),
  );
  const buffer = Buffer.from(octets, 'latin1');
  const utf8 = buffer.toString();
  return Buffer.from(utf8).equals(buffer) ? utf8 : octets;
}

function asShown(entry: ReturnType<typeof readQueue>[number]): Shown {
  const [, month = '', day = '', clock = ''] =
    /^\w+, (\d+) (\w+) \d+ (\d\d:\d\d)/.exec(new Date(entry.arrivedAt).toUTCString()) ?? [];
  return {
    id: entry.id,
    mark: ' ',
    size: entry.size,
    time: `${day} ${month.replace(/^0/, ' ')} ${clock}`,
    sender: entry.reversePath,
    quarantine: entry.heldFor,
    status: entry.complaint?.slice(0, 100) ?? null,
    recipients: entry.recipients.map(({ forwardPath, complaint }) => ({
      path: forwardPath,
      status: complaint?.slice(0, 100) ?? null,
    })),
  };
}

function byId(a: Shown, b: Shown): number {
  return a.id < b.id ? -1 : 1;
}

async function versionOf({ shell }: Drowned): Promise<string> {
  return /Version (\S+)/.exec(await shell('sendmail -d0.1 -bt < /dev/null'))?.[1] ?? '';
}

/** Everything in the queue folders but folders. */
async function filesIn({ sendmail }: Drowned): Promise<string[]> {
  const found = await readdir(sendmail.machine.path('/var/spool/mqueue'), {
    recursive: true,
    withFileTypes: true,
  });
  return found.filter((file) => file.isFile()).map(({ name }) => name);
}

/** What it says when it finds a queue that it did not leave so. */
async function assertCleanLog({ sendmail }: Drowned): Promise<void> {
  const bad =
    /SYSERR|SECURITY|Losing|bogus|cannot|lost|no control file|unlink|incomplete|NOQUEUE: .*error/i;
  const lines = (await sendmail.machine.log()).filter((line) => bad.test(line));
  assert.deepEqual(lines, []);
}
