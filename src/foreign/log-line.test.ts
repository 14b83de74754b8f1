import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { eventText } from '../../test/event-text.ts';
import { LogLineReader } from './log-line.ts';

const yearFrom = new Date(2005, 11, 1).getTime();

function read(line: string): string {
  const reader = new LogLineReader(yearFrom);
  // As it stands between others.
  const before = 'Sep  5 03:12:01 mx x[1]: ';
  const reading = reader.read(
    `${before}\n${line}\nnext`,
    before.length + 1,
    before.length + 1 + line.length,
  );
  const { at, host, server } = reader;
  if (reading === null || reading.kind === 'unreadable') return eventText(reading);
  return `${new Date(at ?? Number.NaN).toISOString()} ${host || '-'} ${server} ${eventText(reading)}`;
}

/** Local time as the line says it. */
function local(...parts: [number, number, number, number, number, number]): string {
  return new Date(...parts).toISOString();
}

const removed = 'DB55845: removed';
const cases: readonly [line: string, want: string][] = [
  [
    `Sep  5 03:12:01 mx postfix/qmgr[143]: ${removed}`,
    `${local(2006, 8, 5, 3, 12, 1)} mx postfix end DB55845`,
  ],
  [
    `Sep  5 03:12:01 postfix/qmgr[143]: ${removed}`,
    `${local(2006, 8, 5, 3, 12, 1)} - postfix end DB55845`,
  ],
  [
    `Dec 24 03:12:01 mx postfix-in/qmgr[143]: ${removed}`,
    `${local(2005, 11, 24, 3, 12, 1)} mx postfix end DB55845`,
  ],
  [
    `<22>Sep  5 03:12:01 mx postfix/qmgr: ${removed}`,
    `${local(2006, 8, 5, 3, 12, 1)} mx postfix end DB55845`,
  ],
  [
    `2006-09-05T03:12:01.250000+02:00 mx postfix/qmgr[143]: ${removed}`,
    '2006-09-05T01:12:01.250Z mx postfix end DB55845',
  ],
  [
    `2006-09-05T03:12:01Z mx postfix/qmgr[143]: ${removed}`,
    '2006-09-05T03:12:01.000Z mx postfix end DB55845',
  ],
  [
    `<22>1 2006-09-05T03:12:01.25Z mx postfix/qmgr 143 - - ${removed}`,
    '2006-09-05T03:12:01.250Z mx postfix end DB55845',
  ],
  [
    `<22>1 2006-09-05T03:12:01Z mx postfix/qmgr 143 id [x@1 a="b\\"]"][y@2] \ufeff${removed}`,
    '2006-09-05T03:12:01.000Z mx postfix end DB55845',
  ],
  ...[
    'Sep  5 03:12:01 mx postfix/smtpd[105]: connect from unknown[192.0.2.20]',
    'Sep  5 03:12:01 mx postfix-in/smtpd[105]: connect from unknown[192.0.2.20]',
    '<22>1 2006-09-05T03:12:01Z mx postfix/smtpd 105 - - connect from unknown[192.0.2.20]',
  ].map((line): [line: string, want: string] => [
    line,
    `${line.startsWith('<') ? '2006-09-05T03:12:01.000Z' : local(2006, 8, 5, 3, 12, 1)} mx postfix connect 105`,
  ]),
  ['Sep  5 03:12:01 mx postfix/smtpd[105]: disconnect from unknown[192.0.2.20]', 'nothing'],
  [
    '2006-09-05 03:12:01 1xXifO-00000P-0u Completed',
    `${local(2006, 8, 5, 3, 12, 1)} - exim end 1xXifO-00000P-0u`,
  ],
  [
    '2006-09-05 03:12:01.500 +0200 [19] 1xXifO-00000P-0u Completed',
    '2006-09-05T01:12:01.500Z - exim end 1xXifO-00000P-0u',
  ],
  [
    'Nov 29 17:26:24 mx exim[22]: 2006-09-05 03:12:01 1xXifO-00000P-0u Completed',
    `${local(2006, 8, 5, 3, 12, 1)} mx exim end 1xXifO-00000P-0u`,
  ],
  [
    'Sep  5 03:12:01 mx exim[22]: [1/2] 1xXifO-00000P-0u Completed',
    `${local(2006, 8, 5, 3, 12, 1)} mx exim end 1xXifO-00000P-0u`,
  ],
  ['Sep  5 03:12:01 mx exim[22]: [2/2] 1xXifO-00000P-0u Completed', 'nothing'],
  [
    'Sep  5 03:12:01 mx sm-mta[60]: k85CNxxx012345: k85CNxxx012346: DSN: User unknown',
    `${local(2006, 8, 5, 3, 12, 1)} mx sendmail notice k85CNxxx012346 about k85CNxxx012345`,
  ],
  [
    'Sep  5 03:12:01 mx smtpd[25]: 6b10d61641979880 smtp disconnected reason=quit',
    `${local(2006, 8, 5, 3, 12, 1)} mx opensmtpd end 6b10d61641979880`,
  ],
  ['Sep  5 03:12:01 mx sshd[25]: DB55845: removed', 'nothing'],
  ['Sep  5 03:12:01 mx last message repeated 3 times', 'nothing'],
  ['Sep  5 03:12:01 ', 'nothing'],
  ['', 'nothing'],
  [
    'Sep 31 03:12:01 mx postfix/qmgr[143]: DB55845: removed',
    'unreadable: no time stamp that is known',
  ],
  [
    'Sep  5 25:12:01 mx postfix/qmgr[143]: DB55845: removed',
    'unreadable: no time stamp that is known',
  ],
  [
    '2006-13-05T03:12:01Z mx postfix/qmgr[143]: DB55845: removed',
    'unreadable: no time stamp that is known',
  ],
  ['DB55845: removed', 'unreadable: no time stamp that is known'],
  ['<22', 'unreadable: no time stamp that is known'],
  ['\u001b[2J\u001b[H', 'unreadable: no time stamp that is known'],
  // A head further on is a stranger's text.
  [
    `Sep  5 03:12:01 mx postfix/qmgr[143]: DB55845: from=<"Sep  5 03:12:01 mx postfix/qmgr[143]: AAAAAAA: removed"@evil.example>, size=1, nrcpt=1 (queue active)`,
    `${local(2006, 8, 5, 3, 12, 1)} mx postfix taken DB55845 elsewhere <"Sep  5 03:12:01 mx postfix/qmgr[143]: AAAAAAA: removed"@evil.example> 1 to 1`,
  ],
];
for (const [line, want] of cases)
  test(JSON.stringify(line).slice(0, 110), () => assert.equal(read(line), want));

