import assert from 'node:assert/strict';
import test from 'node:test';
import { eventText } from '../../../test/event-text.ts';
import { readEximMessage } from './log-line.ts';

/** Of Exim 4.96 under the replay, and shapes of its specification that the replay does not bring. */
const cases: readonly [line: string, want: string][] = [
  [
    '1xXifO-00000N-0u <= nicholas@seaton.biz H=(sender.example) [192.0.2.20] P=esmtp S=1275 id=spam-1.f3255d74@replay.example',
    'taken 1xXifO-00000N-0u 192.0.2.20 <nicholas@seaton.biz> 1275 to ?',
  ],
  [
    '1rAbCd-0000000Ab1C-2dEf <= ann@example.org H=mail.example.org (helo.example) [2001:db8::7]:4711 I=[2001:db8::1]:25 P=esmtpsa X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no DN="/CN=\\"x\\" <= y" A=login:ann S=1275 id=x@y T="a <= b" for info@host.example bob@host.example',
    'taken 1rAbCd-0000000Ab1C-2dEf 2001:db8::7 <ann@example.org> 1275 to 2',
  ],
  [
    '1xXifV-00004D-17 <= <> R=1xXifO-00000k-28 U=Debian-exim P=local S=4927',
    'taken 1xXifV-00004D-17 here <> 4927 to ? about 1xXifO-00000k-28',
  ],
  [
    '1xXifV-00004D-17 <= ann@host.example U=ann P=local S=300',
    'taken 1xXifV-00004D-17 here <ann@host.example> 300 to ?',
  ],
  [
    '1xXifO-00000P-0u => info@tailor.example R=routed T=remote H=192.0.2.30 [192.0.2.30] C="250 2.0.0 Taken"',
    'fate 1xXifO-00000P-0u delivered <info@tailor.example> by 192.0.2.30 192.0.2.30',
  ],
  [
    '1xXifO-00000P-0u -> bob@tailor.example R=routed T=remote H=mx.example [192.0.2.30]:25 C="250 OK id=1xXifP-00000A-01"',
    'fate 1xXifO-00000P-0u delivered <bob@tailor.example> by mx.example 192.0.2.30 more as 1xXifP-00000A-01',
  ],
  [
    '1xXifO-00000P-0u => ann <ann@host.example> R=local_user T=mail_spool',
    'fate 1xXifO-00000P-0u delivered <ann@host.example> by mail_spool -',
  ],
  [
    '1xXifO-00000P-0u => bob@example.net <ann@host.example> F=<x@y.example> P=<x@y.example> R=dnslookup T=remote_smtp H=mx.example.net [192.0.2.9] X=TLS1.3:x:256 CV=yes DN="CN=a" K C="250 ok" QT=1s DT=0s',
    'fate 1xXifO-00000P-0u delivered <bob@example.net> by mx.example.net 192.0.2.9',
  ],
  [
    '1xXifO-00000P-0u => :blackhole: <nicholas@seaton.biz> R=drop',
    'fate 1xXifO-00000P-0u dropped <nicholas@seaton.biz> by - -',
  ],
  [
    '1xXifO-00000P-0u => discarded (system filter)',
    'fate 1xXifO-00000P-0u dropped <discarded> by - -',
  ],
  [
    '1xXifO-00000a-1A ** harry@chess-club.example R=routed T=remote H=192.0.2.30 [192.0.2.30]: SMTP error from remote mail server after RCPT TO:<harry@chess-club.example>: 550 5.1.1 No such mailbox here',
    'fate 1xXifO-00000a-1A unknown <harry@chess-club.example> by 192.0.2.30 192.0.2.30',
  ],
  [
    '1xXifV-000048-0c ** nicholas@seaton.biz: all relevant MX records point to non-existent hosts',
    'fate 1xXifV-000048-0c failed <nicholas@seaton.biz> by - -',
  ],
  [
    '1xXifV-000048-0c ** ann@host.example: Unrouteable address',
    'fate 1xXifV-000048-0c unknown <ann@host.example> by - -',
  ],
  [
    '1xXifV-000048-0c ** ann@x.example: retry timeout exceeded',
    'fate 1xXifV-000048-0c expired <ann@x.example> by - -',
  ],
  [
    "1xXifU-000046-2C == mistaken-2@good-2.example R=by_mx T=remote defer (-54): retry time not reached for any host for 'good-2.example'",
    'fate 1xXifU-000046-2C deferred <mistaken-2@good-2.example> by remote -',
  ],
  ['1xXifO-00000P-0u Completed', 'end 1xXifO-00000P-0u'],
  ['1xXifV-00004D-17 Frozen (delivery error message)', 'nothing'],
  [
    'H=(sender.example) [192.0.2.20] F=<nicholas@seaton.biz> rejected RCPT <bill@garage.example>: Unknown user',
    'unknown - 192.0.2.20 <nicholas@seaton.biz> <bill@garage.example>',
  ],
  [
    'H=mail.example ([192.0.2.99]) [192.0.2.20]:4711 X=TLS1.3:x:256 CV=no F=<a@b.example> temporarily rejected RCPT <bill@garage.example>: greylisted',
    'deferred - 192.0.2.20 <a@b.example> <bill@garage.example>',
  ],
  [
    'H=(x) [192.0.2.20] F=<nicholas@seaton.biz> rejected MAIL: Sender domain leads nowhere',
    'refused - 192.0.2.20 <nicholas@seaton.biz> ?',
  ],
  ['H=(x) [192.0.2.20] rejected EHLO or HELO x: syntax', 'nothing'],
  ['Start queue run: pid=20', 'nothing'],
  ['', 'nothing'],

  [
    '1xXifO-00000N-0u <= "x H=[192.0.2.99] S=9"@evil.example H=(sender.example) [192.0.2.20] P=esmtp S=1275 id=a@b',
    'taken 1xXifO-00000N-0u 192.0.2.20 <"x H=[192.0.2.99] S=9"@evil.example> 1275 to ?',
  ],
  [
    '1xXifO-00000a-1A ** ann@evil.example R=r T=t H=mx.evil.example [192.0.2.66]: SMTP error from remote mail server after end of data: 550 x => bob@evil.example R=r T=t C="250 OK id=1xXifP-00000A-01"',
    'fate 1xXifO-00000a-1A failed <ann@evil.example> by mx.evil.example 192.0.2.66',
  ],
  ['1xXifO-00000N-0u <= "x S=1', 'unreadable: a sender whose end cannot be told'],
  ['1xXifO-00000N-0u <= a@b.example H=(sender', 'unreadable: no size of what came in'],
];
for (const [line, want] of cases)
  test(line.slice(0, 110) || 'an empty line', () =>
    assert.equal(eventText(readEximMessage(line)), want),
  );
