/**
 * Over which connection each thing came, as logs tell it.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { followed } from '../../../test/followed.ts';
import { LogLineReader } from '../../foreign/log-line.ts';
import type { Mta } from '../../foreign/queue-entry.ts';
import type { Observation } from '../../verdict/flood/observation.ts';
import { followerLimits } from './follower.ts';
import { createTeller } from './tell.ts';

/** `received A`, `unknown B`: the connections in the order in which they are told, `-` for none. */
function lettered(told: readonly Observation[]): string[] {
  const letters = new Map<number, string>();
  return told.flatMap((one) => {
    if (one.kind !== 'received' && one.kind !== 'attempt') return [];
    const { connection } = one;
    const what = one.kind === 'attempt' ? one.outcome : 'received';
    if (connection === null) return [`${what} -`];
    const letter = letters.get(connection) ?? String.fromCharCode(65 + letters.size);
    letters.set(connection, letter);
    return [`${what} ${letter}`];
  });
}

const connect = (pid: number, client = '192.0.2.7') =>
  `postfix/smtpd[${pid}]: connect from x.example[${client}]`;
const refuse = (pid: number, client = '192.0.2.7') =>
  `postfix/smtpd[${pid}]: NOQUEUE: reject: RCPT from x.example[${client}]: 550 5.1.1 <x@host.example>: User unknown; from=<bob@example.net> to=<x@host.example> proto=ESMTP helo=<x>`;
const take = (pid: number, id: string, client = '192.0.2.7') =>
  `postfix/smtpd[${pid}]: ${id}: client=x.example[${client}]`;
const queue = (id: string) =>
  `postfix/qmgr[2]: ${id}: from=<bob@example.net>, size=100, nrcpt=1 (queue active)`;
const screen = (port: number, rest: string) =>
  `postfix/postscreen[9]: ${rest.replace('#', `[192.0.2.7]:${port}`)}`;
const screened =
  'NOQUEUE: reject: RCPT from #: 450 4.3.2 Service currently unavailable; from=<bob@example.net>, to=<x@host.example>, proto=ESMTP, helo=<x>';
const sent = (id: string, pid: number, client = '192.0.2.7') =>
  `sm-mta[${pid}]: ${id}: from=<bob@example.net>, size=100, class=0, nrcpts=1, msgid=<a@b>, proto=ESMTP, daemon=MTA, relay=[${client}]`;
const smtp = (session: string, rest: string) => `smtpd[1]: ${session} smtp ${rest}`;
const failed =
  'failed-command command="RCPT TO:<x@host.example>" result="550 Invalid recipient: <x@host.example>"';
const message = (id: string) => `message msgid=${id} size=100 nrcpt=1 proto=ESMTP`;
const [one, two] = ['6b10d61641979880', '6b10d628bea59c7c'];

