import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseIp } from '../mail/ip.ts';
import { judgePath } from './path.ts';
import { judgeRoute } from './route.ts';
import type { DomainFacts, HostFacts, MxFacts } from './route-facts.ts';
import { addressClasses, defaultRoutePolicy } from './route-policy.ts';

const good = ['8.8.8.8', '2a00:1450::1'];
const bogus = [
  '127.0.0.1',
  '::1',
  '0.0.0.0',
  '10.0.0.1',
  '169.254.1.1',
  '::ffff:127.0.0.1',
  '240.0.0.1',
];

const host = (addresses: readonly string[], failed = false): HostFacts => ({
  addresses: addresses.flatMap((text) => parseIp(text) ?? []),
  alias: null,
  failure: failed ? { kind: 'failed', detail: 'SERVFAIL' } : null,
  truncated: false,
});

const hostOf = (addresses: readonly string[], failed: fc.Arbitrary<boolean>) =>
  fc
    .record({ addresses: fc.subarray([...addresses]), failed })
    .map((made) => host(made.addresses, made.failed));

const mxOf = (hosts: fc.Arbitrary<HostFacts>): fc.Arbitrary<MxFacts> =>
  fc.record({
    preference: fc.nat(100),
    name: fc.constantFrom('a.example', 'b.example', 'localhost', '127.0.0.1', ''),
    host: hosts,
  });

const judge = (found: DomainFacts, policy = defaultRoutePolicy) =>
  judgeRoute({ domain: 'd.example', found, hostsFile: [] }, policy);

const mx = (records: readonly MxFacts[], truncated = false): DomainFacts => ({
  kind: 'mx',
  mx: records.toSorted((a, b) => a.preference - b.preference),
  truncated,
});

test('a DNS failure is never a pass and never permanent', () => {
  const failing = fc.array(mxOf(hostOf(bogus, fc.boolean())), { minLength: 1 });
  fc.assert(
    fc.property(failing, fc.boolean(), (records, truncated) => {
      const isUncertain = records.some(
        ({ name, host: facts }) => facts?.failure && (name === 'a.example' || name === 'b.example'),
      );
      const route = judge(mx(records, truncated));
      assert.notEqual(route.kind, 'deliver');
      if (!isUncertain) return;
      assert.equal(route.kind, 'unknown');
      for (const role of ['sender', 'recipient', 'notice'] as const) {
        const verdict = judgePath(role, route, null);
        assert.equal(verdict.action, 'defer');
        assert.equal(Math.floor((verdict.reply?.code ?? 0) / 100), 4);
      }
    }),
  );
});

test('a bogus MX never turns a good domain bad, unless the policy of its class says so', () => {
  const goodMx = fc.record({
    preference: fc.nat(100),
    name: fc.constant('good.example'),
    host: fc.subarray(good, { minLength: 1 }).map((addresses) => host(addresses)),
  });
  const more = fc.array(mxOf(hostOf(bogus, fc.boolean())));
  fc.assert(
    fc.property(goodMx, more, (record, records) => {
      const route = judge(mx([record, ...records]));
      assert.equal(route.kind, 'deliver');
      assert.deepEqual(
        route.targets.map(({ name }) => name),
        ['good.example'],
      );
      const strict = {
        ...defaultRoutePolicy,
        mixed: { ...defaultRoutePolicy.mixed, loopback: 'refuse' as const },
      };
      const refused = judge(mx([record, ...records]), strict);
      const hasLoopback = route.mx.some(
        ({ name, addresses }) =>
          name === 'localhost' || addresses.some((judged) => judged.class === 'loopback'),
      );
      assert.equal(refused.kind, hasLoopback ? 'blackhole' : 'deliver');
    }),
  );
});

test('too many records are never a pass', () => {
  const any = fc.array(mxOf(hostOf([...good, ...bogus], fc.boolean())), { minLength: 1 });
  fc.assert(
    fc.property(any, (records) => assert.notEqual(judge(mx(records, true)).kind, 'deliver')),
  );
});

test('mail is only ever delivered to public addresses', () => {
  const any = fc.array(mxOf(hostOf([...good, ...bogus], fc.boolean())));
  fc.assert(
    fc.property(any, (records) => {
      const route = judge(mx(records));
      assert.ok(
        route.targets.every(({ addresses }) =>
          addresses.every((judged) => judged.class === 'public'),
        ),
      );
      assert.equal(route.targets.length > 0, route.kind === 'deliver');
      assert.ok(route.class === null || addressClasses.includes(route.class));
    }),
  );
});

test('a domain whose MX is this machine is only refused by a server that says it does not host it', () => {
  const own = { ...defaultRoutePolicy, ownNames: new Set(['mail.own.example']) };
  const route = judge(mx([{ preference: 10, name: 'mail.own.example', host: null }]), own);
  assert.equal(route.class, 'self');
  assert.equal(judgePath('recipient', route, null).action, 'accept');
  const byMx = { mailer: 'esmtp', host: 'd.example', address: 'ann@d.example' };
  assert.equal(judgePath('recipient', route, byMx).action, 'refuse');
});

test('what the operator routes by name goes where DNS says, but never back to ourselves', () => {
  const policy = { ...defaultRoutePolicy, routedDomains: new Set(['d.example']) };
  const found = mx([
    { preference: 10, name: 'inside.example', host: host(['10.0.0.1', '127.0.0.1', '8.8.8.8']) },
    { preference: 20, name: 'localhost', host: null },
  ]);
  const route = judge(found, policy);
  assert.equal(route.kind, 'routed');
  const targets = route.targets.map(({ name, addresses }) => [
    name,
    ...addresses.map(({ address }) => address.text),
  ]);
  assert.deepEqual(targets, [['inside.example', '10.0.0.1', '8.8.8.8']]);
  assert.deepEqual(judge({ kind: 'nxdomain' }, policy).targets, []);
});
