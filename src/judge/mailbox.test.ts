import assert from 'node:assert/strict';
import test from 'node:test';
import type { NextHop } from '../mail/envelope.ts';
import { parseIp } from '../mail/ip.ts';
import type { Directory } from '../recipients/directory.ts';
import { defaultLoopLimits } from '../verdict/loop.ts';
import { defaultNoticeLimits } from '../verdict/notice.ts';
import { defaultRoutePolicy } from '../verdict/route-policy.ts';
import type { Mode } from '../verdict/verdict.ts';
import { createJudge } from './judge.ts';
import { createRoutes } from './routes.ts';

const own = parseIp('192.0.2.10');
assert.ok(own);
const policy = {
  ...defaultRoutePolicy,
  ownAddresses: [own],
  routedDomains: new Set(['hosted.example']),
};

const directory: Directory = {
  find(path) {
    if (!path.endsWith('@hosted.example')) return { kind: 'foreign' };
    return path.startsWith('ann@')
      ? { kind: 'known', how: 'a mailbox' }
      : Promise.resolve({ kind: 'unknown', how: 'no mailbox' });
  },
  expand: (path) => [path],
  destinationOf: (domain) => (domain === 'hosted.example' ? { kind: 'mx' } : null),
};

/** Every foreign domain has an MX that is this machine, or, `good.`, one that is not. */
function judgeMailbox(
  forwardPath: string,
  mayRelay: boolean,
  guarded: { readonly mode: Mode; readonly nextHop: NextHop | null } | null = null,
) {
  const records: string[] = [];
  const judge = createJudge({
    routes: createRoutes({
      async gather(domain) {
        const name = domain.kind === 'name' ? domain.name : '';
        const address = parseIp(name.startsWith('good.') ? '93.184.216.34' : '192.0.2.10');
        assert.ok(address);
        const host = { addresses: [address], alias: null, failure: null, truncated: false };
        return {
          facts: { domain: name, found: { kind: 'implicit', host }, hostsFile: [] },
          ttl: 1,
        };
      },
      policy,
      now: () => 0,
      capacity: 10,
      maxPending: 10,
    }),
    policy,
    loops: defaultLoopLimits,
    notices: defaultNoticeLimits,
    directory: guarded ? null : directory,
    guarded: guarded ? directory : null,
    checks: {
      sender: { mode: 'off', onFailure: 'open' },
      recipient: { mode: 'enforce', onFailure: 'closed' },
      mailbox: { mode: guarded?.mode ?? 'off', onFailure: 'closed' },
      notice: { mode: 'off', onFailure: 'open' },
      loop: { mode: 'off', onFailure: 'open' },
      dmarc: { mode: 'off', onFailure: 'open' },
      flood: { mode: 'off', onFailure: 'open' },
    },
    record: ({ check }) => records.push(check),
    kept: async () => {},
    onFault: (fault) => assert.ifError(fault),
    patience: 1000,
  });
  const base = { adapter: 'smtp', client: null, reversePath: '', queueId: null } as const;
  const question = {
    ...base,
    check: 'mailbox',
    forwardPath,
    mayRelay,
    ...(guarded && { nextHop: guarded.nextHop }),
  } as const;
  return { verdict: judge.ask(question), records };
}

const cases: readonly [name: string, path: string, mayRelay: boolean, want: string, by: string][] =
  [
    ['a mailbox of ours is for everybody', 'ann@hosted.example', false, 'mailbox-known', ''],
    ['none of ours is refused', 'bob@hosted.example', false, 'mailbox-unknown', 'mailbox'],
    ['and refused to us as well', 'bob@hosted.example', true, 'mailbox-unknown', 'mailbox'],
    ['nobody relays', 'ann@good.example', false, 'relay-denied', 'mailbox'],
    ['but who may', 'ann@good.example', true, 'implicit-mx', ''],
    ['not into a circle: the domain is not ours', 'ann@a.example', true, 'self', 'recipient'],
    ['no path without a domain is relayed', 'ann', true, 'relay-denied', 'mailbox'],
  ];
