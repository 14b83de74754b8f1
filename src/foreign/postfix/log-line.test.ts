import assert from 'node:assert/strict';
import test from 'node:test';
import { eventText } from '../../../test/event-text.ts';
import { hashText } from '../../mail/text-hash.ts';
import { pidOfSmtpd, readPostfixMessage } from './log-line.ts';

const portOf = (client: string) => hashText(client) >>> 0;

/** Of Postfix 3.7.11 under the replay, and shapes of its source that the replay does not bring. */
const cases: readonly [line: string, want: string][] = [
  ['DB55845: client=unknown[192.0.2.20]', 'origin DB55845 192.0.2.20'],
  ['4Bsy3c2Jg1z9xQ7: client=mail.example[2001:db8::7]', 'origin 4Bsy3c2Jg1z9xQ7 2001:db8::7'],
  [
    'DB55845: client=mail.example[192.0.2.7], sasl_method=PLAIN, sasl_username=ann@example.org',
    'origin DB55845 192.0.2.7',
  ],
  [
    'DB55845: client=localhost[127.0.0.1], orig_queue_id=AB12345, orig_client=mail.example[192.0.2.7]',
    'origin DB55845 127.0.0.1 before AB12345',
  ],
  ['DB55845: uid=1000 from=<ann>', 'origin DB55845 here'],
  ['DB55845: message-id=<wanted-1.ece9754a@replay.example>', 'nothing'],
  [
    'EEBEF4E: from=<nicholas@seaton.biz>, size=1258, nrcpt=5 (queue active)',
    'taken EEBEF4E elsewhere <nicholas@seaton.biz> 1258 to 5',
  ],
  ['01C1154: from=<>, size=4174, nrcpt=1 (queue active)', 'taken 01C1154 elsewhere <> 4174 to 1'],
  ['01C1154: from=<>, status=expired, returned to sender', 'fate 01C1154 expired  by - -'],
  [
    'E137749: to=<info@chess-club.example>, relay=192.0.2.30[192.0.2.30]:25, delay=0.04, delays=0.02/0.02/0/0, dsn=2.0.0, status=sent (250 2.0.0 Taken)',
    'fate E137749 delivered <info@chess-club.example> by 192.0.2.30 192.0.2.30',
  ],
  [
    'EC09B4D: to=<jack.duarte497@garage.example>, relay=192.0.2.30[192.0.2.30]:25, delay=0.03, delays=0.01/0/0.01/0.01, dsn=5.1.1, status=bounced (host 192.0.2.30[192.0.2.30] said: 550 5.1.1 No such mailbox here (in reply to RCPT TO command))',
    'fate EC09B4D unknown <jack.duarte497@garage.example> by 192.0.2.30 -',
  ],
  [
    '13AC164: to=<nicholas@seaton.biz>, relay=none, delay=0.45, delays=0/0.39/0.06/0, dsn=5.4.6, status=bounced (mail for seaton.biz loops back to myself)',
    'fate 13AC164 failed <nicholas@seaton.biz> by - -',
  ],
  [
    'A1B2C3D: to=<ann@example.org>, orig_to=<info@example.org>, relay=local, delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, status=sent (forwarded as B2C3D4E)',
    'fate A1B2C3D delivered <ann@example.org> by local - inner as B2C3D4E',
  ],
  [
    'A1B2C3D: to=<ann@example.org>, relay=127.0.0.1[127.0.0.1]:10024, conn_use=2, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as B2C3D4E)',
    'fate A1B2C3D delivered <ann@example.org> by 127.0.0.1 127.0.0.1 inner as B2C3D4E',
  ],
  [
    'A1B2C3D: to=<ann@example.org>, relay=mail.example.org[127.0.0.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as B2C3D4E)',
    'fate A1B2C3D delivered <ann@example.org> by mail.example.org 127.0.0.1 as B2C3D4E',
  ],
  [
    'A1B2C3D: to=<ann@example.org>, relay=none, delay=7, delays=0/0/7/0, dsn=4.4.1, status=deferred (connect to mail.example.org[192.0.2.9]:25: Connection refused)',
    'fate A1B2C3D deferred <ann@example.org> by - -',
  ],
  [
    'A1B2C3D: to=<nicholas@seaton.biz>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (discarded: its mail server is a loopback address)',
    'fate A1B2C3D dropped <nicholas@seaton.biz> by - -',
  ],
  [
    'A1B2C3D: to=<ann@example.org>, relay=mail.example.org[192.0.2.9], delay=3, status=sent (250 Ok)',
    'fate A1B2C3D delivered <ann@example.org> by mail.example.org 192.0.2.9',
  ],
  [
    'A1B2C3D: to=<ann@example.org>, relay=none, delay=0, delays=0/0/0/0, dsn=5.1.1, status=undeliverable (user unknown)',
    'nothing',
  ],
  ['EC09B4D: sender non-delivery notification: 01C1154', 'notice 01C1154 about EC09B4D'],
  ['EC09B4D: sender delay notification: 01C1154', 'notice 01C1154 about EC09B4D'],
  ['EC09B4D: postmaster non-delivery notification: 01C1154', 'notice 01C1154 about EC09B4D'],
  ['EC09B4D: sender delivery status notification: 01C1154', 'nothing'],
  ['EC09B4D: removed', 'end EC09B4D'],
  [
    'NOQUEUE: reject: RCPT from unknown[192.0.2.20]: 550 5.1.1 <bill.klein@garage.example>: Recipient address rejected: User unknown in relay recipient table; from=<nicholas@seaton.biz> to=<bill.klein@garage.example> proto=ESMTP helo=<sender.example>',
    'unknown - 192.0.2.20 <nicholas@seaton.biz> <bill.klein@garage.example>',
  ],
  [
    'A1B2C3D: reject: RCPT from mail.example[192.0.2.20]: 450 4.7.1 <ann@example.org>: Recipient address rejected: Greylisted; from=<bob@example.net> to=<ann@example.org> proto=ESMTP helo=<x>',
    'deferred A1B2C3D 192.0.2.20 <bob@example.net> <ann@example.org>',
  ],
  [
    'NOQUEUE: reject: RCPT from unknown[192.0.2.20]: 554 5.7.1 Service unavailable; Client host [192.0.2.20] blocked using dnsbl.example; from=<bob@example.net> to=<ann@example.org> proto=ESMTP helo=<x>',
    'refused - 192.0.2.20 <bob@example.net> <ann@example.org>',
  ],
  [
    'NOQUEUE: reject: RCPT from [192.0.2.20]:4711: 550 5.7.1 Service unavailable; client [192.0.2.20] blocked using dnsbl.example; from=<bob@example.net>, to=<ann@example.org>, proto=ESMTP, helo=<x>',
    `refused - 192.0.2.20 over ${portOf('[192.0.2.20]:4711')} <bob@example.net> <ann@example.org>`,
  ],
  [
    'NOQUEUE: reject: MAIL from unknown[192.0.2.20]: 550 5.1.8 <nicholas@seaton.biz>: Sender address rejected: leads nowhere; from=<nicholas@seaton.biz> proto=ESMTP helo=<x>',
    'refused - 192.0.2.20 <nicholas@seaton.biz> ?',
  ],
  [
    'NOQUEUE: milter-reject: RCPT from unknown[192.0.2.20]: 550 5.1.1 No such mailbox; from=<bob@example.net> to=<ann@example.org> proto=ESMTP helo=<x>',
    'unknown - 192.0.2.20 <bob@example.net> <ann@example.org>',
  ],
  ['connect from unknown[192.0.2.20]', 'nothing'],
  ['disconnect from unknown[192.0.2.20] ehlo=1 quit=1 commands=2', 'nothing'],
  ['warning: hostname x.example does not resolve to address 192.0.2.1', 'nothing'],
  ['daemon started -- version 3.7.11, configuration /etc/postfix', 'nothing'],
  ['', 'nothing'],

  // Strangers: what they wrote is their address, or nothing.
  [
    'EEBEF4E: from=<"x>, size=1, nrcpt=900 (queue active)"@evil.example>, size=1258, nrcpt=5 (queue active)',
    'taken EEBEF4E elsewhere <"x>, size=1, nrcpt=900 (queue active)"@evil.example> 1258 to 5',
  ],
  [
    'EEBEF4E: from=<x>, size=1, nrcpt=900 (queue active)@evil.example>, size=1258, nrcpt=5 (queue active)',
    'unreadable: a sender whose end cannot be told',
  ],
  [
    'EEBEF4E: from=<x y@evil.example>, size=1258, nrcpt=5 (queue active)',
    'unreadable: a sender whose end cannot be told',
  ],
  [
    'EEBEF4E: to=<"a>, relay=x[192.0.2.1]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)"@evil.example>, relay=none, delay=1, delays=0/0/1/0, dsn=5.4.4, status=bounced (Host not found)',
    'fate EEBEF4E failed <"a>, relay=x[192.0.2.1]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)"@evil.example> by - -',
  ],
  [
    'EEBEF4E: to=<ann@evil.example>, relay=mx.evil.example[192.0.2.66]:25, delay=1, delays=0/0/1/0, dsn=5.0.0, status=bounced (host mx.evil.example[192.0.2.66] said: 550 , dsn=2.0.0, status=sent (250 queued as DEADBEEF))',
    'fate EEBEF4E failed <ann@evil.example> by mx.evil.example -',
  ],
  [
    'NOQUEUE: reject: RCPT from unknown[192.0.2.20]: 550 5.1.1 <"; from=<a@b> to=<c@d> proto=x"@garage.example>: Recipient address rejected: User unknown; from=<bob@example.net> to=<"; from=<a@b> to=<c@d> proto=x"@garage.example> proto=ESMTP helo=<x>',
    'unknown - 192.0.2.20 <bob@example.net> <"; from=<a@b> to=<c@d> proto=x"@garage.example>',
  ],
  ['EEBEF4E: to=<ann@example.org', 'unreadable: a recipient whose end cannot be told'],
  ['EEBEF4E: to=<ann@example.org>, relay=none, del', 'unreadable: no status= behind the relay'],
];
for (const [line, want] of cases)
  test(line.slice(0, 110) || 'an empty line', () =>
    assert.equal(eventText(readPostfixMessage(line, null)), want),
  );

