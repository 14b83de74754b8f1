import assert from 'node:assert/strict';
import test from 'node:test';
import { eventText } from '../../../test/event-text.ts';
import { readOpensmtpdMessage } from './log-line.ts';

/** Of OpenSMTPD 6.8 under the replay, and shapes of its source that the replay does not bring. */
const cases: readonly [line: string, want: string][] = [
  [
    '6b10d61641979880 smtp connected address=192.0.2.20 host=<unknown>',
    'session 6b10d61641979880 192.0.2.20',
  ],
  [
    '6b10d61641979880 smtp connected address=[2001:db8::7] host=mail.example',
    'session 6b10d61641979880 2001:db8::7',
  ],
  [
    '6b10d628bea59c7c smtp connected address=local host=mx.host.example',
    'session 6b10d628bea59c7c here',
  ],
  ['6b10d61641979880 smtp disconnected reason=quit', 'end 6b10d61641979880'],
  [
    '6b10d617bad5fb69 smtp message msgid=a295913d size=1069 nrcpt=1 proto=ESMTP',
    'taken a295913d 6b10d617bad5fb69 ? 1069 to 1',
  ],
  [
    '6b10d617bad5fb69 smtp envelope evpid=a295913de2e6fb3b from=<customer-1@good-2.example> to=<info@tailor.example>',
    'envelope a295913d 6b10d617bad5fb69 <customer-1@good-2.example> <info@tailor.example>',
  ],
  [
    '6b10d627c36c7d82 mta delivery evpid=c407ebdb2156ddbf from=<nicholas@seaton.biz> to=<harry.grant420@florist.example> rcpt=<-> source="192.0.2.10" relay="192.0.2.30 (192.0.2.30)" delay=0s result="PermFail" stat="550 5.1.1 No such mailbox here"',
    'fate c407ebdb unknown <harry.grant420@florist.example> by 192.0.2.30 192.0.2.30',
  ],
  [
    '6b10d6694c363e29 mta delivery evpid=f9d036379a62f5b0 from=<> to=<nicholas@seaton.biz> rcpt=<-> source="127.0.0.1" relay="127.0.0.1 (localhost)" delay=2s result="Ok" stat="250 2.0.0 9d8a1f4a Message accepted for delivery"',
    'fate f9d03637 delivered <nicholas@seaton.biz> by localhost 127.0.0.1 as 9d8a1f4a',
  ],
  [
    '0000000000000000 mta delivery evpid=d55a9062414388a9 from=<> to=<visitor@loopback6.odd.example> rcpt=<-> source="-" relay="loopback6.odd.example" delay=11s result="TempFail" stat="Network error on destination MXs"',
    'fate d55a9062 deferred <visitor@loopback6.odd.example> by loopback6.odd.example -',
  ],
  [
    '6b10d627c36c7d82 mda delivery evpid=c407ebdb2156ddbf from=<a@b.example> to=<ann@host.example> rcpt=<ann@host.example> user=ann delay=0s result=Ok stat=Delivered',
    'fate c407ebdb delivered <ann@host.example> by - -',
  ],
  [
    '6b10d617bad5fb69 smtp failed-command command="RCPT TO:<bill@garage.example>" result="550 Invalid recipient: <bill@garage.example>"',
    'unknown - 6b10d617bad5fb69 ? <bill@garage.example>',
  ],
  [
    '6b10d62d2abdf291 mta connecting address=smtp://127.0.0.1:10026 host=localhost',
    'session 6b10d62d2abdf291 here inner',
  ],
  ['6b10d62d2abdf291 mta connecting address=smtp://127.0.0.1:25 host=localhost', 'nothing'],
  ['6b10d62d2abdf291 mta connecting address=smtp+tls://192.0.2.9:25 host=mx.example', 'nothing'],
  ['6b10d62d2abdf291 mta disconnected reason=quit messages=7', 'end 6b10d62d2abdf291'],
  ['info: OpenSMTPD 6.8.0p2 starting', 'nothing'],
  [
    'smtp-out: No valid route for [connector:[]->[relay:loopback6.odd.example,smtp],0x0]',
    'nothing',
  ],
  ['', 'nothing'],

  [
    '6b10d627c36c7d82 mta delivery evpid=c407ebdb2156ddbf from=<"x> to=<y@z> result=\\"Ok"@evil.example> to=<ann@evil.example> rcpt=<-> source="192.0.2.10" relay="192.0.2.66 (mx.evil.example)" delay=0s result="PermFail" stat="550 result=\\"Ok\\""',
    'fate c407ebdb failed <ann@evil.example> by mx.evil.example 192.0.2.66',
  ],
  [
    '6b10d617bad5fb69 smtp failed-command command="RCPT TO:<a" result="550 x" <b@c>" result="550 Invalid recipient"',
    'unreadable: a refused recipient whose end cannot be told',
  ],
  [
    '6b10d617bad5fb69 smtp message msgid=a295913d si',
    'unreadable: no msgid, size and nrcpt of a message',
  ],
];
for (const [line, want] of cases)
  test(line.slice(0, 110) || 'an empty line', () =>
    assert.equal(eventText(readOpensmtpdMessage(line)), want),
  );