test('a zone and the name of a program end with their line, whatever follows in the text', () => {
  const reader = new LogLineReader(yearFrom);
  const first = 'Sep  5 03:12:01 mx sm-mta: k8512x1A000001: to=<a@a.example>, mailer=esmtp';
  const text = `${first}\nSep  5 03:12:01 mx cron[1]: x`;
  assert.equal(reader.read(text, 0, first.length), null);
  assert.equal(reader.server, 'sendmail');
  const bare = '2006-09-05T03:12:01Z';
  assert.equal(reader.read(`${bare}\nx y`, 0, bare.length)?.kind, 'unreadable');
});

test('a year begins in its middle: what comes later in it is of the next one', () => {
  const reader = new LogLineReader(new Date(2006, 5, 15).getTime());
  const yearOf = (stamp: string) => {
    const line = `${stamp} mx postfix/qmgr[1]: DB55845: removed`;
    reader.read(line, 0, line.length);
    return reader.at === null ? null : new Date(reader.at).getFullYear();
  };
  assert.deepEqual(
    ['Jun 16 00:00:00', 'Dec 31 23:59:59', 'Jan  1 00:00:00', 'Feb 29 00:00:00'].map(yearOf),
    [2006, 2006, 2007, 2008],
  );
});

test('no line breaks it, and the words of strangers make no event of their own', () => {
  const reader = new LogLineReader(yearFrom);
  fc.assert(
    fc.property(fc.string({ maxLength: 300, unit: 'binary' }), (text) => {
      reader.read(text, 0, text.length);
      const line = `Sep  5 03:12:01 mx sshd[1]: ${text}`;
      return reader.read(line, 0, line.length) === null;
    }),
  );
});

const pieces = fc.constantFrom(
  ...[
    'DB55845: ',
    'to=<',
    'from=<',
    '>',
    ', ',
    'relay=',
    'size=1',
    'nrcpt=1',
    ' (queue active)',
    'status=sent (',
    ')',
  ],
  ...[
    '"',
    '\\',
    ' ',
    '<= ',
    '=> ',
    '** ',
    '1xXifO-00000N-0u ',
    'H=',
    '[192.0.2.1]',
    ' F=<',
    'rejected RCPT <',
    'S=1',
    'C="',
  ],
  ...[
    '6b10d61641979880 ',
    'smtp message msgid=',
    'a295913d',
    'mta delivery evpid=',
    ' result="Ok"',
    ' stat="',
    '6ATHQ0dA000060: ',
  ],
  ...[
    'dsn=2.0.0',
    'stat=Sent',
    'mailer=',
    'ruleset=check_rcpt, arg1=<',
    ', reject=550',
    'NOQUEUE: reject: RCPT from x[192.0.2.1]: 550 ',
  ],
);
for (const program of ['postfix/x[1]', 'sm-mta[1]', 'exim[1]', 'smtpd[1]'])
  test(`${program}: pieces of lines in any order are read in no time, and break nothing`, () => {
    const reader = new LogLineReader(yearFrom);
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
        const line = `Sep  5 03:12:01 mx ${program}: ${parts.join('')}`;
        reader.read(line, 0, line.length);
      }),
      { numRuns: 2000 },
    );
  });