/** What the program says of connections, with its head as it stands in the log. */
const ofConnections: readonly [head: string, line: string, want: string][] = [
  ['postfix/smtpd[105]', 'connect from unknown[192.0.2.20]', 'connect 105'],
  ['postfix/submission/smtpd[7]', 'connect from unknown[unknown]', 'connect 7'],
  ['postfix/smtpd', 'connect from unknown[192.0.2.20]', 'nothing'],
  ['postfix/qmqpd[105]', 'connect from unknown[192.0.2.20]', 'nothing'],
  ['postfix/smtpd[105]', 'disconnect from unknown[192.0.2.20] ehlo=1 quit=1', 'nothing'],
  [
    'postfix/smtpd[105]',
    'DB55845: client=unknown[192.0.2.20]',
    'origin DB55845 192.0.2.20 over 105',
  ],
  [
    'postfix/smtpd[105]',
    'DB55845: client=unknown[192.0.2.20]:4711',
    'origin DB55845 192.0.2.20 over 105',
  ],
  ['postfix/pickup[103]', 'DB55845: uid=1000 from=<ann>', 'origin DB55845 here'],
  [
    'postfix/smtpd[105]',
    'NOQUEUE: reject: RCPT from x.example[192.0.2.20]: 550 5.1.1 <a@b.example>: User unknown; from=<c@d.example> to=<a@b.example> proto=ESMTP helo=<x>',
    'unknown - 192.0.2.20 over 105 <c@d.example> <a@b.example>',
  ],
  [
    'postfix/cleanup[109]',
    'A1B2C3D: milter-reject: END-OF-MESSAGE from x.example[192.0.2.20]: 5.7.1 No; from=<c@d.example> to=<a@b.example> proto=ESMTP helo=<x>',
    'refused A1B2C3D 192.0.2.20 <c@d.example> <a@b.example>',
  ],
  [
    'postfix/postscreen[99]',
    'CONNECT from [2001:db8::7]:4711 to [2001:db8::1]:25',
    `connect ${portOf('[2001:db8::7]:4711')}`,
  ],
  ['postfix/postscreen[99]', 'CONNECT from [192.0.2.20]:4711', 'nothing'],
  [
    'postfix/postscreen[99]',
    'NOQUEUE: reject: RCPT from [2001:db8::7]:4711: 450 4.3.2 Service currently unavailable; from=<c@d.example>, to=<a@b.example>, proto=ESMTP, helo=<x>',
    `deferred - 2001:db8::7 over ${portOf('[2001:db8::7]:4711')} <c@d.example> <a@b.example>`,
  ],
];
for (const [head, line, want] of ofConnections)
  test(`${head}: ${line}`.slice(0, 110), () =>
    assert.equal(eventText(readPostfixMessage(line, pidOfSmtpd(head, head.length))), want),
  );
