/**
 * Other mail servers send to Spillway as the MX, and receive from it.
 *
 * Whatever a letter is made of, it arrives as it was written, but for lines longer than SMTP allows:
 * Spillway passes them on, and what the others make of them stands in `longLines`.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test, { type TestContext } from 'node:test';
import type { Taken } from './actors/letters.ts';
import { type Exchange, openExchange } from './exchange.ts';
import type { PeerName } from './peers.ts';
import { whyNot } from './requirements.ts';

const skip = await whyNot();
const large = 50_000_000 - 4096;

interface Nature {
  readonly smtpUtf8: boolean;
  /** Octets of the longest line that it never cuts. */
  readonly longestLine: number;
  /** Whether its STARTTLS works for a client; where it does not, Spillway sends without. */
  readonly tlsServer: boolean;
  /** Whether it passes on which address the sender meant. */
  readonly orcpt: boolean;
  /** What becomes of a line of 5,000 octets on its way through this server. */
  readonly longLines: 'kept' | 'cut' | 'refused';
}

const peers: Readonly<Partial<Record<PeerName, Nature>>> = {
  postfix: { smtpUtf8: true, tlsServer: true, orcpt: true, longestLine: 998, longLines: 'cut' },
  exim: { smtpUtf8: true, tlsServer: true, orcpt: true, longestLine: 998, longLines: 'kept' },
  sendmail: { smtpUtf8: false, tlsServer: true, orcpt: true, longestLine: 989, longLines: 'cut' },
  // Debian's 6.8 breaks off every handshake as a server: "SSL routines::EVP lib".
  opensmtpd: {
    smtpUtf8: false,
    tlsServer: false,
    orcpt: false,
    longestLine: 998,
    longLines: 'kept',
  },
};

const line = (text: string) => `${text}\r\n`;
const bodies: readonly (readonly [what: string, body: Buffer, parameters: string])[] = [
  ['plain text', Buffer.from(line('Hello Bob.') + line('') + line('  blanks  ')), ''],
  [
    'dots at the beginning of lines',
    Buffer.from(['.', '..', '...', '.a', 'a.', '', '.'].map(line).join('')),
    '',
  ],
  [
    'octets above 127',
    Buffer.concat([
      Buffer.from(Array.from({ length: 128 }, (_, i) => i + 128)),
      Buffer.from('\r\n'),
      Buffer.from(line('Grüße aus Köln, und . am Ende.')),
    ]),
    ' BODY=8BITMIME',
  ],
];
const mime = ['MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8'];

for (const [name, nature] of Object.entries(peers) as [PeerName, Nature][]) {
  test(`${name} and Spillway exchange plain mail without TLS`, { skip }, async () => {
    await using exchange = await openExchange(name, { tls: false });
    const there = await toSpillway(exchange, 'to us', bodies[0]?.[1] ?? Buffer.alloc(0), '');
    assert.match(there.header, /with E?SMTP/);
    const back = await toPeer(exchange, 'from us', bodies[0]?.[1] ?? Buffer.alloc(0), '');
    assert.match(back.header, /with E?SMTP\b/);
  });

  test(`${name} and Spillway exchange all kinds of mail over TLS`, { skip }, async (t) => {
    const recipients = ['carol@peer.example', 'käthe@peer.example'];
    await using exchange = await openExchange(name, { tls: true, recipients });
    await exchangeAll(t, exchange, nature);
  });
}

