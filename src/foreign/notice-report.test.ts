import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { type NoticeReport, noticePrefix, readNoticeReport } from './notice-report.ts';

const reportOf = (content: Uint8Array) => readNoticeReport(Buffer.from(content).toString('latin1'));

const folder = new URL('../../test/golden/queue-notices/', import.meta.url);
const samples = readdirSync(folder)
  .sort()
  .map((name) => ({
    name,
    content: readFileSync(new URL(`${name}/notice.eml`, folder)),
    expected: JSON.parse(readFileSync(new URL(`${name}/expected.json`, folder), 'utf8')),
  }));

const withLf = (content: Buffer) =>
  Buffer.from(content.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
const withCrlf = (content: Buffer) =>
  Buffer.from(content.toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1');

for (const { name, content, expected } of samples)
  test(`${name}, with either end of lines`, () => {
    assert.deepEqual(reportOf(withLf(content)), expected);
    assert.deepEqual(reportOf(withCrlf(content)), expected);
  });

test('a notice that is cut tells less, and nothing else', () => {
  for (const { name, content } of samples) {
    const whole = reportOf(content);
    for (let end = 0; end < content.length; end++) {
      const cut = reportOf(content.subarray(0, end));
      if (cut) assertLess(cut, whole, `${name} cut at ${end}`);
    }
  }
});

function assertLess(cut: NoticeReport, whole: NoticeReport | null, where: string): void {
  assert.ok(whole, where);
  assert.ok(cut.recipientCount <= whole.recipientCount, where);
  for (const recipient of cut.recipients)
    assert.ok(whole.recipients.includes(recipient), `${where}: ${recipient}`);
  // Whose message it was while it went through a filter of the machine is told further below.
  if (cut.client !== '127.0.0.1') assertAbsentOr(cut.client, whole.client, where);
  assertAbsentOr(cut.sender, whole.sender, where);
  assertAbsentOr(cut.messageId, whole.messageId, where);
  assertAbsentOr(cut.reportingMta, whole.reportingMta, where);
}

function assertAbsentOr(found: string | null, expected: string | null, where: string): void {
  if (found !== null) assert.equal(found, expected, where);
}

test('whatever the bytes, the report is bounded', () => {
  const check = (content: Uint8Array) => {
    const report = reportOf(content);
    if (!report) return;
    assert.ok(report.recipients.length <= 100);
    assert.ok(report.recipients.length <= report.recipientCount);
    const { sender, client, messageId, reason, reportingMta, recipients } = report;
    for (const text of [sender, client, messageId, reason, reportingMta, ...recipients])
      assert.ok(text === null || text.length <= 1000);
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), check));
  const piece = fc.oneof(
    fc.constantFrom(
      ...['\r\n', '\n', ' ', '--b', '--b--', '--', ':', ';', '<', '>', '[', ']', '(', ')', '\\x{'],
      ...['Content-Type: multipart/report; boundary=b\n', 'Content-Type: message/rfc822\n\n'],
      ...['Content-Type: message/delivery-status\n\n', 'Final-Recipient: rfc822; a@b\n'],
      ...[
        'X-Failed-Recipients: a@b\n',
        'Hi. This is the ',
        'Received: from ',
        ' by x',
        '192.0.2.1',
      ],
      ...['Action: failed\n', 'Status: 5\n', 'Return-Path: ', 'Message-ID: <1@x>\n', '(qmail '],
      ...[
        '   ----- The following addresses had x\n',
        '\n   ----- Original message follows -----\n',
      ],
    ),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) =>
      check(Buffer.from(pieces.join(''))),
    ),
    { numRuns: 2000 },
  );
  const changes = fc.array(
    fc.tuple(fc.nat(), fc.constantFrom(0, 9, 10, 13, 32, 45, 58, 59, 60, 255)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...samples), changes, ({ content }, changed) => {
      const damaged = Buffer.from(content);
      for (const [at, byte] of changed) damaged[at % damaged.length] = byte;
      check(damaged);
    }),
  );
});

const head = 'Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n';
const status = '--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n';
const giants: readonly (readonly [name: string, text: string, count: number | null])[] = [
  ['a line without an end', 'x'.repeat(noticePrefix * 2), null],
  ['a header without an end', 'A: b\n'.repeat(noticePrefix), null],
  ['a field that is folded for ever', `Content-Type: x\n${' y\n'.repeat(noticePrefix)}`, null],
  ['boundaries one after the other', head + '--b\n'.repeat(noticePrefix), 0],
  ['boundaries that are none', head + '--bb'.repeat(noticePrefix), 0],
  [
    'thousands of recipients',
    `${head}${status}${Array.from({ length: 5000 }, (_, i) => `Final-Recipient: rfc822;${i}@x\nAction: failed\n\n`).join('')}`,
    711,
  ],
  [
    'one recipient again and again',
    `${head}${status}${'Final-Recipient: rfc822;a@x\nAction: failed\n\n'.repeat(5000)}`,
    1,
  ],
  ['empty blocks', head + status + '\n'.repeat(noticePrefix), 0],
  [
    'brackets',
    `${head}--b\nContent-Type: message/rfc822\n\nReceived: from (${'['.repeat(30_000)}\n`,
    0,
  ],
];
for (const [name, text, count] of giants)
  test(`${name}: read all the same`, { timeout: 10_000 }, () => {
    const report = reportOf(Buffer.from(text));
    assert.equal(report?.recipientCount ?? null, count);
  });

test('what lies beyond the prefix is not read', () => {
  const filler = 'Subject: x\n'.repeat(noticePrefix / 11);
  const content = Buffer.from(`${filler}${head}${status}`);
  assert.equal(reportOf(content), null);
});
