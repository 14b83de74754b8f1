/**
 * The rescue of a real Exim's queue: what it reads is what Exim says, and what it does Exim does.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test from 'node:test';
import { openEximReader } from '../../src/rescue/exim/reader.ts';
import { findExim } from '../../src/rescue/exim/server.ts';
import type { ArchivedEntry } from '../../src/rescue/mail-server.ts';
import { openExim } from './exim.ts';
import {
  ageOf,
  asEximSays,
  changeOptions,
  filesInSpool,
  floodOf,
  handIn,
  healed,
  idIn,
  insertAfter,
  isLost,
  letter,
  openLetters,
  placeIn,
  readAll,
  records,
  rootOfMachine,
  spool,
  startLoad,
  takeOut,
  tellQueue,
  troubleIn,
  withoutParameters,
} from './exim-queue.ts';
import { openDns } from './incident.ts';
import { addresses, openNetwork } from './network.ts';
import { run } from './place.ts';
import { whyNot } from './requirements.ts';
import { until } from './until.ts';

const skip = await whyNot();

for (const split of [true, false])
  test(`What is read of an Exim queue is what exim -bp says, split_spool_directory = ${split}`, {
    skip,
  }, async () => {
    await using network = await openNetwork();
    await using _dns = await openDns(network, records);
    await using letters = await openLetters(network);
    const clients = [addresses.sender.v4];
    await using exim = await openExim({ network, clients });
    const { machine } = exim;
    const { place } = machine;
    await changeOptions(machine, { split_spool_directory: String(split), message_logs: 'true' });
    await exim.start();
    const send = async (mail: string, rcpt: readonly string[], body?: number) =>
      idIn(await letters.call('send', letter(mail, rcpt, 'wanted', body)));

    // Notices to a black hole freeze, those to good senders wait.
    await handIn(machine, 'nicholas@seaton.biz', ['x@nowhere.invalid', 'y@nowhere.invalid']);
    await handIn(machine, 'ann@slow.example', ['x@nowhere.invalid']);
    const foreign = await send('<>', ['<bob@slow.example>']);
    const plain = await send('<ann@sender.example>', ['<bob@slow.example>']);
    await send('<ann@sender.example>', ['<bob@slow.example>'], 3_000_000);
    await send('<ann@sender.example>', ['<bob@slow.example>'], 5000);
    const some = await send('<ann@sender.example>', [
      '<one@good-1.example>',
      '<two@slow.example>',
      '<three@good-2.example>',
      '<Four@Good-2.Example>',
    ]);
    const utf8 = await send('<ännä@bücher.example> SMTPUTF8', ['<bøb@slow.example>']);
    const blanks = await send('<"ann  b"@sender.example>', [
      '<"bob 1,2#3"@slow.example>',
      '<"bob  5"@slow.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;odd+20one@slow.example',
      '<bob@slow.example> NOTIFY=NEVER',
      '<"x 0,0  0,-1#3"@slow.example> NOTIFY=FAILURE',
    ]);
    const frozen = await send('<ann@sender.example>', ['<held@slow.example>']);
    await run(place, ['exim4', '-qf']);
    await run(place, ['exim4', '-Mf', frozen]);

    const reader = openEximReader([machine.path(spool)]);
    const found = readAll(reader);
    for (const option of ['-bp', '-bpu'] as const) {
      const before = Date.now();
      const told = await tellQueue(machine, option);
      assert.deepEqual([...found.keys()].sort(), [...told.keys()].sort());
      for (const [id, { entry }] of found) {
        assert.equal(asEximSays(entry, option), told.get(id)?.text.trimEnd());
        const ages = [before, Date.now()].map((now) => ageOf(entry, now));
        assert.ok(ages.includes(told.get(id)?.age ?? ''), `${ages} ${told.get(id)?.age}`);
      }
    }

    const entryOf = (id: string) => {
      const entry = found.get(id)?.entry;
      assert.ok(entry, id);
      return entry;
    };
    const waiting = (id: string) =>
      entryOf(id).recipients.flatMap(({ forwardPath, isDone }) => (isDone ? [] : [forwardPath]));
    assert.equal(entryOf(foreign).notice, 'foreign');
    assert.deepEqual(entryOf(plain).client, {
      address: addresses.sender.v4,
      name: null,
      helo: 'sender.example',
    });
    assert.equal(entryOf(plain).state, 'waiting');
    assert.equal(entryOf(frozen).state, 'held');
    assert.deepEqual(waiting(some), ['two@slow.example']);
    assert.equal(entryOf(utf8).reversePath, 'ännä@bücher.example');
    assert.deepEqual(waiting(utf8), ['bøb@slow.example']);
    assert.equal(entryOf(blanks).reversePath, '"ann  b"@sender.example');
    assert.deepEqual(waiting(blanks), [
      '"bob 1,2#3"@slow.example',
      '"bob  5"@slow.example',
      'bob@slow.example',
      '"x 0,0  0,-1#3"@slow.example',
    ]);
    const notices = [...found.values()].filter(({ entry }) => entry.notice === 'own');
    const lost = notices.find(({ entry }) => entry.state === 'held')?.entry;
    assert.equal(lost?.recipients[0]?.forwardPath, 'nicholas@seaton.biz');
    assert.deepEqual(lost?.report?.recipients.toSorted(), [
      'x@nowhere.invalid',
      'y@nowhere.invalid',
    ]);
    const good = notices.find(({ entry }) => entry.state === 'waiting')?.entry;
    assert.equal(good?.recipients[0]?.forwardPath, 'ann@slow.example');

    for (const [id, { place: at }] of found) {
      assert.deepEqual(reader.find(id), { id: at.id, path: at.path });
      const files = reader.filesOf(at).map((path) => path.slice(machine.path(spool).length));
      const letterOf = split ? `/${id[5]}` : '';
      const known = files.filter((file) => !file.startsWith('/msglog'));
      assert.deepEqual(known, [`/input${letterOf}/${id}-D`, `/input${letterOf}/${id}-H`]);
    }
    const [server] = await findExim(rootOfMachine(machine));
    assert.equal(server?.title, 'Exim 4.96');
    assert.equal(server?.queue, spool);
    assert.equal(await server?.isRunning(), true);
    assert.equal(server?.whyNoHand, null);
    assert.deepEqual(server?.source.folders, [machine.path(spool)]);
    await exim.stop();
  });

test('Under load, Exim loses its notices to a black hole and nothing else, and takes back what is undone', {
  skip,
}, async (t) => {
  await using network = await openNetwork();
  await using dns = await openDns(network, records);
  await using letters = await openLetters(network);
  await using exim = await openExim({ network, clients: [addresses.sender.v4] });
  const { machine } = exim;
  await changeOptions(machine, { message_logs: 'true' });
  await exim.start();
  const deferred: string[] = [];
  for (let i = 0; i < 20; i++) {
    const rcpt = [`<done-${i}@good-1.example>`, `<deferred-${i}@slow.example>`];
    deferred.push(idIn(await letters.call('send', letter('<ann@sender.example>', rcpt, 'wanted'))));
  }
  assert.ok(await until(async () => (await letters.call('taken')).length === 20));
  await run(machine.place, ['exim4', '-odf', '-oi', '-bS'], { input: floodOf(120) });
  const [server] = await findExim(rootOfMachine(machine));
  assert.ok(server?.hand);
  const { hand } = server;
  const reader = openEximReader(server.source.folders);
  const lostNow = () => [...readAll(reader).values()].filter(isLost).map((read) => read.place);
  assert.ok(await until(async () => lostNow().length === 120));

  const load = startLoad(letters);
  const some = deferred.slice(0, 10);
  const places = [...lostNow(), ...some.map((id) => placeIn(reader, id))];
  const archive: ArchivedEntry[] = [];
  const started = performance.now();
  for (let at = 0; at < places.length; at += 50)
    archive.push(...(await takeOut(hand, reader, places.slice(at, at + 50))));
  t.diagnostic(`${places.length} taken out in ${(performance.now() - started).toFixed(0)} ms`);
  const left = await filesInSpool(machine);
  for (const { id } of places) {
    assert.equal(reader.find(id), null);
    assert.deepEqual(
      left.filter((name) => name.includes(id)),
      [],
    );
  }
  assert.equal(archive.filter(({ wasHeld }) => wasHeld).length, 120);

  const held = archive.find(({ wasHeld }) => wasHeld);
  assert.ok(held);
  const back = [held, ...archive.filter(({ id }) => some.includes(id))];
  for (const kind of ['restored', 'present']) {
    const restored = await hand.restore(back);
    for (const { id } of back) assert.equal(restored.get(id)?.kind, kind, id);
  }
  const again = readAll(reader);
  assert.equal(again.get(held.id)?.entry.state, 'held');
  for (const id of some) assert.equal(again.get(id)?.entry.state, 'waiting');
  await takeOut(hand, reader, [placeIn(reader, held.id)]);

  const sent = await load.stop();
  // A queue run that begins earlier may be ahead of Exim's own first try, which then finds nothing.
  const notDeferred = (ids: Iterable<string>) => [...ids].filter((id) => !deferred.includes(id));
  assert.ok(await until(async () => notDeferred(readAll(reader).keys()).length === 0));
  await dns.call('setRecords', healed);
  await run(machine.place, ['exim4', '-qf']);
  t.diagnostic(`${sent} wanted messages sent meanwhile`);
  assert.ok(await until(async () => (await exim.queued()) === 0));
  const taken = (await letters.call('taken')).flatMap(({ rcpt }) => rcpt).toSorted();
  const wanted = Array.from({ length: 20 }, (_, i) => [
    `<done-${i}@good-1.example>`,
    `<deferred-${i}@slow.example>`,
  ]);
  const loaded = Array.from({ length: sent }, (_, i) => `<load-${i}@good-2.example>`);
  assert.deepEqual(taken.map(withoutParameters), [...wanted.flat(), ...loaded].toSorted());
  assert.deepEqual(await filesInSpool(machine), []);
  assert.deepEqual(await troubleIn(machine), []);
  await exim.stop();
});

test('What Exim delivers at the moment is busy, and what is let go goes on', { skip }, async () => {
  await using network = await openNetwork();
  await using dns = await openDns(network, records);
  await using letters = await openLetters(network);
  await using exim = await openExim({ network, clients: [addresses.sender.v4] });
  const { machine } = exim;
  await changeOptions(machine, { message_logs: 'true' });
  await exim.start();
  const send = async (rcpt: string) =>
    idIn(await letters.call('send', letter('<ann@sender.example>', [rcpt], 'wanted')));
  const waiting = await send('<bob@slow.example>');
  const frozen = await send('<carl@slow.example>');
  const gone = await send('<dora@slow.example>');
  await run(machine.place, ['exim4', '-Mf', frozen]);
  // Nobody answers for this domain, so that the delivery lasts as long as Exim waits for DNS.
  const busy = await send('<emil@silent.example>');

  const [server] = await findExim(rootOfMachine(machine));
  assert.ok(server?.hand);
  const { hand } = server;
  const reader = openEximReader(server.source.folders);
  const places = [waiting, frozen, gone, busy].map((id) => placeIn(reader, id));
  await run(machine.place, ['exim4', '-Mrm', gone]);
  {
    await using seizure = await hand.seize(places);
    assert.deepEqual([...seizure.seized.keys()].toSorted(), [waiting, frozen].toSorted());
    assert.equal(seizure.seized.get(waiting)?.wasHeld, false);
    assert.equal(seizure.seized.get(frozen)?.wasHeld, true);
    assert.deepEqual(Object.fromEntries(seizure.missed), { [gone]: 'gone', [busy]: 'busy' });
    assert.equal(readAll(reader).get(waiting)?.entry.state, 'held');
  }
  const states = () => [waiting, frozen].map((id) => readAll(reader).get(id)?.entry.state).join();
  assert.equal(states(), 'waiting,held');

  const held = await hand.hold(places.slice(0, 3), 'a stray');
  assert.deepEqual([...held.values()].toSorted(), ['gone', 'held', 'held']);
  assert.equal(states(), 'held,held');
  const released = await hand.release([waiting, gone]);
  assert.deepEqual(Object.fromEntries(released), { [waiting]: 'released', [gone]: 'gone' });
  assert.equal(states(), 'waiting,held');
  await dns.call('setRecords', { ...healed, 'silent.example': healed['good-1.example'] ?? {} });
  await run(machine.place, ['exim4', '-qff']);
  assert.ok(await until(async () => (await exim.queued()) === 0));
  const taken = (await letters.call('taken')).flatMap(({ rcpt }) => rcpt).toSorted();
  assert.deepEqual(taken, ['<bob@slow.example>', '<carl@slow.example>', '<emil@silent.example>']);
  assert.deepEqual(await troubleIn(machine), []);
  await exim.stop();
});

test('Messages of a named queue are found, frozen, removed and put back there', {
  skip,
}, async () => {
  await using network = await openNetwork();
  await using _dns = await openDns(network, records);
  await using letters = await openLetters(network);
  await using exim = await openExim({ network, clients: [addresses.sender.v4] });
  const { machine } = exim;
  await changeOptions(machine, { message_logs: 'true', queue_only: 'true' });
  await insertAfter(machine, 'check_rcpt:', '  warn local_parts = ^parked\n       queue = parked');
  await exim.start();
  const send = async (rcpt: string) =>
    idIn(await letters.call('send', letter('<ann@sender.example>', [rcpt], 'wanted')));
  const ids = [await send('<parked-1@slow.example>'), await send('<parked-2@slow.example>')];
  const plain = await send('<bob@slow.example>');
  assert.deepEqual(
    [...(await tellQueue(machine, '-bp', 'parked')).keys()].toSorted(),
    ids.toSorted(),
  );

  const [server] = await findExim(rootOfMachine(machine));
  assert.ok(server?.hand);
  const { hand } = server;
  const reader = openEximReader(server.source.folders);
  assert.deepEqual([...readAll(reader).keys()].toSorted(), [...ids, plain].toSorted());
  const before = await tellQueue(machine, '-bp', 'parked');
  const files = await filesInSpool(machine);
  const places = [...ids, plain].map((id) => placeIn(reader, id));
  const archive = await takeOut(hand, reader, places);
  assert.deepEqual(await filesInSpool(machine), []);
  for (const [id, { kind }] of await hand.restore(archive)) assert.equal(kind, 'restored', id);
  assert.deepEqual(await tellQueue(machine, '-bp', 'parked'), before);
  assert.deepEqual(await filesInSpool(machine), files);

  assert.equal((await hand.hold(places, 'a stray')).get(plain), 'held');
  assert.match((await tellQueue(machine, '-bp', 'parked')).get(ids[0] ?? '')?.text ?? '', /frozen/);
  const released = await hand.release([...ids, plain]);
  assert.deepEqual([...released.values()], ['released', 'released', 'released']);
  assert.deepEqual(await tellQueue(machine, '-bp', 'parked'), before);
  assert.deepEqual(await troubleIn(machine), []);
  await exim.stop();
});

test('A journal that a crash left counts as Exim counts it, and comes back with its message', {
  skip,
}, async () => {
  await using network = await openNetwork();
  await using dns = await openDns(network, records);
  await using letters = await openLetters(network);
  await using exim = await openExim({ network, clients: [addresses.sender.v4] });
  const { machine } = exim;
  await exim.start();
  const rcpt = ['<one@slow.example>', '<two@slow.example>', '<three@slow.example>'];
  const id = idIn(await letters.call('send', letter('<ann@sender.example>', rcpt, 'wanted')));
  await run(machine.place, ['exim4', '-qf']);
  const journal = `${spool}/input/${id[5]}/${id}-J`;
  const script = `umask 027; echo two@slow.example > ${journal}; chown Debian-exim: ${journal}`;
  await run(machine.place, ['sh', '-c', script]);

  const [server] = await findExim(rootOfMachine(machine));
  assert.ok(server?.hand);
  const reader = openEximReader(server.source.folders);
  const { entry, place } = readAll(reader).get(id) ?? assert.fail();
  assert.equal(entry.state, 'active');
  assert.equal(
    asEximSays(entry, '-bpu'),
    (await tellQueue(machine, '-bpu')).get(id)?.text.trimEnd(),
  );
  const archive = await takeOut(server.hand, reader, [place]);
  assert.deepEqual(await filesInSpool(machine), []);
  assert.equal((await server.hand.restore(archive)).get(id)?.kind, 'restored');
  assert.deepEqual(readAll(reader).get(id)?.entry, entry);
  await dns.call('setRecords', healed);
  await run(machine.place, ['exim4', '-qf']);
  assert.ok(await until(async () => (await exim.queued()) === 0));
  const taken = (await letters.call('taken')).flatMap((one) => one.rcpt).toSorted();
  assert.deepEqual(taken, ['<one@slow.example>', '<three@slow.example>']);
  assert.deepEqual(await filesInSpool(machine), []);
  assert.deepEqual(await troubleIn(machine), []);
  await exim.stop();
});

test('Where Exim would send, by its own routers; addresses are no options, commands or files', {
  skip,
}, async () => {
  await using network = await openNetwork();
  await using _dns = await openDns(network, records);
  await using exim = await openExim({ network, relay: { 'site.example': addresses.backend.v4 } });
  const { machine } = exim;
  await insertAfter(machine, 'begin routers', aliasRouters);
  await changeOptions(machine, { 'domainlist local_domains': 'own.example' });
  await insertAfter(
    machine,
    'begin transports',
    'mailbox:\n  driver = appendfile\n  file = /dev/null',
  );
  const aliases =
    'out: nicholas@seaton.biz\nall: ann@own.example, bob@good-1.example\nnobody: :blackhole:\nmixed: ann@own.example, nicholas@seaton.biz\n';
  await writeFile(machine.path('/etc/exim4/test-aliases'), aliases);
  const [server] = await findExim(rootOfMachine(machine));
  assert.ok(server);
  assert.equal(await server.isRunning(), false);
  const hops: readonly [address: string, hop: string | null][] = [
    ['bob@good-1.example', 'smtp good-1.example'],
    ['Bob@GOOD-1.example', 'smtp GOOD-1.example'],
    ['info@site.example', `smtp ${addresses.backend.v4}`],
    ['nicholas@seaton.biz', null],
    ['ann@own.example', 'mailbox '],
    ['all@own.example', 'redirect '],
    ['mixed@own.example', 'redirect '],
    ['out@own.example', 'smtp seaton.biz'],
    ['nobody@own.example', 'blackhole '],
    ['"a b"@good-1.example', 'smtp good-1.example'],
    ['bøb@good-1.example', 'smtp good-1.example'],
    ['b\u00f8b\\@good-1.example', null],
    ['-bP@good-1.example', 'smtp good-1.example'],
    ['|touch /tmp/x@good-1.example', null],
    ['"|touch /tmp/x"@good-1.example', 'smtp good-1.example'],
    [`\${run{/usr/bin/touch}{/tmp/x}}@good-1.example`, 'smtp good-1.example'],
    ['$(touch /tmp/x)@good-1.example', 'smtp good-1.example'],
    ['a@good-1.example\nb@good-2.example', null],
    ['a@good-1.example\\', null],
    ['> ', null],
    ['', null],
    [`${'x'.repeat(5000)}@good-1.example`, null],
  ];
  const found = await server.nextHops(hops.map(([address]) => address));
  for (const [address, want] of hops) {
    const hop = found.get(address);
    assert.equal(hop ? `${hop.mailer} ${hop.host}` : null, want, address);
  }
  assert.equal(await run(machine.place, ['sh', '-c', 'ls /tmp']), '');
});

/** Aliases and mailboxes of own.example, before all else. */
const aliasRouters = `aliases:
  driver = redirect
  domains = +local_domains
  data = \${lookup{$local_part}lsearch{/etc/exim4/test-aliases}}
mailboxes:
  driver = accept
  domains = +local_domains
  local_parts = ann
  transport = mailbox`;