async function exchangeAll(t: TestContext, exchange: Exchange, nature: Nature): Promise<void> {
  const { spillway, peer } = exchange;
  const longest = Buffer.from(line('x'.repeat(nature.longestLine)));
  const lines = `lines of ${nature.longestLine} octets`;
  for (const [what, body, parameters] of [...bodies, [lines, longest, '']] as const) {
    await t.test(`${what}, to Spillway`, async () => {
      const { header, body: got } = await toSpillway(exchange, what, body, parameters);
      assert.match(header, /^Received: from mx\.peer\.example/m);
      assert.match(header, /by mx\.host\.example.* with ESMTPS/);
      assert.ok(got.equals(body), got.toString('latin1').slice(0, 1000));
    });
    await t.test(`${what}, from Spillway`, async () => {
      const { header, body: got } = await toPeer(exchange, what, body, parameters);
      assert.equal(/with ESMTPS|TLS/.test(header), nature.tlsServer, header);
      assert.ok(
        body.equals(got ?? Buffer.alloc(0)),
        Buffer.from(got ?? []).toString('latin1', 0, 1000),
      );
    });
  }

  await t.test('50 MB, to Spillway', async () => {
    await accepted(exchange, 'peer', 'large in', '<bob@host.example>', large, ` SIZE=${large}`);
    const found = await exchange.inMailbox('bob', 'large in');
    assert.ok(found, await spillway.output());
    assert.equal(found.body.length, large);
    assert.equal(sha256(found.body), await exchange.letters.call('hashOf', large));
  });
  await t.test('50 MB, from Spillway', async () => {
    await accepted(
      exchange,
      'spillway',
      'large out',
      '<carol@peer.example>',
      large,
      ` SIZE=${large}`,
    );
    const found = await exchange.inWorld(about('large out'));
    assert.equal(found?.bodySize, large);
    assert.equal(found?.bodyHash, await exchange.letters.call('hashOf', large));
  });

  const long = Buffer.from(line(`long ${'z'.repeat(5000)}`) + line('end'));
  await t.test(`a line of 5,000 octets is ${nature.longLines} on its way to Spillway`, async () => {
    const { body: got } = await toSpillway(exchange, 'long lines', long, '');
    compareLong(got, long, nature.longLines);
  });
  await t.test(
    `a line of 5,000 octets is ${nature.longLines} on its way from Spillway`,
    async () => {
      const { body: got } = await toPeer(exchange, 'long lines', long, '');
      compareLong(Buffer.from(got ?? []), long, nature.longLines);
    },
  );

  await t.test(
    'of several recipients one is refused by Spillway: the peer reports it',
    async () => {
      const said = await exchange.send('peer', {
        subject: 'partly in',
        mail: '<ann@sender.example>',
        rcpt: ['<bob@host.example>', '<nobody@host.example>'],
        body: Buffer.from(line('partly')),
      });
      assert.match(said.at(-1) ?? '', /^250/);
      assert.ok(await exchange.inMailbox('bob', 'partly in'));
      const notice = await exchange.inWorld(noticeAbout('nobody@host.example'));
      assert.ok(notice, 'no notice');
      assert.match(text(notice), /5\.1\.1/);
    },
  );
  await t.test(
    'of several recipients one is refused by the peer: Spillway reports it',
    async () => {
      const said = await exchange.send('spillway', {
        subject: 'partly out',
        mail: '<ann@sender.example>',
        rcpt: ['<carol@peer.example>', '<nobody@peer.example>'],
        body: Buffer.from(line('partly')),
      });
      assert.match(said.at(-1) ?? '', /^250/);
      assert.ok(await exchange.inWorld(about('partly out')));
      const notice = await exchange.inWorld(noticeAbout('nobody@peer.example'));
      assert.ok(notice, await spillway.output());
      assert.equal(notice.mail.replace(/ .*/, ''), '<>');
      assert.deepEqual(
        notice.rcpt.map((path) => path.replace(/ .*/, '')),
        ['<ann@sender.example>'],
      );
      assert.match(text(notice), /^Action: failed/m);
      assert.match(text(notice), /^Status: 5\.1\.1|^Status: 5\.\d+\.\d+/m);
    },
  );

  const dsn = {
    mail: '<ann@sender.example> RET=HDRS ENVID=QQ314159',
    body: Buffer.from(line('please confirm')),
  };
  await t.test('NOTIFY, ENVID and ORCPT arrive at Spillway: it reports the delivery', async () => {
    const rcpt = ['<bob@host.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob+40host.example'];
    await exchange.send('peer', { ...dsn, subject: 'dsn in', rcpt });
    const notice = await exchange.inWorld(noticeAbout('bob@host.example'));
    assert.ok(notice, await spillway.output());
    assert.match(text(notice), /^Original-Envelope-Id: QQ314159/m);
    if (nature.orcpt)
      assert.match(text(notice), /^Original-Recipient: rfc822; ?bob@host\.example/m);
    assert.match(text(notice), /^Action: delivered/m);
    assert.match(text(notice), /^Reporting-MTA: dns; ?mx\.host\.example/m);
  });
  await t.test('NOTIFY, ENVID and ORCPT go on from Spillway to the peer and beyond', async () => {
    const rcpt = ['<carol@peer.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;carol+40peer.example'];
    await exchange.send('spillway', { ...dsn, subject: 'dsn out', rcpt });
    const letter = await exchange.inWorld(about('dsn out'));
    assert.ok(letter);
    assert.match(letter.mail, /ENVID=QQ314159/);
    assert.match(letter.rcpt[0] ?? '', /NOTIFY=SUCCESS,FAILURE/);
    if (nature.orcpt)
      assert.match(letter.rcpt[0] ?? '', /ORCPT=rfc822;carol(@|\+40)peer\.example/i);
  });

  if (nature.smtpUtf8) {
    const body = Buffer.from(line('Grüße'));
    const mail = '<änne@sender.example> SMTPUTF8 BODY=8BITMIME';
    await t.test('SMTPUTF8, to Spillway', async () => {
      await exchange.send('peer', {
        subject: 'Grüße hinein',
        mail,
        rcpt: ['<jörg@host.example>'],
        fields: mime,
        body,
      });
      const found = await exchange.inMailbox('jörg', 'Grüße hinein');
      assert.ok(found, await spillway.output());
      assert.match(found.header, /with UTF8SMTPS/);
      assert.match(found.header, /^Return-Path: <änne@sender\.example>/m);
    });
    await t.test('SMTPUTF8, from Spillway', async () => {
      await exchange.send('spillway', {
        subject: 'Grüße hinaus',
        mail,
        rcpt: ['<käthe@peer.example>'],
        fields: mime,
        body,
      });
      const found = await exchange.inWorld(about('Grüße hinaus'));
      assert.ok(found, await spillway.output());
      assert.match(found.mail, /^<änne@sender\.example>.*SMTPUTF8/);
      assert.match(found.rcpt[0] ?? '', /^<käthe@peer\.example>/);
    });
  }
  assert.equal(await peer.queued(), 0);
  assert.equal(await spillway.queued(), 0, await spillway.output());
}