const cases: readonly [
  name: string,
  server: Mta,
  lines: readonly string[],
  want: readonly string[],
][] = [
  [
    'two at once, of one client',
    'postfix',
    [connect(1), connect(3), refuse(1), refuse(3), refuse(1)],
    ['unknown A', 'unknown B', 'unknown A'],
  ],
  [
    'one after the other in one process',
    'postfix',
    [connect(1), refuse(1), connect(1), refuse(1)],
    ['unknown A', 'unknown B'],
  ],
  [
    'several messages and refusals over one',
    'postfix',
    [
      connect(1),
      refuse(1),
      take(1, 'AAAAAA1'),
      queue('AAAAAA1'),
      refuse(1),
      take(1, 'AAAAAA2'),
      queue('AAAAAA2'),
    ],
    ['unknown A', 'unknown A', 'received A', 'received A'],
  ],
  [
    'a message that is told when its process has taken another connection',
    'postfix',
    [connect(1), take(1, 'AAAAAA1'), connect(1), refuse(1), queue('AAAAAA1')],
    ['unknown A', 'received B'],
  ],
  [
    'a log that begins in the middle of one',
    'postfix',
    [refuse(1), refuse(1), connect(1), refuse(1)],
    ['unknown A', 'unknown A', 'unknown B'],
  ],
  [
    'two clients of one process, whose beginnings are not told, or who came by XCLIENT',
    'postfix',
    [connect(1), refuse(1), refuse(1, '192.0.2.8'), refuse(1, '192.0.2.8')],
    ['unknown A', 'unknown B', 'unknown B'],
  ],
  [
    'what cleanup refuses of a message came over that of the message',
    'postfix',
    [
      connect(1),
      take(1, 'AAAAAA1'),
      connect(1),
      'postfix/cleanup[5]: AAAAAA1: milter-reject: END-OF-MESSAGE from x.example[192.0.2.7]: 5.7.1 No; from=<bob@example.net> to=<x@host.example> proto=ESMTP helo=<x>',
      refuse(1),
    ],
    ['refused A', 'unknown B'],
  ],
  [
    'what is handed in on the machine came over none',
    'postfix',
    ['postfix/pickup[4]: AAAAAA1: uid=0 from=<root>', queue('AAAAAA1')],
    ['received -'],
  ],
  [
    'what comes back from a filter is what went there',
    'postfix',
    [
      connect(1),
      take(1, 'AAAAAA1'),
      queue('AAAAAA1'),
      connect(3, '127.0.0.1'),
      'postfix/smtpd[3]: BBBBBB1: client=localhost[127.0.0.1], orig_queue_id=AAAAAA1, orig_client=x.example[192.0.2.7]',
      queue('BBBBBB1'),
    ],
    ['received A'],
  ],
  [
    'postscreen, whose process takes many at once: by the port, which comes again',
    'postfix',
    [
      screen(1000, 'CONNECT from # to [192.0.2.10]:25'),
      screen(1001, 'CONNECT from # to [192.0.2.10]:25'),
      ...[1000, 1001, 1000].map((port) => screen(port, screened)),
      screen(1000, 'CONNECT from # to [192.0.2.10]:25'),
      screen(1000, screened),
    ],
    ['deferred A', 'deferred B', 'deferred A', 'deferred C'],
  ],
  [
    'sendmail: a process for each, which counts its messages in their names',
    'sendmail',
    [
      sent('6ATHtttt000061', 61),
      sent('6ATHttf5000060', 60),
      sent('6ATHtttu000061', 61),
      sent('6ATIuttt000061', 61),
    ],
    ['received A', 'received B', 'received A', 'received C'],
  ],
  [
    'sendmail: what was refused, and tells its client and sender later',
    'sendmail',
    [
      'sm-mta[61]: 6ATHtttt000061: <x@host.example>... User unknown',
      'sm-mta[61]: 6ATHtttt000061: ruleset=check_rcpt, arg1=<x@host.example>, relay=[192.0.2.7], reject=550 5.1.1 <x@host.example>... User unknown',
      'sm-mta[61]: 6ATHtttt000061: Milter: to=<x@host.example>, reject=550 5.1.1 no',
      sent('6ATHtttt000061', 61).replace('nrcpts=1', 'nrcpts=0'),
      sent('6ATHtttu000061', 61),
      'sm-mta[62]: NOQUEUE: ruleset=check_mail, arg1=<bob@example.net>, relay=[192.0.2.7], reject=550 5.7.1 no',
    ],
    ['unknown A', 'unknown A', 'unknown A', 'refused -', 'received A'],
  ],
  [
    'sendmail: what is handed in on the machine',
    'sendmail',
    [
      'sendmail[1]: k853CAAAA00001: from=root, size=50, class=0, nrcpts=1, msgid=<a@b>, relay=root@localhost',
    ],
    ['received -'],
  ],
  [
    'OpenSMTPD: by their names',
    'opensmtpd',
    [
      smtp(one, 'connected address=192.0.2.7 host=x.example'),
      smtp(two, 'connected address=192.0.2.7 host=x.example'),
      smtp(one, failed),
      smtp(two, failed),
      smtp(one, message('0a0b0c0d')),
      smtp(one, 'disconnected reason=quit'),
      smtp(two, message('1a0b0c0d')),
    ],
    ['unknown A', 'unknown B', 'received A', 'received B'],
  ],
  [
    'OpenSMTPD: a log that begins in the middle of one, and a hand-in on the machine',
    'opensmtpd',
    [
      smtp(one, failed),
      smtp(one, failed),
      smtp(two, 'connected address=local host=mx.host.example'),
      smtp(two, message('0a0b0c0d')),
    ],
    ['unknown A', 'unknown A', 'received -'],
  ],
  [
    'Exim does not tell them',
    'exim',
    [
      'exim[1]: 1xXifO-00000N-0u <= bob@example.net H=mail.example [192.0.2.7] P=esmtp S=100 id=a@b',
      'exim[1]: H=mail.example [192.0.2.7] F=<bob@example.net> rejected RCPT <x@host.example>: Unknown user',
    ],
    ['unknown -', 'received -'],
  ],
];
for (const [name, server, lines, want] of cases)
  test(name, () => assert.deepEqual(lettered(followed(server, lines)), want));

