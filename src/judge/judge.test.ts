import assert from 'node:assert/strict';
import test from 'node:test';
import { parseIp } from '../mail/ip.ts';
import { defaultLoopLimits } from '../verdict/loop.ts';
import { defaultNoticeLimits } from '../verdict/notice.ts';
import type { NoticeOrigin } from '../verdict/notice-origin.ts';
import type { DomainFacts, RouteFacts } from '../verdict/route-facts.ts';
import { defaultRoutePolicy } from '../verdict/route-policy.ts';
import { noProof } from '../verdict/sender-proof.ts';
import type { CheckSetting, Question, Verdict } from '../verdict/verdict.ts';
import { createFloodWatch, type FloodDesk } from './flood-watch.ts';
import { createJudge, type JudgeOptions } from './judge.ts';
import { createRoutes, type GatherRouteFacts } from './routes.ts';

const address = parseIp('127.0.0.1');
assert.ok(address);
const hole: DomainFacts = { kind: 'literal', address };
const failed: DomainFacts = { kind: 'failed', detail: 'SERVFAIL' };

const outside = parseIp('8.8.8.8');
assert.ok(outside);
const reachable: DomainFacts = { kind: 'literal', address: outside };
const enforced: CheckSetting = { mode: 'enforce', onFailure: 'closed' };

function allOf(check: CheckSetting): JudgeOptions['checks'] {
  return {
    sender: check,
    recipient: check,
    mailbox: check,
    notice: check,
    loop: check,
    dmarc: check,
    flood: check,
  };
}

function judgeWith(
  found: DomainFacts | Error,
  setting: Partial<CheckSetting> = {},
  more: Partial<JudgeOptions> = {},
) {
  const recorded: { verdict: Verdict; enforced: boolean }[] = [];
  const gather: GatherRouteFacts = async () => {
    if (found instanceof Error) throw found;
    return { facts: { domain: 'd.example', found, hostsFile: [] }, ttl: 1000 };
  };
  const check = { ...enforced, ...setting };
  const judge = createJudge({
    routes: createRoutes({
      gather,
      policy: defaultRoutePolicy,
      now: () => 0,
      capacity: 10,
      maxPending: 1,
    }),
    policy: defaultRoutePolicy,
    loops: defaultLoopLimits,
    notices: defaultNoticeLimits,
    directory: null,
    checks: allOf(check),
    record: (_question, verdict, enforced) => recorded.push({ verdict, enforced }),
    kept: async () => {},
    onFault: () => {},
    patience: 5000,
    ...more,
  });
  return { judge, recorded };
}

function question(check: 'sender' | 'recipient' | 'notice', domain = 'd.example'): Question {
  const path = `ann@${domain}`;
  return {
    check,
    adapter: 'milter',
    client: null,
    queueId: null,
    reversePath: path,
    forwardPath: path,
    nextHop: null,
  };
}

test('who watches for floods sees what passes because its check is off', async () => {
  const seen: string[] = [];
  const floods: FloodDesk = {
    brake: () => null,
    storm: (verdict) => verdict,
    see: ({ check }, { action, reason }) => void seen.push(`${check} ${action} ${reason}`),
  };
  const { judge } = judgeWith(hole, { mode: 'off' }, { floods });
  await judge.ask(question('recipient'));
  assert.deepEqual(seen, ['recipient accept check-off']);
});

const origin: NoticeOrigin = {
  isAlert: false,
  reversePath: 'ann@d.example',
  proof: { ...noProof, login: 'ann' },
  isWanted: true,
  toSender: 0,
  toAll: 0,
  backlog: null,
};
const { inAll, perSender } = defaultNoticeLimits;
const stopped: readonly [
  name: string,
  origin: Partial<NoticeOrigin>,
  notice: CheckSetting['mode'],
  want: readonly string[],
][] = [
  ['too many to all', { toAll: inAll }, 'enforce', ['notice-storm, enforced']],
  ['that wait', { backlog: 1000 }, 'enforce', ['notice-storm, enforced']],
  ['too many to one', { toSender: perSender }, 'enforce', ['notice-cap, enforced']],
  ['none too many', {}, 'enforce', ['notice-storm, watched']],
  ['too many to all, which is watched', { toAll: inAll }, 'watch', ['notice-storm, watched']],
  [
    'too many to one, which is watched',
    { toSender: perSender },
    'watch',
    ['notice-storm, watched', 'notice-cap, watched'],
  ],
];
for (const [name, more, mode, want] of stopped)
  test(`a notice in a storm that is only watched, ${name}: ${want.join(' and ')}`, async () => {
    const floods = createFloodWatch({ now: () => 0 });
    const storm = { action: 'discard', reply: null, reason: 'notice-storm', steps: [] } as const;
    floods.storm(storm, false);
    const watch = { mode: 'watch', onFailure: 'closed' } as const;
    const checks = { ...allOf(enforced), flood: watch, notice: { ...watch, mode } };
    const { judge, recorded } = judgeWith(reachable, {}, { floods, checks });
    const forwardPath = 'ann@d.example';
    const asked = { ...question('notice'), check: 'notice', forwardPath, nextHop: null } as const;
    await judge.ask({ ...asked, origin: { ...origin, ...more } });
    assert.deepEqual(
      recorded.map((one) => `${one.verdict.reason}, ${one.enforced ? 'enforced' : 'watched'}`),
      want,
    );
  });

