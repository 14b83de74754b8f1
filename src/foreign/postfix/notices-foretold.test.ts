import assert from 'node:assert/strict';
import test from 'node:test';
import type { DeadEnd, NoticeEnd } from '../foretold.ts';
import { foretellPostfix } from './notices-foretold.ts';

const usual = {
  inet_interfaces: 'all',
  relayhost: '',
  default_transport: 'smtp',
  notify_classes: 'resource, software',
  bounce_queue_lifetime: '5d',
  smtp_dns_reply_filter: '',
};

const cases: readonly [
  set: Partial<typeof usual>,
  deadEnd: DeadEnd,
  end: NoticeEnd,
  because: RegExp,
][] = [
  [{}, 'loopback', 'dropped', /loops back to myself.*no 2bounce/s],
  [{}, 'null-mx', 'dropped', /nullMX/],
  [{ notify_classes: 'resource, 2bounce' }, 'loopback', 'postmaster', /2bounce/],
  [{ notify_classes: 'bounce, 2bounce' }, 'null-mx', 'postmaster', /2bounce/],
  [{ inet_interfaces: 'loopback-only' }, 'loopback', 'dropped', /loopback-only/],
  [{ inet_interfaces: '192.0.2.10, localhost' }, 'loopback', 'dropped', /localhost/],
  [{ inet_interfaces: '192.0.2.10' }, 'loopback', 'waits', /refused.*5d/s],
  [{ inet_interfaces: '192.0.2.10' }, 'null-mx', 'dropped', /nullMX/],
  [
    { smtp_dns_reply_filter: 'pcre:/x', bounce_queue_lifetime: '1d' },
    'loopback',
    'waits',
    /for 1d/,
  ],
  [{ relayhost: '[relay.example]' }, 'loopback', 'relayed', /relay\.example/],
  [{ default_transport: 'error:none' }, 'null-mx', 'relayed', /error:none/],
];
for (const [set, deadEnd, end, because] of cases)
  test(`Postfix with ${JSON.stringify(set)}, ${deadEnd}: ${end}`, () => {
    const told = foretellPostfix(new Map(Object.entries({ ...usual, ...set })), deadEnd);
    assert.equal(told.end, end);
    assert.match(told.because.join('\n'), because);
  });
