import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { maildirOf } from './maildir-folder.ts';
import { createMaildirTransport } from './maildir-transport.ts';
import type { Shipment } from './transport.ts';

const options = { hostName: 'me.example', processName: '1' };
const never = new AbortController().signal;
const id = 115_000_000_000_000;

function temporaryFolder(): string & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-maildir-'));
  return Object.assign(folder, {
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  });
}

function shipment(forwardPaths: readonly string[], more: Partial<Shipment> = {}): Shipment {
  const content = Buffer.from('Subject: x\r\n\r\n.dot\r\nbody\r\n');
  return {
    id,
    sender: {
      reversePath: 'ann@good.example',
      body: '7bit',
      smtpUtf8: false,
      ret: null,
      envid: null,
    },
    recipients: forwardPaths.map((forwardPath, index) => ({
      index,
      forwardPath,
      notify: null,
      orcpt: null,
    })),
    size: content.length,
    content: () => [content],
    ...more,
  };
}

const folders: readonly [forwardPath: string, want: string | null][] = [
  ['ann@site.example', '/var/mail/site.example/ann'],
  ['Ann@Site.Example', '/var/mail/site.example/ann'],
  ['"ann"@site.example', '/var/mail/site.example/ann'],
  ['"a\\"b"@site.example', '/var/mail/site.example/a%22b'],
  ['ann+lists@site.example', '/var/mail/site.example/ann+lists'],
  ['../../etc/passwd@site.example', '/var/mail/site.example/%2E.%2F..%2Fetc%2Fpasswd'],
  ['..@site.example', '/var/mail/site.example/%2E.'],
  ['.ssh@site.example', '/var/mail/site.example/%2Essh'],
  ['a/b@site.example', '/var/mail/site.example/a%2Fb'],
  ['"a b"@site.example', '/var/mail/site.example/a%20b'],
  ['{domain}@site.example', '/var/mail/site.example/%7Bdomain%7D'],
  ["a$&$'b@site.example", '/var/mail/site.example/a%24%26%24%27b'],
  ['büb@site.example', '/var/mail/site.example/b%C3%BCb'],
  ['ann@bücher.example', '/var/mail/xn--bcher-kva.example/ann'],
  ['ann@[192.0.2.1]', '/var/mail/%5B192.0.2.1%5D/ann'],
  [`${'ü'.repeat(100)}@site.example`, null],
  ['ann', null],
  ['', null],
  ['@site.example', null],
];
for (const [forwardPath, want] of folders)
  test(`the folder of <${forwardPath}>`, () => {
    assert.equal(maildirOf('/var/mail/{domain}/{mailbox}', forwardPath)?.folder ?? null, want);
  });

test('the root is what stands before the first placeholder', () => {
  assert.equal(maildirOf('/a/b-{domain}/{mailbox}/Maildir/', 'x@y.example')?.root, '/a');
  assert.equal(maildirOf('/a/all/', 'x@y.example')?.root, '/a/all');
  assert.equal(maildirOf('/{mailbox}', 'x@y.example')?.root, '/');
});

test('a message is a file in new, with the envelope on top, lines ended by LF, for the owner only', async () => {
  using folder = temporaryFolder();
  const transport = createMaildirTransport(`${folder}/{domain}/{mailbox}`, options);
  const delivered = await transport.deliver(
    shipment(['ann@site.example', 'Bob@site.example']),
    never,
  );
  assert.deepEqual(
    delivered.results.map(({ index, outcome }) => [index, outcome]),
    [
      [0, 'delivered'],
      [1, 'delivered'],
    ],
  );
  assert.deepEqual([delivered.peer, delivered.isDown], [null, false]);
  for (const name of ['ann', 'bob']) {
    const maildir = `${folder}/site.example/${name}`;
    assert.deepEqual(readdirSync(maildir).toSorted(), ['cur', 'new', 'tmp']);
    assert.deepEqual(readdirSync(`${maildir}/tmp`), []);
    const [file = ''] = readdirSync(`${maildir}/new`);
    assert.match(file, /^\d{10}\.Q[0-9a-z]{11}R\d\.me\.example$/);
    const path = `${maildir}/new/${file}`;
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(maildir).mode & 0o777, 0o700);
    const to = name === 'ann' ? 'ann' : 'Bob';
    assert.equal(
      readFileSync(path, 'latin1'),
      `Return-Path: <ann@good.example>\nDelivered-To: ${to}@site.example\nSubject: x\n\n.dot\nbody\n`,
    );
  }
});

