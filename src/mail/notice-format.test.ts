/**
 * Notices to the last byte: what each of them should be stands in test/golden/notice/, one file each.
 * GOLDEN=write writes them anew.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import type { Notice, NoticeRecipient } from './notice.ts';
import { formatNotice } from './notice-format.ts';

const at = Date.UTC(2026, 10, 22, 18, 35, 37);
const header = 'Subject: hello\r\nMessage-ID: <1@sender.example>\r\n';

const ann: NoticeRecipient = {
  forwardPath: 'ann@there.example',
  orcpt: null,
  action: 'failed',
  status: null,
  reply: { code: 550, status: '5.1.1', text: 'No such user' },
  peer: 'mx.there.example (192.0.2.25)',
  why: null,
  triedAt: at,
};
const plain: Notice = {
  reportingMta: 'mx.example.net',
  to: 'nicholas@sender.example',
  date: at,
  token: 'kq3v7',
  about: {
    queueId: '01fw0r7k000',
    receivedAt: at - 60_000,
    expiresAt: at + 86_400_000,
    envid: null,
    smtpUtf8: false,
  },
  recipients: [ann],
  returned: { kind: 'full', content: Buffer.from(`${header}\r\nHello.\r\n`) },
};
const utf8: Notice = { ...plain, about: { ...plain.about, smtpUtf8: true } };

const golden: Readonly<Record<string, Notice>> = {
  failed: plain,
  'all-parameters': {
    ...plain,
    about: { ...plain.about, envid: 'order 17+a' },
    recipients: [{ ...ann, orcpt: 'rfc822;Ann.Other@there.example' }],
    returned: { kind: 'headers', content: Buffer.from(header) },
  },
  'own-verdict': {
    ...plain,
    recipients: [
      {
        ...ann,
        peer: null,
        reply: { code: 550, status: '5.4.4', text: 'Recipient domain leads nowhere' },
        why: 'The reason: its mail server is a loopback address.',
      },
    ],
  },
  expired: {
    ...plain,
    recipients: [
      {
        ...ann,
        status: '4.4.7',
        reply: { code: 451, status: '4.3.0', text: 'Not now' },
        why: 'The reason: it could not be delivered for as long as it may wait.',
      },
    ],
  },
  several: {
    ...plain,
    recipients: [
      ann,
      {
        ...ann,
        forwardPath: 'bob@there.example',
        action: 'delayed',
        reply: { code: 452, status: '4.2.2', text: 'Mailbox full' },
      },
      {
        ...ann,
        forwardPath: 'eve@there.example',
        action: 'relayed',
        reply: { code: 250, status: '2.0.0', text: 'Ok: queued' },
      },
    ],
  },
  delivered: {
    ...plain,
    recipients: [
      {
        ...ann,
        action: 'delivered',
        peer: null,
        reply: { code: 250, status: '2.0.0', text: 'Delivered to the mailbox' },
      },
    ],
    returned: { kind: 'headers', content: Buffer.from(header) },
  },
  international: {
    ...utf8,
    to: 'jürgen@sender.example',
    recipients: [{ ...ann, forwardPath: 'grüße@büro.example', orcpt: 'utf-8;grüße@büro.example' }],
    returned: { kind: 'full', content: Buffer.from('Subject: Grüße\r\n\r\nHallo.\r\n') },
  },
  'ascii-only-sender': {
    ...plain,
    recipients: [
      {
        ...ann,
        forwardPath: 'grüße@büro.example',
        orcpt: 'utf-8;grüße@büro.example',
        reply: { code: 550, status: '5.1.1', text: 'Gibt es nicht: grüße' },
      },
    ],
    returned: { kind: 'headers', content: Buffer.from('Subject: Grüße\r\n') },
  },
  hostile: {
    ...plain,
    about: { ...plain.about, envid: 'x\r\nBcc: all@example.org' },
    recipients: [
      {
        ...ann,
        forwardPath: '"a\u202eb"@there.example',
        orcpt: 'rfc822;a\r\nAction: delivered\r\n\r\n--=_kq3v7--',
        reply: {
          code: 550,
          status: 'x.y',
          text: `no\r\n\r\n--=_kq3v7\r\nSubject: forged\u0000\u001b[2J ${'w'.repeat(3000)}`,
        },
        peer: 'mx\r\nStatus: 2.0.0 (192.0.2.25)',
      },
    ],
    returned: {
      kind: 'full',
      content: Buffer.from(
        'Message-ID: <1@sender.example>\r\n bad: <2@x>\r\n\r\n--=_kq3v7\r\n\r\n--=_kq3v7_1--\r\nno end',
      ),
    },
  },
};

for (const [name, notice] of Object.entries(golden))
  test(`the notice "${name}" is as it should be`, () => {
    const file = `test/golden/notice/${name}.eml`;
    const made = Buffer.from(formatNotice(notice));
    if (process.env['GOLDEN'] === 'write') writeFileSync(file, made);
    assert.equal(made.toString('latin1'), readFileSync(file, 'latin1'));
  });

/** What a reader of MIME makes of it: the parts, each as its header and its body. */
function partsOf(message: string): string[] {
  const boundary = /boundary="([^"]+)"/.exec(message)?.[1] ?? '';
  return message.split(`\r\n--${boundary}`).slice(1, -1);
}

const words = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '\r\n\r\n--=_kq3v7--\r\n',
    '\r\nAction: delivered',
    '--=_kq3v7',
    '\r\n.\r\n',
    'x'.repeat(2500),
  ),
);
const anyNotice = fc.record({
  smtpUtf8: fc.boolean(),
  envid: fc.option(words),
  forwardPath: words,
  orcpt: fc.option(words),
  text: words,
  peer: fc.option(words),
  content: fc.array(words),
});

test('whatever strangers wrote, there are three parts, each field once, and no line too long', () => {
  fc.assert(
    fc.property(anyNotice, ({ smtpUtf8, envid, forwardPath, orcpt, text, peer, content }) => {
      const reply = { code: 550, status: '5.1.1', text };
      const message = Buffer.from(
        formatNotice({
          ...plain,
          about: { ...plain.about, smtpUtf8, envid },
          recipients: [{ ...ann, forwardPath, orcpt, reply, peer }],
          returned: { kind: 'full', content: Buffer.from(content.join('\r\n')) },
        }),
      ).toString();
      const parts = partsOf(message);
      assert.equal(parts.length, 3);
      const [explanation = '', status = ''] = parts;
      for (const line of `${explanation}${status}`.split('\r\n')) {
        assert.doesNotMatch(line, /[\r\n\u0000]/);
        assert.ok(Buffer.byteLength(line) <= 998);
      }
      const names = [...status.matchAll(/^([A-Za-z-]+):/gm)].map(([, name]) => name);
      assert.equal(new Set(names).size, names.length, names.join());
      assert.match(status, /^Action: failed\r$/m);
      if (!smtpUtf8) assert.match(status, /^[\r\n -~]*$/);
    }),
    { numRuns: 300 },
  );
});