for (const [name, path, mayRelay, want, by] of cases)
  test(name, async () => {
    const { verdict, records } = judgeMailbox(path, mayRelay);
    assert.equal((await verdict).reason, want);
    assert.deepEqual(records, by === '' ? [] : [by]);
  });

test('a mailbox that is known costs no promise', () => {
  assert.ok(!(judgeMailbox('ann@hosted.example', false).verdict instanceof Promise));
});

const local = { mailer: 'local', host: '', address: 'bob@own.example' };
const made = (mailer: string, address: string): NextHop => ({ mailer, host: 'x.example', address });
const guardedCases: readonly [
  name: string,
  path: string,
  mode: Mode,
  nextHop: NextHop | null,
  want: string,
][] = [
  [
    'a mailbox that does not exist',
    'bob@hosted.example',
    'enforce',
    null,
    'refuse mailbox-unknown',
  ],
  ['watched only', 'bob@hosted.example', 'watch', null, 'accept mailbox-unknown'],
  ['one that exists', 'ann@hosted.example', 'enforce', null, 'accept mailbox-known'],
  ['a name without a domain is its own', 'root', 'enforce', null, 'accept local-address'],
  ['a domain that only the server knows', 'bob@own.example', 'enforce', null, 'accept self'],
  ['that it delivers itself', 'bob@own.example', 'enforce', local, 'accept routed-by-name'],
  [
    'its tables lead to a mailbox that exists',
    'sales@hosted.example',
    'enforce',
    made('esmtp', 'ann@hosted.example'),
    'accept mailbox-known',
  ],
  [
    'its tables lead elsewhere',
    'sales@hosted.example',
    'enforce',
    made('esmtp', 'sales@good.example'),
    'accept routed-by-name',
  ],
  [
    'its tables lead to a mailbox of its own by another name',
    'sales@hosted.example',
    'enforce',
    made('local', 'carol'),
    'accept routed-by-name',
  ],
  [
    'its own mailbox is the name without the domain',
    'Bob@hosted.example',
    'enforce',
    made('local', 'bob'),
    'refuse mailbox-unknown',
  ],
  [
    'a tagged mailbox that exists',
    'prvs=0340f89b2a=ann@hosted.example',
    'enforce',
    null,
    'accept mailbox-known',
  ],
  [
    'a tag does not make a mailbox',
    'prvs=0340f89b2a=bob@hosted.example',
    'enforce',
    null,
    'refuse mailbox-unknown',
  ],
  [
    'its tables take the tag off',
    'prvs=0340f89b2a=ann@hosted.example',
    'enforce',
    made('local', 'ann'),
    'accept mailbox-known',
  ],
  [
    'its tables keep the tag',
    'prvs=0340f89b2a=bob@hosted.example',
    'enforce',
    made('esmtp', 'prvs=0340f89b2a=bob@hosted.example'),
    'refuse mailbox-unknown',
  ],
  [
    'it says nothing that can be read',
    'bob@hosted.example',
    'enforce',
    made('error', 'User unknown <'),
    'refuse mailbox-unknown',
  ],
];
for (const [name, path, mode, nextHop, want] of guardedCases)
  test(`beside another server: ${name}`, async () => {
    const { action, reason } = await judgeMailbox(path, true, { mode, nextHop }).verdict;
    assert.equal(`${action} ${reason}`, want);
  });

test('only the mailboxes of servers that are guarded count for them', async () => {
  const { verdict } = judgeMailbox('bob@hosted.example', true, null);
  assert.equal((await verdict).reason, 'mailbox-unknown');
  const none = judgeMailbox('bob@unhosted.example', true, { mode: 'enforce', nextHop: null });
  assert.equal((await none.verdict).reason, 'self');
});
