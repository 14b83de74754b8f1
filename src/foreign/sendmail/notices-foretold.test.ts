import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type DeadEnd, type NoticeEnd, noticeEnds } from '../foretold.ts';
import { foretellSendmail, readSendmailHabits } from './notices-foretold.ts';

const daemon = 'O DaemonPortOptions=Family=inet, Name=MTA-v4, Port=smtp';
const mailer = (flags: string) =>
  `Mesmtp,\t\tP=[IPC], F=${flags}, S=EnvFromSMTP,\n\t\tT=DNS/RFC822/SMTP`;
const plain = `${daemon}\n${mailer('mDFMuXa')}\nDS\n#O DoubleBounceAddress=postmaster\n`;

const cases: readonly [
  name: string,
  cf: string,
  deadEnd: DeadEnd,
  end: NoticeEnd,
  because: RegExp,
][] = [
  ['as it is', plain, 'loopback', 'postmaster', /5\.3\.5.*postmaster gets/s],
  ['null MX', plain, 'null-mx', 'postmaster', /5\.1\.10/],
  ['no daemon options', mailer('mDF'), 'loopback', 'postmaster', /5\.3\.5/],
  ['flag k', `${daemon}\n${mailer('mDFMuXak')}`, 'loopback', 'loops', /up to 25/],
  ['flag k, null MX', `${daemon}\n${mailer('mDFMuXak')}`, 'null-mx', 'postmaster', /./],
  ['hops', `${daemon}\n${mailer('k')}\nO MaxHopCount=100`, 'loopback', 'loops', /up to 100/],
  ['dropped', `${plain}O DoubleBounceAddress=\n`, 'loopback', 'dropped', /is empty/],
  // As sendmail's own m4 files write it.
  ['dropped by m4', `${plain}O DoubleBounceAddress\n`, 'loopback', 'dropped', /is empty/],
  ['somebody', `${plain}O DoubleBounceAddress=ann`, 'null-mx', 'postmaster', /ann gets/],
  ['on loopback', `${daemon}, Addr=127.0.0.1\n${mailer('m')}`, 'loopback', 'postmaster', /5\.3\.5/],
  [
    'outside',
    `${daemon}, Addr=192.0.2.10\n${mailer('m')}`,
    'loopback',
    'waits',
    /refused.*for 5d/s,
  ],
  [
    'short patience',
    `${daemon}, A=192.0.2.10\nO Timeout.queuereturn=5d\nO Timeout.queuereturn.dsn=1d`,
    'loopback',
    'waits',
    /for 1d/,
  ],
  ['submission only', 'O DaemonPortOptions=Port=submission, M=Ea', 'loopback', 'waits', /refused/],
  ['IPv6 only', 'O DaemonPortOptions=Family=inet6, Addr=::1', 'loopback', 'waits', /refused/],
  ['smarthost', `${plain}DSrelay.example\n`, 'loopback', 'relayed', /relay\.example/],
];
for (const [name, cf, deadEnd, end, because] of cases)
  test(`sendmail, ${name}, ${deadEnd}: ${end}`, () => {
    const told = foretellSendmail(readSendmailHabits(cf), deadEnd);
    assert.equal(told.end, end);
    assert.match(told.because.join('\n'), because);
  });

test('Whatever a sendmail.cf says, something is foretold', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('O', 'M', '=', ',', ' ', '\n', 'P', '[IPC]', 'D') }),
      (cf) => assert.ok(foretellSendmail(readSendmailHabits(cf), 'loopback').end in noticeEnds),
    ),
  );
});
