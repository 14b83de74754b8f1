import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { parseQuestion, readParseAnswers } from './parse-answers.ts';
import { addressIn, aliasTarget } from './queue-address.ts';
import { withInode, withQuarantine } from './queue-edit.ts';
import { readQueueFile } from './queue-file.ts';
import { headerOf } from './queue-header.ts';
import { queuePaths } from './queue-paths.ts';

const golden = (name: string): Buffer =>
  readFileSync(new URL(`../../../test/golden/queue-sendmail/${name}`, import.meta.url));
const notice = golden('01-own-notice/mqueue/qf6AMM4cxZ000064');
const several = golden('04-several-recipients/mqueue/qf6AMM4cxb000062');

const octets = (file: Uint8Array) => Buffer.from(file).toString('latin1');
const read = (file: Uint8Array) => readQueueFile(octets(file));

test('Cut anywhere a file is cut, and never another message', () => {
  for (const file of [notice, several]) {
    const whole = read(file);
    assert.equal(whole.kind, 'whole');
    for (let length = 0; length < file.length; length++) {
      const found = read(file.subarray(0, length));
      // Without the last line end it is all there.
      if (length === file.length - 1) assert.deepEqual(found, whole);
      else assert.notEqual(found.kind, 'whole', String(length));
    }
  }
});

test('Anything may stand in a control file', () => {
  const line = fc.tuple(
    fc.constantFrom(...'VTKNPdIBqMFS$ZA!CQrRHEDL. \tX'),
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('8', '1795385078', 'PFD:<a@b>', '', '?P?x: y', '_a [b]', '{x', '\n', '\r'),
    ),
  );
  const file = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc
      .array(line, { maxLength: 20 })
      .map((lines) =>
        Buffer.from(`V8\nT1\nSa\n${lines.map(([a, b]) => `${a}${b}\n`).join('')}.\n`),
      ),
  );
  fc.assert(
    fc.property(file, fc.nat(), (bytes, at) => {
      const found = read(bytes.subarray(0, at));
      if (found.kind !== 'whole') assert.match(found.problem, /^[\x20-\x7e\u00a0-\uffff]+$/);
      headerOf(octets(bytes), 100);
      withInode(bytes, null);
    }),
    { numRuns: 3000 },
  );
});

test('The header is what H lines hold, without the flags of mailers', () => {
  const header = headerOf(octets(several), 10_000);
  assert.equal(
    header,
    `Return-Path: <\x81g>
Received: from sender.example (mail.good-2.example [192.0.2.20])
	by mx.host.example (8.17.1.9/8.17.1.9) with ESMTP id 6AMM4cxb000062
	for <ann@good-1.example>; Sun, 22 Nov 2026 22:04:38 GMT
Subject: wanted

`,
  );
  assert.ok(headerOf(octets(several), 100).length < 250);
});

test('Addresses as they were typed', () => {
  const cases = [
    ['<ann@host.example>', 'ann@host.example'],
    ['<>', ''],
    ['ann', 'ann'],
    ['Ann <ann@host.example>', 'ann@host.example'],
    ['"<not@this.example>" <ann@host.example>', 'ann@host.example'],
    ['"<not@this.example>"@host.example', '"<not@this.example>"@host.example'],
    ['ann@host.example (Ann <no@where.example>)', 'ann@host.example'],
    ['(a (b) c) ann@host.example', 'ann@host.example'],
    ['<"a>b"@host.example>', '"a>b"@host.example'],
    ['<@relay.example:ann@host.example>', '@relay.example:ann@host.example'],
    ['"a\\"(b"@host.example', '"a\\"(b"@host.example'],
    ['<', ''],
    ['(', ''],
  ] as const;
  for (const [typed, bare] of cases) assert.equal(addressIn(typed), bare, typed);
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void addressIn(text)));
  // A local part is never lost on the way.
  const local = fc.stringMatching(/^[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,20}$/);
  fc.assert(
    fc.property(local, (part) => {
      const address = `${part}@host.example`;
      assert.equal(addressIn(`<${address}>`), address);
      assert.equal(addressIn(`Ann B. <${address}>`), address);
      assert.equal(addressIn(`${address} (x)`), address);
    }),
  );
});

