import assert from 'node:assert/strict';
import test from 'node:test';
import { followed, numbering } from '../../../test/followed.ts';
import type { Mta } from '../../foreign/queue-entry.ts';
import type { Observation } from '../../verdict/flood/observation.ts';
import { Follower, type FollowerLimits, followerLimits } from './follower.ts';

function follow(server: Mta, lines: readonly string[], limits?: FollowerLimits): string[] {
  return followed(server, lines, limits).map(observationText);
}

function observationText(observation: Observation): string {
  const { kind, client, reversePath, forwardPath } = observation;
  const path = (text: string | null) => (text === null ? '?' : `<${text}>`);
  const what = 'outcome' in observation ? observation.outcome : kind;
  const bytes = 'bytes' in observation ? ` ${observation.bytes}` : '';
  const recipients = observation.kind === 'received' ? ` to ${observation.recipients}` : '';
  return `${what}${bytes}${recipients} ${client ?? 'here'} ${path(reversePath)} ${path(forwardPath)}`;
}

const to = (id: string, rest: string, path = 'ann@host.example') =>
  `postfix/smtp[3]: ${id}: to=<${path}>, ${rest}`;
const sent = 'delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent';
const toMailbox = `relay=mx.inside.example[192.0.2.30]:25, ${sent} (250 Ok)`;