test('CRLF becomes LF wherever the content is cut, and nothing else changes', async () => {
  using folder = temporaryFolder();
  const bytes = Buffer.from('a\r\nb\rc\r\r\nd\ne\0\xff\r', 'latin1');
  for (let at = 0; at <= bytes.length; at++) {
    const transport = createMaildirTransport(`${folder}/${at}`, options);
    async function* content() {
      yield bytes.subarray(0, at);
      yield bytes.subarray(at);
    }
    await transport.deliver(shipment(['a@b.example'], { size: bytes.length, content }), never);
    const [file = ''] = readdirSync(`${folder}/${at}/new`);
    const text = readFileSync(`${folder}/${at}/new/${file}`, 'latin1');
    assert.equal(text.slice(text.indexOf('a\n')), 'a\nb\rc\r\nd\ne\0\xff\r', `cut at ${at}`);
  }
});

test('delivered again after a crash, it is there once; another message of that name is kept', async () => {
  using folder = temporaryFolder();
  const transport = createMaildirTransport(`${folder}/{mailbox}`, options);
  for (let i = 0; i < 3; i++) {
    const { results } = await transport.deliver(shipment(['ann@site.example']), never);
    assert.equal(results[0]?.outcome, 'delivered');
  }
  assert.equal(readdirSync(`${folder}/ann/new`).length, 1);
  const other = Buffer.from('Subject: y\r\n\r\n.dot\r\nbody\r\n');
  await transport.deliver(shipment(['ann@site.example'], { content: () => [other] }), never);
  assert.equal(readdirSync(`${folder}/ann/new`).length, 2);
  assert.deepEqual(readdirSync(`${folder}/ann/tmp`), []);
});

test('a mailbox that is removed while we run is made anew', async () => {
  using folder = temporaryFolder();
  const transport = createMaildirTransport(`${folder}/mail/{mailbox}`, options);
  for (let i = 0; i < 2; i++) {
    const { results } = await transport.deliver(shipment(['ann@site.example']), never);
    assert.equal(results[0]?.outcome, 'delivered');
    renameSync(`${folder}/mail`, `${folder}/old${i}`);
  }
});

test('the place of all mailboxes is not made where its own parent is missing', async () => {
  using folder = temporaryFolder();
  const transport = createMaildirTransport(`${folder}/disk/mail/{mailbox}`, options);
  const { results } = await transport.deliver(shipment(['ann@site.example']), never);
  assert.deepEqual([results[0]?.outcome, results[0]?.reply.status], ['deferred', '4.3.0']);
  assert.equal(results[0]?.reply.text, 'The mailbox cannot be written: ENOENT');
  assert.deepEqual(readdirSync(`${folder}`), []);
});

test('a file where a folder should be is a deferral, and a path that is none a failure', async () => {
  const transport = createMaildirTransport('/dev/null/{mailbox}', options);
  const paths = ['ann@site.example', '@x', 'bob@site.example'];
  const { results, isDown } = await transport.deliver(shipment(paths), never);
  assert.deepEqual(
    results.map(({ outcome }) => outcome),
    ['deferred', 'failed', 'deferred'],
  );
  assert.equal(isDown, false);
});

test('content that cannot be read leaves nothing', async () => {
  using folder = temporaryFolder();
  const transport = createMaildirTransport(`${folder}/{mailbox}`, options);
  async function* broken() {
    yield Buffer.from('half');
    throw new Error('EIO');
  }
  for (const more of [{ content: broken }, { size: 1000 }]) {
    const { results } = await transport.deliver(shipment(['ann@site.example'], more), never);
    assert.equal(results[0]?.outcome, 'deferred');
    for (const name of ['tmp', 'new', 'cur'])
      assert.deepEqual(readdirSync(`${folder}/ann/${name}`), []);
  }
});

test('a stop before it began', async () => {
  const transport = createMaildirTransport('/nowhere/{mailbox}', options);
  const { results } = await transport.deliver(shipment(['ann@site.example']), AbortSignal.abort());
  assert.deepEqual([results[0]?.outcome, results[0]?.reply.status], ['deferred', '4.3.2']);
});

test('a line break in a path forges no field', async () => {
  using folder = temporaryFolder();
  const transport = createMaildirTransport(`${folder}/all`, options);
  const sender = { ...shipment([]).sender, reversePath: 'a\nX-Forged: 1@b.example' };
  await transport.deliver(shipment(['ann@site.example'], { sender }), never);
  const [file = ''] = readdirSync(`${folder}/all/new`);
  assert.doesNotMatch(readFileSync(`${folder}/all/new/${file}`, 'latin1'), /^X-Forged/m);
});
