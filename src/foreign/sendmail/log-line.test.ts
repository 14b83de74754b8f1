import assert from 'node:assert/strict';
import test from 'node:test';
import { eventText } from '../../../test/event-text.ts';
import { hashText } from '../../mail/text-hash.ts';
import { dayOfId, readSendmailMessage } from './log-line.ts';

/** Of the process: a name without what counts its messages. */
const hash = (process: string) => hashText(process) >>> 0;

/** Of sendmail 8.17.1.9 under the replay, and shapes of its source that the replay does not bring. */
const cases: readonly [line: string, want: string][] = [
  [
    '6ATHQ0dA000060: from=<nicholas@seaton.biz>, size=1975, class=0, nrcpts=5, msgid=<spam-2.4d7d9b2e@replay.example>, proto=ESMTP, daemon=MTA-v4, relay=[192.0.2.20]',
    `taken 6ATHQ0dA000060 192.0.2.20 over ${hash('6ATHQ0000060')} <nicholas@seaton.biz> 1975 to 5`,
  ],
  [
    '6ATHTquS000074: from=<>, size=2183, class=0, nrcpts=1, msgid=<202611291729.6ATHTqM4000066@mx.host.example>, proto=ESMTP, daemon=MTA-v6-loopback, relay=localhost [IPv6:0:0:0:0:0:0:0:1]',
    `taken 6ATHTquS000074 0:0:0:0:0:0:0:1 over ${hash('6ATHTq000074')} <> 2183 to 1`,
  ],
  [
    'k85CNxxx012345: from=root, size=300, class=0, nrcpts=1, msgid=<200609051223.k85CNxxx012345@host.example>, relay=root@localhost',
    'taken k85CNxxx012345 here <root> 300 to 1',
  ],
  [
    '6ATHQ0dA000060: from=<a@b.example>, size=1, class=-30, nrcpts=1, msgid=<x, relay=[192.0.2.99]>, relay=mail.b.example [192.0.2.7] (may be forged)',
    `taken 6ATHQ0dA000060 192.0.2.7 over ${hash('6ATHQ0000060')} <a@b.example> 1 to 1`,
  ],
  [
    '6ATHQ0s0000058: to=<info@school.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=31547, relay=[192.0.2.30] [192.0.2.30], dsn=2.0.0, stat=Sent (Taken)',
    'fate 6ATHQ0s0000058 delivered <info@school.example> by 192.0.2.30 192.0.2.30',
  ],
  [
    '6ATHQ0dA000060: to=<irene.cole346@florist.example>,<anna@bakery.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=151975, relay=[192.0.2.30] [192.0.2.30], dsn=5.1.1, reply=550 5.1.1 No such mailbox here, stat=User unknown',
    'fate 6ATHQ0dA000060 unknown <irene.cole346@florist.example><anna@bakery.example> by 192.0.2.30 192.0.2.30',
  ],
  [
    '6ATHQ0dA000081: to=<nicholas@seaton.biz>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30000, relay=mail.seaton.biz. [127.0.0.1], dsn=5.3.5, stat=Local configuration error',
    'fate 6ATHQ0dA000081 failed <nicholas@seaton.biz> by mail.seaton.biz 127.0.0.1',
  ],
  [
    '6ATHTqM4000066: to=<visitor@loopback6.odd.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=30000, relay=mail.loopback6.odd.example. [IPv6:0:0:0:0:0:0:0:1], dsn=2.0.0, stat=Sent (6ATHTquS000074 Message accepted for delivery)',
    'fate 6ATHTqM4000066 delivered <visitor@loopback6.odd.example> by mail.loopback6.odd.example 0:0:0:0:0:0:0:1 as 6ATHTquS000074',
  ],
  [
    '6ATHQ0aa000010: to=ann@example.org, ctladdr=root (0/0), delay=00:00:00, xdelay=00:00:00, mailer=relay, pri=30060, relay=[127.0.0.1] [127.0.0.1], dsn=2.0.0, stat=Sent (6ATHQ0bb000011 Message accepted for delivery)',
    'fate 6ATHQ0aa000010 delivered <ann@example.org> by 127.0.0.1 127.0.0.1 inner as 6ATHQ0bb000011',
  ],
  [
    '6ATHQ0aa000010: to=postmaster, delay=00:00:00, mailer=local, pri=0, dsn=2.0.0, stat=Sent',
    'fate 6ATHQ0aa000010 delivered <postmaster> by local -',
  ],
  [
    '6ATHQ0aa000010: to="|/usr/bin/vacation ann", ctladdr=<ann@host.example> (1000/1000), delay=00:00:01, xdelay=00:00:00, mailer=prog, pri=0, dsn=4.0.0, stat=Deferred: Connection timed out',
    'fate 6ATHQ0aa000010 deferred <"|/usr/bin/vacation ann"> by prog -',
  ],
  [
    '6ATHQ0aa000010: to=<ann@example.org>, delay=5+00:00:01, xdelay=00:00:00, mailer=esmtp, pri=0, relay=mail.example.org., dsn=4.4.7, stat=Connection refused by mail.example.org.',
    'fate 6ATHQ0aa000010 expired <ann@example.org> by mail.example.org -',
  ],
  [
    '6ATHQ0aa000010: to=<nicholas@seaton.biz>, delay=00:00:00, xdelay=00:00:00, mailer=discard, pri=0, relay=discard, dsn=2.0.0, stat=discarded',
    'fate 6ATHQ0aa000010 dropped <nicholas@seaton.biz> by discard -',
  ],
  [
    '6ATHQ0aa000010: to=<ann@example.org>, delay=00:00:00, mailer=esmtp, pri=30000, stat=queued',
    'nothing',
  ],
  [
    '6ATHQ0dA000060: 6ATHQ0dA000081: DSN: User unknown',
    'notice 6ATHQ0dA000081 about 6ATHQ0dA000060',
  ],
  [
    '6ATHQ0dA000081: 6ATHQ0dB000081: return to sender: Local configuration error',
    'notice 6ATHQ0dB000081 about 6ATHQ0dA000081',
  ],
  [
    '6ATHQ0dA000060: 6ATHQ0dA000081: sender notify: Warning: could not send message for past 4 hours',
    'notice 6ATHQ0dA000081 about 6ATHQ0dA000060',
  ],
  [
    '6ATHQ0dA000060: ruleset=check_rcpt, arg1=<bill@garage.example>, relay=[192.0.2.20], reject=550 5.1.1 <bill@garage.example>... User unknown',
    `unknown 6ATHQ0dA000060 192.0.2.20 over ${hash('6ATHQ0000060')} ? <bill@garage.example>`,
  ],
  [
    '6ATHQ0dA000060: ruleset=check_mail, arg1=<nicholas@seaton.biz>, relay=mail.example [192.0.2.7], reject=553 5.1.8 <nicholas@seaton.biz>... Domain of sender address nicholas@seaton.biz does not exist',
    `refused 6ATHQ0dA000060 192.0.2.7 over ${hash('6ATHQ0000060')} <nicholas@seaton.biz> ?`,
  ],
  [
    'NOQUEUE: ruleset=check_rcpt, arg1=<bill@garage.example>, relay=[192.0.2.20], reject=451 4.7.1 Try again',
    'deferred - 192.0.2.20 ? <bill@garage.example>',
  ],
  [
    '6ATHQ0dA000060: <bill@host.example>... User unknown',
    `unknown 6ATHQ0dA000060 - over ${hash('6ATHQ0000060')} ? <bill@host.example>`,
  ],
  [
    '6ATHQ0dA000060: Milter: to=<bill@garage.example>, reject=550 5.1.1 No such mailbox',
    `unknown 6ATHQ0dA000060 - over ${hash('6ATHQ0000060')} ? <bill@garage.example>`,
  ],
  [
    '6ATHQ0f2000057: [192.0.2.20] did not issue MAIL/EXPN/VRFY/ETRN during connection to MTA-v4',
    'nothing',
  ],
  [
    '6ATHSJ8K000084: SYSERR(root): mail.seaton.biz. config error: mail loops back to me (MX problem?)',
    'nothing',
  ],
  ['starting daemon (8.17.1.9): SMTP+queueing@00:10:00', 'nothing'],
  ['', 'nothing'],

  [
    '6ATHQ0dA000060: from=<"a>, size=9, class=0, nrcpts=900"@evil.example>, size=1975, class=0, nrcpts=5, proto=ESMTP, relay=[192.0.2.20]',
    `taken 6ATHQ0dA000060 192.0.2.20 over ${hash('6ATHQ0000060')} <"a>, size=9, class=0, nrcpts=900"@evil.example> 1975 to 5`,
  ],
  [
    '6ATHQ0dA000060: to=<ann@evil.example>, delay=00:00:00, xdelay=00:00:00, mailer=esmtp, pri=1, relay=mx.evil.example. [192.0.2.66], dsn=5.0.0, reply=550 , dsn=2.0.0, stat=Sent (6ATHQ0zz000001 Message accepted for delivery), stat=Service unavailable',
    'fate 6ATHQ0dA000060 failed <ann@evil.example> by mx.evil.example 192.0.2.66',
  ],
  [
    '6ATHQ0dA000060: from=<a b@evil.example>, size=1',
    'unreadable: a sender whose end cannot be told',
  ],
];
for (const [line, want] of cases)
  test(line.slice(0, 110) || 'an empty line', () =>
    assert.equal(eventText(readSendmailMessage(line)), want),
  );

const names: readonly [name: string, day: readonly number[] | null][] = [
  ['k85CNxxx012345', [2006, 8, 5]],
  ['6ATHQ0dA000060', [2026, 10, 29]],
  ['UC1000xx000001', null],
  ['6AxHQ0dA000060', null],
  ['6!THQ0dA000060', null],
];
for (const [name, day] of names)
  test(`the name ${name} tells ${day ?? 'nothing'}`, () => assert.deepEqual(dayOfId(name), day));