const cases: readonly [
  name: string,
  server: Mta,
  lines: readonly string[],
  want: readonly string[],
][] = [
  [
    'a filter that passes on the client by XFORWARD: one message',
    'postfix',
    [
      'postfix/smtpd[1]: AAAAAA1: client=mail.example[192.0.2.7]',
      'postfix/qmgr[2]: AAAAAA1: from=<bob@example.net>, size=100, nrcpt=1 (queue active)',
      'postfix/smtpd[4]: BBBBBB1: client=localhost[127.0.0.1], orig_queue_id=AAAAAA1, orig_client=mail.example[192.0.2.7]',
      'postfix/qmgr[2]: BBBBBB1: from=<bob@example.net>, size=150, nrcpt=1 (queue active)',
      to(
        'AAAAAA1',
        `relay=127.0.0.1[127.0.0.1]:10024, ${sent} (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as BBBBBB1)`,
      ),
      'postfix/qmgr[2]: AAAAAA1: removed',
      to('BBBBBB1', toMailbox),
      'postfix/qmgr[2]: BBBBBB1: removed',
    ],
    [
      'received 100 to 1 192.0.2.7 <bob@example.net> <ann@host.example>',
      'delivered 150 192.0.2.7 <bob@example.net> <ann@host.example>',
    ],
  ],
  [
    'a filter that says nothing of the client: one message as well',
    'postfix',
    [
      'postfix/smtpd[1]: AAAAAA1: client=mail.example[192.0.2.7]',
      'postfix/qmgr[2]: AAAAAA1: from=<bob@example.net>, size=100, nrcpt=1 (queue active)',
      'postfix/smtpd[4]: BBBBBB1: client=localhost[127.0.0.1]',
      'postfix/qmgr[2]: BBBBBB1: from=<bob@example.net>, size=150, nrcpt=1 (queue active)',
      to('AAAAAA1', `relay=127.0.0.1[127.0.0.1]:10024, ${sent} (250 2.0.0 Ok: queued as BBBBBB1)`),
      to('BBBBBB1', toMailbox),
    ],
    [
      'received 100 to 1 192.0.2.7 <bob@example.net> <ann@host.example>',
      'delivered 150 192.0.2.7 <bob@example.net> <ann@host.example>',
    ],
  ],
  [
    'an alias that forwards: one message',
    'postfix',
    [
      'postfix/smtpd[1]: AAAAAA1: client=mail.example[192.0.2.7]',
      'postfix/qmgr[2]: AAAAAA1: from=<bob@example.net>, size=100, nrcpt=1 (queue active)',
      'postfix/qmgr[2]: BBBBBB1: from=<bob@example.net>, size=120, nrcpt=1 (queue active)',
      `postfix/local[5]: AAAAAA1: to=<ann@host.example>, relay=local, ${sent} (forwarded as BBBBBB1)`,
      to('BBBBBB1', toMailbox, 'ann@elsewhere.example'),
    ],
    [
      'received 100 to 1 192.0.2.7 <bob@example.net> <ann@host.example>',
      'delivered 120 192.0.2.7 <bob@example.net> <ann@elsewhere.example>',
    ],
  ],
  [
    'mail that comes back by another address of the server',
    'postfix',
    [
      'postfix/smtpd[1]: AAAAAA1: client=mail.example[192.0.2.7]',
      'postfix/qmgr[2]: AAAAAA1: from=<bob@example.net>, size=100, nrcpt=1 (queue active)',
      'postfix/smtpd[1]: BBBBBB1: client=mx.host.example[192.0.2.10]',
      'postfix/qmgr[2]: BBBBBB1: from=<bob@example.net>, size=150, nrcpt=1 (queue active)',
      to(
        'AAAAAA1',
        `relay=mx.loop.example[192.0.2.10]:25, ${sent} (250 2.0.0 Ok: queued as BBBBBB1)`,
        'ann@loop.example',
      ),
      to(
        'BBBBBB1',
        'relay=none, delay=0, delays=0/0/0/0, dsn=5.4.6, status=bounced (mail for loop.example loops back to myself)',
        'ann@loop.example',
      ),
    ],
    [
      'received 100 to 1 192.0.2.7 <bob@example.net> <ann@loop.example>',
      'returned 100 192.0.2.7 <bob@example.net> <ann@loop.example>',
      'failed 0 192.0.2.7 <bob@example.net> <ann@loop.example>',
    ],
  ],
  [
    'the same name twice, without the line that it was removed',
    'postfix',
    [
      'postfix/smtpd[1]: AAAAAA1: client=mail.example[192.0.2.7]',
      'postfix/qmgr[2]: AAAAAA1: from=<bob@example.net>, size=100, nrcpt=1 (queue active)',
      to('AAAAAA1', toMailbox),
      'postfix/smtpd[1]: AAAAAA1: client=other.example[192.0.2.8]',
      'postfix/qmgr[2]: AAAAAA1: from=<eve@example.net>, size=100, nrcpt=1 (queue active)',
      to('AAAAAA1', toMailbox),
    ],
    [
      'received 100 to 1 192.0.2.7 <bob@example.net> <ann@host.example>',
      'delivered 100 192.0.2.7 <bob@example.net> <ann@host.example>',
      'received 100 to 1 192.0.2.8 <eve@example.net> <ann@host.example>',
      'delivered 100 192.0.2.8 <eve@example.net> <ann@host.example>',
    ],
  ],
  [
    'mail that waits is taken up again: received once, tried twice',
    'postfix',
    [
      'postfix/smtpd[1]: AAAAAA1: client=mail.example[192.0.2.7]',
      'postfix/qmgr[2]: AAAAAA1: from=<bob@example.net>, size=100, nrcpt=1 (queue active)',
      to(
        'AAAAAA1',
        'relay=none, delay=1, delays=0/0/1/0, dsn=4.4.1, status=deferred (connect timed out)',
      ),
      '30 postfix/qmgr[2]: AAAAAA1: from=<bob@example.net>, size=100, nrcpt=1 (queue active)',
      `30 ${to('AAAAAA1', toMailbox)}`,
    ],
    [
      'received 100 to 1 192.0.2.7 <bob@example.net> <ann@host.example>',
      'deferred 0 192.0.2.7 <bob@example.net> <ann@host.example>',
      'delivered 100 192.0.2.7 <bob@example.net> <ann@host.example>',
    ],
  ],
  [
    'two recipients of one transmission: its octets were sent once',
    'postfix',
    [
      'postfix/smtpd[1]: AAAAAA1: client=mail.example[192.0.2.7]',
      'postfix/qmgr[2]: AAAAAA1: from=<bob@example.net>, size=100, nrcpt=2 (queue active)',
      to('AAAAAA1', toMailbox),
      to('AAAAAA1', toMailbox, 'eve@host.example'),
    ],
    [
      'received 100 to 2 192.0.2.7 <bob@example.net> <ann@host.example>',
      'delivered 100 192.0.2.7 <bob@example.net> <ann@host.example>',
      'delivered 0 192.0.2.7 <bob@example.net> <eve@host.example>',
    ],
  ],
  [
    'a message of which only the end stands in the log',
    'postfix',
    [
      'postfix/qmgr[2]: AAAAAA1: from=<bob@example.net>, size=100, nrcpt=1 (queue active)',
      to('AAAAAA1', toMailbox),
    ],
    ['delivered 100 here <bob@example.net> <ann@host.example>'],
  ],
  [
    'a message that nobody speaks of any more is told after some seconds',
    'postfix',
    [
      'postfix/smtpd[1]: AAAAAA1: client=mail.example[192.0.2.7]',
      'postfix/qmgr[2]: AAAAAA1: from=<bob@example.net>, size=100, nrcpt=1 (queue active)',
      '30 postfix/smtpd[1]: AAAAAA2: client=mail.example[192.0.2.8]',
      '30 postfix/qmgr[2]: AAAAAA2: removed',
    ],
    ['received 100 to 1 192.0.2.7 <bob@example.net> ?'],
  ],
  [
    'a program of this machine hands mail to sendmail, which hands it to its daemon: one message',
    'sendmail',
    [
      'sendmail[1]: k853CAAAA00001: from=root, size=50, class=0, nrcpts=1, msgid=<a@b>, relay=root@localhost',
      'sm-mta[2]: k853CBBBB00002: from=<root@host.example>, size=300, class=0, nrcpts=1, msgid=<a@b>, proto=ESMTP, daemon=MTA-v4, relay=localhost [127.0.0.1]',
      'sendmail[1]: k853CAAAA00001: to=ann@example.org, ctladdr=root (0/0), delay=00:00:00, xdelay=00:00:00, mailer=relay, pri=30050, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (k853CBBBB00002 Message accepted for delivery)',
      'sm-mta[3]: k853CBBBB00002: to=<ann@example.org>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30300, relay=mail.example.org. [192.0.2.9], dsn=2.0.0, stat=Sent (ok)',
    ],
    [
      'received 50 to 1 here <root> <ann@example.org>',
      'delivered 300 here <root@host.example> <ann@example.org>',
    ],
  ],
  [
    'what sendmail refused: the sender stands in a later line',
    'sendmail',
    [
      'sm-mta[2]: k853CBBBB00002: ruleset=check_rcpt, arg1=<x@host.example>, relay=[192.0.2.7], reject=550 5.1.1 <x@host.example>... User unknown',
      'sm-mta[2]: k853CBBBB00002: <y@host.example>... User unknown',
      'sm-mta[2]: k853CBBBB00002: from=<bob@example.net>, size=0, class=0, nrcpts=0, proto=ESMTP, daemon=MTA-v4, relay=[192.0.2.7]',
    ],
    [
      'unknown 192.0.2.7 <bob@example.net> <x@host.example>',
      'unknown 192.0.2.7 <bob@example.net> <y@host.example>',
    ],
  ],
  [
    'a notice about a notice goes to the postmaster',
    'sendmail',
    [
      'sm-mta[2]: k853CAAAA00001: from=<bob@example.net>, size=100, class=0, nrcpts=1, proto=ESMTP, relay=[192.0.2.7]',
      'sm-mta[2]: k853CAAAA00001: to=<x@host.example>, delay=00:00:00, mailer=local, pri=0, dsn=5.1.1, stat=User unknown',
      'sm-mta[2]: k853CAAAA00001: k853CBBBB00002: DSN: User unknown',
      'sm-mta[2]: k853CBBBB00002: to=<bob@example.net>, delay=00:00:00, mailer=esmtp, pri=0, relay=mx.example.net., dsn=5.3.5, stat=Local configuration error',
      'sm-mta[2]: k853CBBBB00002: k853CCCCC00003: return to sender: Local configuration error',
      'sm-mta[2]: k853CCCCC00003: to=postmaster, delay=00:00:00, mailer=local, pri=0, dsn=2.0.0, stat=Sent',
    ],
    [
      'received 100 to 1 192.0.2.7 <bob@example.net> <x@host.example>',
      'unknown 0 192.0.2.7 <bob@example.net> <x@host.example>',
      'notice 0 192.0.2.7 <bob@example.net> <bob@example.net>',
      'failed 0 192.0.2.7 <> <bob@example.net>',
      'notice 0 192.0.2.7 ? <postmaster>',
      'delivered 0 192.0.2.7 <> <postmaster>',
    ],
  ],
  [
    'Exim names no recipients when a message comes: they are counted by their fates',
    'exim',
    [
      'exim[1]: 1xXifO-00000N-0u <= bob@example.net H=mail.example [192.0.2.7] P=esmtp S=100 id=a@b',
      'exim[1]: 1xXifO-00000N-0u => ann@host.example R=r T=remote H=mx [192.0.2.30] C="250 ok"',
      'exim[1]: 1xXifO-00000N-0u -> eve@host.example R=r T=remote H=mx [192.0.2.30] C="250 ok"',
      'exim[1]: 1xXifO-00000N-0u Completed',
    ],
    [
      'delivered 100 192.0.2.7 <bob@example.net> <ann@host.example>',
      'delivered 0 192.0.2.7 <bob@example.net> <eve@host.example>',
      'received 100 to 2 192.0.2.7 <bob@example.net> <ann@host.example>',
    ],
  ],
  [
    'an autoresponder of this machine sends with an empty path: no notice of the server',
    'opensmtpd',
    [
      'smtpd[1]: 6b10d628bea59c7c smtp connected address=local host=mx.host.example',
      'smtpd[1]: 6b10d628bea59c7c smtp message msgid=0a0b0c0d size=100 nrcpt=1 proto=ESMTP',
      'smtpd[1]: 6b10d628bea59c7c smtp envelope evpid=0a0b0c0d11111111 from=<> to=<bob@example.net>',
    ],
    ['received 100 to 1 here <> <bob@example.net>'],
  ],
  [
    'a filter behind OpenSMTPD: one message',
    'opensmtpd',
    [
      'smtpd[1]: 6b10d61641979880 smtp connected address=192.0.2.7 host=mail.example',
      'smtpd[1]: 6b10d61641979880 smtp message msgid=0a0b0c0d size=100 nrcpt=1 proto=ESMTP',
      'smtpd[1]: 6b10d61641979880 smtp envelope evpid=0a0b0c0d11111111 from=<bob@example.net> to=<ann@host.example>',
      'smtpd[1]: 7777777777777777 mta connecting address=smtp://127.0.0.1:10028 host=localhost',
      'smtpd[1]: 8888888888888888 smtp connected address=127.0.0.1 host=localhost',
      'smtpd[1]: 8888888888888888 smtp message msgid=1a1b1c1d size=150 nrcpt=1 proto=ESMTP',
      'smtpd[1]: 8888888888888888 smtp envelope evpid=1a1b1c1d11111111 from=<bob@example.net> to=<ann@host.example>',
      'smtpd[1]: 7777777777777777 mta delivery evpid=0a0b0c0d11111111 from=<bob@example.net> to=<ann@host.example> rcpt=<-> source="127.0.0.1" relay="127.0.0.1 (localhost)" delay=1s result="Ok" stat="250 2.0.0 1a1b1c1d Message accepted for delivery"',
      'smtpd[1]: 9999999999999999 mda delivery evpid=1a1b1c1d11111111 from=<bob@example.net> to=<ann@host.example> rcpt=<-> user=ann delay=0s result=Ok stat=Delivered',
    ],
    [
      'received 100 to 1 192.0.2.7 <bob@example.net> <ann@host.example>',
      'delivered 150 192.0.2.7 <bob@example.net> <ann@host.example>',
    ],
  ],
];
for (const [name, server, lines, want] of cases)
  test(name, () => assert.deepEqual(follow(server, lines), want));

test('no more names are remembered than may be, and none is lost by that', () => {
  const lines = Array.from({ length: 500 }, (_, at) => [
    `postfix/smtpd[1]: ${(0xa00000 + at).toString(16).toUpperCase()}: client=mail.example[192.0.2.7]`,
    `postfix/qmgr[2]: ${(0xa00000 + at).toString(16).toUpperCase()}: from=<bob@example.net>, size=100, nrcpt=1 (queue active)`,
  ]).flat();
  const told = follow('postfix', lines, { ...followerLimits, names: 10 });
  assert.equal(told.length, 500);
});

test('where the time of a log stands still, no more messages wait than may be', () => {
  const limits = { ...followerLimits, names: 64 };
  let told = 0;
  const follower = new Follower('spillway', () => told++, numbering(), limits);
  for (let at = 0; at < 10_000; at++)
    follower.take(1, {
      kind: 'taken',
      id: `a${at}`,
      client: '192.0.2.7',
      connection: null,
      session: null,
      reversePath: 'bob@example.net',
      bytes: 1,
      recipients: 1,
      about: null,
    });
  assert.equal(told, 10_000 - limits.names);
  follower.end();
  assert.equal(told, 10_000);
});