test('however they are mixed, there are as many as were made', () => {
  const steps = fc.array(
    fc.record({
      pid: fc.integer({ min: 1, max: 4 }),
      what: fc.constantFrom('new', 'refused', 'mail'),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (taken) => {
      const lines: string[] = [];
      const want: string[] = [];
      const current = new Map<number, number>();
      let made = 0;
      for (const [at, { pid, what }] of taken.entries()) {
        if (what === 'new' || !current.has(pid)) {
          current.set(pid, ++made);
          lines.push(connect(pid));
        }
        const client = current.get(pid);
        const path = `${client}@host.example`;
        const id = `A${String(at).padStart(6, '0')}`;
        if (what === 'refused') lines.push(refuse(pid).replaceAll('x@host.example', path));
        if (what === 'mail') lines.push(take(pid, id), queue(id).replace('bob@example.net', path));
        if (what !== 'new') want.push(path);
      }
      const told = followed('postfix', lines);
      // Each path is that of one connection.
      const paths = new Map<number, Set<string | null>>();
      for (const one of told) {
        assert.ok('connection' in one && one.connection !== null);
        const path = one.kind === 'attempt' ? one.forwardPath : one.reversePath;
        paths.set(one.connection, (paths.get(one.connection) ?? new Set()).add(path));
      }
      assert.equal(told.length, want.length);
      assert.equal(paths.size, new Set(want).size);
      assert.ok([...paths.values()].every((of) => of.size === 1));
    }),
  );
});

test('the processes of two hosts have the same numbers, and are others', () => {
  const told: Observation[] = [];
  const finder = {
    observe: (one: Observation) => void told.push(one),
    advance() {},
    incidents: () => [],
  };
  const teller = createTeller({ finder });
  const reader = new LogLineReader(new Date(2006, 0, 1).getTime());
  for (const [host, text] of [
    ['mx1', connect(1)],
    ['mx2', connect(1)],
    ['mx1', refuse(1)],
    ['mx2', refuse(1)],
    ['mx1', refuse(1)],
  ] as const) {
    const line = `Sep  5 03:12:01 ${host} ${text}`;
    const event = reader.read(line, 0, line.length);
    assert.ok(event && event.kind !== 'unreadable' && reader.at !== null);
    teller.take(reader.at, reader.host, reader.server, event);
  }
  assert.deepEqual(lettered(told), ['unknown A', 'unknown B', 'unknown A']);
});

test('of more than may be remembered each is still one while it goes on', () => {
  const lines = Array.from({ length: 500 }, (_, at) => {
    const name = String(at).padStart(6, '0');
    return [sent(`6ATHtttt${name}`, at), sent(`6ATHtttu${name}`, at)];
  }).flat();
  const told = followed('sendmail', lines, { ...followerLimits, names: 10 });
  const connections = told.map((each) => 'connection' in each && each.connection);
  assert.equal(new Set(connections).size, 500);
});