const modes: readonly [
  name: string,
  found: DomainFacts,
  setting: Partial<CheckSetting>,
  want: string,
][] = [
  ['enforced', hole, {}, 'refuse, enforced'],
  ['watched', hole, { mode: 'watch' }, 'accept, watched'],
  ['off', hole, { mode: 'off' }, 'accept, not recorded'],
  ['without an answer, closed', failed, {}, 'defer, enforced'],
  ['without an answer, open', failed, { onFailure: 'open' }, 'accept, watched'],
  ['with an answer, open', hole, { onFailure: 'open' }, 'refuse, enforced'],
  ['without an answer, closed but watched', failed, { mode: 'watch' }, 'accept, watched'],
];
for (const [name, found, setting, want] of modes)
  test(`a check that is ${name}: ${want}`, async () => {
    const { judge, recorded } = judgeWith(found, setting);
    const { action } = await judge.ask(question('sender'));
    const record = recorded.map(({ enforced }) => (enforced ? 'enforced' : 'watched'));
    assert.equal(`${action}, ${record[0] ?? 'not recorded'}`, want);
  });

test('a notice is discarded only after its receipt is on disk', async () => {
  const disk = Promise.withResolvers<void>();
  const { judge, recorded } = judgeWith(hole, {}, { kept: () => disk.promise });
  const answer = Promise.resolve(judge.ask(question('notice')));
  const first = await Promise.race([
    answer,
    new Promise((resolve) => setImmediate(resolve, 'waiting')),
  ]);
  assert.equal(first, 'waiting');
  assert.equal(recorded.length, 1);
  disk.resolve();
  assert.equal((await answer).action, 'discard');
});

test('the second question about a domain is answered at once', async () => {
  const { judge } = judgeWith(hole);
  await judge.ask(question('sender'));
  assert.ok(!(judge.ask(question('recipient')) instanceof Promise));
});

test('with too many look-ups under way, new domains are deferred and known ones are not', async () => {
  const never = new Promise<never>(() => {});
  const gather: GatherRouteFacts = async (domain) =>
    domain.kind === 'name' && domain.name === 'known.example'
      ? { facts: { domain: 'known.example', found: hole, hostsFile: [] }, ttl: 1000 }
      : never;
  const routes = createRoutes({
    gather,
    policy: defaultRoutePolicy,
    now: () => 0,
    capacity: 10,
    maxPending: 1,
  });
  const { judge } = judgeWith(hole, {}, { routes });
  await judge.ask(question('sender', 'known.example'));
  void judge.ask(question('sender', 'slow.example'));
  const overloaded = await judge.ask(question('sender', 'other.example'));
  assert.deepEqual([overloaded.action, overloaded.reason], ['defer', 'overloaded']);
  assert.equal((await judge.ask(question('sender', 'known.example'))).action, 'refuse');
});

test('a fault of our own is told, and defers', async () => {
  const faults: unknown[] = [];
  const { judge } = judgeWith(new Error('bug'), {}, { onFault: (fault) => faults.push(fault) });
  const { action, reason } = await judge.ask(question('sender'));
  assert.deepEqual([action, reason, faults.length], ['defer', 'internal-error', 1]);
});

test('a fault of our own at once is told as well, and defers', async () => {
  const faults: unknown[] = [];
  const routes = {
    routeOf() {
      throw new Error('bug');
    },
  };
  const onFault = (fault: unknown) => faults.push(fault);
  const { judge } = judgeWith(hole, {}, { routes, onFault });
  const { action, reason } = await judge.ask(question('sender'));
  assert.deepEqual([action, reason, faults.length], ['defer', 'internal-error', 1]);
});

test('a look-up that never ends is deferred in time, by the mode of the check', async () => {
  const routes = { routeOf: () => new Promise<never>(() => {}) };
  const { judge } = judgeWith(hole, {}, { routes, patience: 5 });
  assert.equal((await judge.ask(question('sender'))).action, 'defer');
  const open = judgeWith(hole, { onFailure: 'open' }, { routes, patience: 5 });
  assert.equal((await open.judge.ask(question('sender'))).action, 'accept');
});

test('a disk that hangs holds up no mail', async () => {
  const kept = () => new Promise<never>(() => {});
  const { judge } = judgeWith(hole, {}, { kept, patience: 5 });
  assert.equal((await judge.ask(question('notice'))).action, 'discard');
});

test('verdict and receipt share one patience', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { promise, resolve } = Promise.withResolvers<{ facts: RouteFacts; ttl: number }>();
  const routes = createRoutes({
    gather: () => promise,
    policy: defaultRoutePolicy,
    now: () => 0,
    capacity: 10,
    maxPending: 1,
  });
  const isAsked = Promise.withResolvers<void>();
  const faults: unknown[] = [];
  const { judge } = judgeWith(
    hole,
    {},
    {
      routes,
      patience: 1000,
      onFault: (fault) => faults.push(fault),
      kept() {
        isAsked.resolve();
        return new Promise<never>(() => {});
      },
    },
  );
  const answer = judge.ask(question('notice'));
  t.mock.timers.tick(999);
  resolve({ facts: { domain: 'd.example', found: hole, hostsFile: [] }, ttl: 1000 });
  await isAsked.promise;
  t.mock.timers.tick(1);
  assert.equal((await answer).action, 'discard');
  assert.deepEqual(faults, []);
});