async function accepted(
  exchange: Exchange,
  to: 'spillway' | 'peer',
  subject: string,
  recipient: string,
  body: Uint8Array | number,
  parameters: string,
): Promise<void> {
  const mail = `<ann@sender.example>${parameters}`;
  const said = await exchange.send(to, { subject, mail, rcpt: [recipient], fields: mime, body });
  assert.match(said.at(-1) ?? '', /^250/, said.join('\n'));
}

/** By way of the peer. */
async function toSpillway(exchange: Exchange, subject: string, body: Buffer, parameters: string) {
  await accepted(exchange, 'peer', subject, '<bob@host.example>', body, parameters);
  const found = await exchange.inMailbox('bob', subject);
  assert.ok(found, `${subject} is not in the mailbox\n${await exchange.spillway.output()}`);
  return found;
}

/** By way of Spillway and the peer. */
async function toPeer(exchange: Exchange, subject: string, body: Buffer, parameters: string) {
  await accepted(exchange, 'spillway', subject, '<carol@peer.example>', body, parameters);
  const found = await exchange.inWorld(about(subject));
  assert.ok(found, `${subject} did not arrive\n${await exchange.spillway.output()}`);
  return found;
}

function about(subject: string) {
  return (letter: Taken) => letter.header.includes(`Subject: ${subject}\r\n`);
}

function noticeAbout(recipient: string) {
  return (letter: Taken) =>
    letter.mail.startsWith('<>') &&
    new RegExp(`^Final-Recipient: .*${recipient}`, 'im').test(text(letter));
}

function text({ header, body }: Taken): string {
  return (header + Buffer.from(body ?? []).toString('utf8')).replaceAll('\r', '');
}

function compareLong(got: Buffer, sent: Buffer, what: Nature['longLines']): void {
  const longest = Math.max(
    ...got
      .toString('latin1')
      .split('\r\n')
      .map((one) => one.length),
  );
  if (what === 'kept') {
    assert.ok(got.equals(sent), `${got.length} octets, lines up to ${longest}`);
    return;
  }
  // sendmail counts from where it cut last, and lets a little more pass.
  assert.ok(longest <= 1100, `a line of ${longest}`);
  // Nothing is missing, but for the marks of where it was cut.
  const bare = (bytes: Buffer) => bytes.toString('latin1').replaceAll(/[!\s]/g, '');
  assert.ok(bare(got) === bare(sent), got.toString('latin1').slice(-2000));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
