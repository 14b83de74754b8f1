/**
 * Every DNS oddity, as data: real records from a real DNS server go in, the verdict comes out.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test, { after, before } from 'node:test';
import { parseConfig } from '../src/config/read.ts';
import { routePolicyOf } from '../src/config/route-policy.ts';
import { parseHosts } from '../src/dns/hosts.ts';
import { createResolver } from '../src/dns/resolver.ts';
import { gatherRouteFacts } from '../src/dns/route-facts.ts';
import { createJudge } from '../src/judge/judge.ts';
import { createRoutes } from '../src/judge/routes.ts';
import { parseDomain } from '../src/mail/address.ts';
import { parseIp } from '../src/mail/ip.ts';
import { type DnsServer, startDnsServer, type ZoneData } from '../src/replay/dns-server.ts';
import { defaultNoticeLimits } from '../src/verdict/notice.ts';
import type { RouteKind } from '../src/verdict/route-policy.ts';
import type { Action } from '../src/verdict/verdict.ts';

interface Case {
  readonly name: string;
  readonly domain?: string;
  readonly records: ZoneData;
  /** That many MX, each of another name, all with this address. */
  readonly manyMx?: { readonly count: number; readonly address: string };
  readonly config?: Readonly<Record<string, readonly string[] | Record<string, string>>>;
  readonly hosts?: string;
  readonly want: readonly [kind: RouteKind, addressClass: string | null, reason: string];
  /** Sender, recipient, notice; by default what the kind entails. */
  readonly as?: readonly [Action, Action, Action];
  /** Text that the steps hold. */
  readonly step?: string;
}

const file = new URL('cases/routes.json', import.meta.url);
const { cases }: { cases: readonly Case[] } = JSON.parse(readFileSync(file, 'utf8'));

const byKind: { readonly [kind in RouteKind]: readonly [Action, Action, Action] } = {
  deliver: ['accept', 'accept', 'accept'],
  routed: ['accept', 'accept', 'accept'],
  unknown: ['defer', 'defer', 'defer'],
  blackhole: ['refuse', 'refuse', 'discard'],
  nullmx: ['refuse', 'refuse', 'discard'],
  nodomain: ['refuse', 'refuse', 'discard'],
  nomail: ['refuse', 'refuse', 'discard'],
  malformed: ['refuse', 'refuse', 'discard'],
};

let dns: DnsServer;
before(async () => {
  dns = await startDnsServer({ records: {} });
});
after(() => dns.close());

for (const found of cases)
  test(found.name, async () => {
    dns.setRecords(recordsOf(found));
    const [kind, addressClass, reason] = found.want;
    const { route, actions } = await judge(found);
    assert.deepEqual([route.kind, route.class, route.reason], [kind, addressClass, reason]);
    assert.deepEqual(actions, found.as ?? byKind[kind]);
    assert.ok(route.steps.join('\n').includes(found.step ?? ''), route.steps.join('\n'));
    const addresses = route.targets.flatMap((target) => target.addresses);
    if (kind === 'routed') return;
    assert.equal(addresses.length > 0, kind === 'deliver', 'mail has somewhere to go');
    assert.ok(addresses.every((judged) => judged.class === 'public'));
  });

function recordsOf({ records, manyMx }: Case): ZoneData {
  if (!manyMx) return records;
  const names = Array.from({ length: manyMx.count }, (_, i) => `mx${i}.d.example`);
  return Object.fromEntries([
    ['d.example', { MX: names.map((name, i) => [i, name]) }],
    ...names.map((name) => [name, { A: [manyMx.address] }]),
  ]);
}

async function judge(found: Case) {
  const own = parseIp('192.0.2.10');
  assert.ok(own);
  const config = parseConfig(Buffer.from(tomlOf(found.config ?? {})), found.name);
  const policy = routePolicyOf(config, { names: ['mail.own.example'], addresses: [own] });
  const now = () => performance.now();
  await using resolver = createResolver({
    servers: [{ host: dns.host, port: dns.port }],
    tryTimeout: 100,
    deadline: 300,
    now,
  });
  const hosts = parseHosts(found.hosts ?? '');
  const routes = createRoutes({
    gather: (domain) => gatherRouteFacts(resolver, domain, { hosts }),
    policy,
    now,
    capacity: 10,
    maxPending: 10,
  });
  const { checks, loops } = config;
  const judge = createJudge({
    routes,
    policy,
    checks,
    loops,
    notices: defaultNoticeLimits,
    directory: null,
    record() {},
    kept: async () => {},
    onFault: (fault) => assert.ifError(fault),
    patience: 5000,
  });
  const name = found.domain ?? 'd.example';
  const domain = parseDomain(name);
  assert.ok(domain);
  const route = await routes.routeOf(domain);
  assert.ok(route);
  const path = `ann@${name}`;
  const question = {
    adapter: 'explain',
    client: null,
    queueId: null,
    reversePath: path,
    forwardPath: path,
    nextHop: { mailer: 'smtp', host: name, address: path },
  } as const;
  const actions: Action[] = [];
  for (const check of ['sender', 'recipient', 'notice'] as const)
    actions.push((await judge.ask({ ...question, check })).action);
  return { route, actions };
}

/** A configuration with the vouched networks and what the case adds to [verdict]. */
function tomlOf({ public: vouched, ...rest }: NonNullable<Case['config']>): string {
  const networks = ['192.0.2.0/24', '2001:db8:25::/48', ...(Array.isArray(vouched) ? vouched : [])];
  const lines = ['[verdict]', `public = ${JSON.stringify(networks)}`];
  for (const [key, value] of Object.entries(rest))
    if (Array.isArray(value)) lines.push(`${key} = ${JSON.stringify(value)}`);
    else
      for (const [name, setting] of Object.entries(value))
        lines.push(`${key}.${name} = ${JSON.stringify(setting)}`);
  return lines.join('\n');
}
