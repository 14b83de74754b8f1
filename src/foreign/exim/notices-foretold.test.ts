import assert from 'node:assert/strict';
import test from 'node:test';
import type { DeadEnd, NoticeEnd } from '../foretold.ts';
import { foretellExim } from './notices-foretold.ts';
import { parseToldDrivers } from './told-drivers.ts';

const byMx = (...lines: string[]) =>
  `\nby_mx router:\nno_address_test\ndriver = dnslookup\n${lines.join('\n')}\nmore\n`;
const ignoring = byMx('ignore_target_hosts = <; 0.0.0.0 ; 127.0.0.0/8 ; ::1', 'self = freeze');
const hub = '\nhub router:\ndriver = manualroute\nroute_list = * relay.example byname\n';
const relayed = '\nrelayed router:\ndriver = manualroute\nroute_list = a.example 192.0.2.30\n';

const cases: readonly [
  name: string,
  routers: string,
  deadEnd: DeadEnd,
  end: NoticeEnd,
  because: RegExp,
  ignoreAfter?: string,
][] = [
  ['127/8 ignored', relayed + ignoring, 'loopback', 'frozen', /leaves out.*10w/s],
  [
    '127.0.0.1 ignored',
    byMx('ignore_target_hosts = 127.0.0.1'),
    'loopback',
    'frozen',
    /leaves out/,
  ],
  [
    'another ignored',
    byMx('ignore_target_hosts = 127.0.0.11', 'self = send'),
    'loopback',
    'loops',
    /./,
  ],
  ['null MX', ignoring, 'null-mx', 'frozen', /takes no mail/],
  ['dropped', ignoring, 'loopback', 'dropped', /0s/, '0s'],
  ['self by default', byMx(), 'loopback', 'frozen', /self = freeze/],
  ['self = send', byMx('self = send'), 'loopback', 'loops', /self = send/],
  ['self = defer', byMx('self = defer'), 'loopback', 'waits', /self = defer/],
  ['self = fail', byMx('self = fail'), 'loopback', 'frozen', /self = fail/],
  ['self = pass', byMx('self = pass'), 'loopback', 'unknown', /routers behind/],
  ['a smarthost', hub + ignoring, 'loopback', 'relayed', /relay\.example/],
  ['local mail only', relayed, 'loopback', 'frozen', /no router/],
];
for (const [name, text, deadEnd, end, because, ignoreBounceErrorsAfter = '10w'] of cases)
  test(`Exim, ${name}, ${deadEnd}: ${end}`, () => {
    const routers = parseToldDrivers(text);
    const habits = { routers, ignoreBounceErrorsAfter, timeoutFrozenAfter: '0s' };
    const told = foretellExim(habits, deadEnd);
    assert.equal(told.end, end);
    assert.match(told.because.join('\n'), because);
  });