test('Only what has no domain is a program, a file or a list', () => {
  const mailers = (texts: readonly string[]) => texts.map((text) => aliasTarget(text)?.mailer);
  assert.deepEqual(mailers(['|prog', '"|prog a@b"', '/file', '":include:/l@x"', ':include:/l']), [
    'prog',
    'prog',
    '*file*',
    '*include*',
    '*include*',
  ]);
  assert.deepEqual(
    mailers(['|prog a@b', '"|prog"@b', '"|p" "@b"', '/a@b', '<"|prog">', 'ann', '']).filter(
      Boolean,
    ),
    [],
  );
});

test('Quarantined and released again a file is what it was, to the octet', () => {
  for (const file of [notice, several]) {
    const held = withQuarantine(file, 'a reason');
    assert.ok(held);
    const found = read(held);
    assert.ok(found.kind === 'whole' && found.file.quarantine === 'a reason');
    assert.deepEqual(withQuarantine(held, null), file);
    assert.equal(held.toString('latin1').match(/^q/gm)?.length, 1);
    assert.deepEqual(withQuarantine(held, 'a reason'), held);
  }
  assert.equal(withQuarantine(Buffer.from('V8\n.\n'), 'x'), null);
  assert.match(withInode(notice, '1/2/3').toString('latin1'), /^I1\/2\/3$/m);
  assert.doesNotMatch(withInode(notice, null).toString('latin1'), /^I/m);
  assert.equal(withInode(notice, '0/41/56').toString('latin1'), notice.toString('latin1'));
});

test('Where a configuration has its queues', () => {
  assert.deepEqual(queuePaths('V10\n#O QueueDirectory=/no\n'), ['/var/spool/mqueue']);
  assert.deepEqual(queuePaths('OQ/var/spool/old\n'), ['/var/spool/old']);
  assert.deepEqual(
    queuePaths(`O QueueDirectory=/var/spool/mqueue/q*
Qslow, P=/var/spool/mqueue/slow*, F=f, r=2
Qfast, F=f,
	P="/var/spool/mqueue/fast, and more"
Qsame, I=1m
O QueueSortOrder=priority
`),
    ['/var/spool/mqueue/q*', '/var/spool/mqueue/slow*', '/var/spool/mqueue/fast, and more'],
  );
});

test('Answers of sendmail -bt', () => {
  const said = `ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)
Enter <ruleset> <address>
> Cracked address = $g
Parsing envelope recipient address
canonify           input: info @ bakery . example
mailer esmtp, host [192.0.2.30], user info@bakery.example
> Cracked address = $g
Parsing envelope recipient address
postmaster... deliverable
mailer local, user postmaster
> Cracked address = $g
Parsing envelope recipient address
a@@b... Invalid route address
mailer *error*, host 5.1.3, user "553 Invalid route address"
> Cracked address = $g
Parsing envelope recipient address
mailer esmtp, host seaton.biz., user "x, host evil.example, user y"@seaton.biz.
> `;
  assert.deepEqual(readParseAnswers(said, 4), [
    { mailer: 'esmtp', host: '[192.0.2.30]', address: 'info@bakery.example' },
    { mailer: 'local', host: '', address: 'postmaster' },
    null,
    {
      mailer: 'esmtp',
      host: 'seaton.biz.',
      address: '"x, host evil.example, user y"@seaton.biz.',
    },
  ]);
  assert.deepEqual(readParseAnswers(said, 3), []);
  assert.equal(parseQuestion('a@b.example\n/quit'), null);
  assert.equal(parseQuestion('/quit'), '/parse /quit\n');
});
