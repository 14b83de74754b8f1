import assert from 'node:assert/strict';
import test from 'node:test';
import type { Domain } from '../mail/address.ts';
import { ipFromBytes } from '../mail/ip.ts';
import type { RouteFacts } from '../verdict/route-facts.ts';
import { defaultRoutePolicy } from '../verdict/route-policy.ts';
import { createRoutes } from './routes.ts';

const nameOf = (name: string): Domain => ({ kind: 'name', name });

/** Routes of domains that all have so many addresses; `asked` are the domains looked up so far. */
function routesOf({ addresses = 1, capacity = 100, maxPending = 1000, ttl = 1000 }) {
  const asked: string[] = [];
  const clock = { now: 0 };
  const routes = createRoutes({
    async gather(domain): Promise<{ facts: RouteFacts; ttl: number }> {
      const name = domain.kind === 'name' ? domain.name : domain.address.text;
      asked.push(name);
      const host = {
        addresses: Array.from({ length: addresses }, (_, i) =>
          ipFromBytes(Uint8Array.of(8, 8, 8, i)),
        ),
        alias: null,
        failure: null,
        truncated: false,
      };
      const mx = [{ preference: 10, name: `mx.${name}`, host }];
      return {
        facts: { domain: name, found: { kind: 'mx', mx, truncated: false }, hostsFile: [] },
        ttl,
      };
    },
    policy: defaultRoutePolicy,
    now: () => clock.now,
    capacity,
    maxPending,
  });
  return { routes, asked, clock };
}

test('a domain is looked up once however many ask, and known at once until its facts end', async () => {
  const { routes, asked, clock } = routesOf({});
  await Promise.all(Array.from({ length: 10 }, () => routes.routeOf(nameOf('a.example'))));
  const known = routes.routeOf(nameOf('a.example'));
  assert.ok(known && !(known instanceof Promise) && known.kind === 'deliver');
  assert.deepEqual(asked, ['a.example']);
  clock.now = 1000;
  await routes.routeOf(nameOf('a.example'));
  assert.deepEqual(asked, ['a.example', 'a.example']);
});

test('an address literal is a domain like others', async () => {
  const { routes, asked } = routesOf({});
  await routes.routeOf({ kind: 'literal', address: ipFromBytes(Uint8Array.of(192, 0, 2, 1)) });
  assert.deepEqual(asked, ['192.0.2.1']);
});

test('more domains than may be looked up at once are not waited for', async () => {
  const { routes } = routesOf({ maxPending: 2 });
  const looked = [routes.routeOf(nameOf('a.example')), routes.routeOf(nameOf('b.example'))];
  assert.equal(routes.routeOf(nameOf('c.example')), null);
  await Promise.all(looked);
  assert.notEqual(routes.routeOf(nameOf('c.example')), null);
});

const floods: readonly [what: string, addresses: number, remembered: number][] = [
  ['ordinary domains', 1, 100],
  ['hostile domains of 60 addresses', 60, 6],
  ['domains too large for the whole memory', 200, 0],
];
for (const [what, addresses, remembered] of floods)
  test(`a flood of ${what} leaves at most ${remembered} in memory`, async () => {
    const { routes, asked } = routesOf({ addresses });
    for (let i = 0; i < 300; i++) await routes.routeOf(nameOf(`d${i}.example`));
    const looked = asked.length;
    for (let i = 299; i >= 0; i--) {
      const route = routes.routeOf(nameOf(`d${i}.example`));
      if (route instanceof Promise) {
        assert.ok(299 - i <= remembered, `${299 - i}`);
        assert.ok(299 - i >= remembered / 2, `${299 - i}`);
        break;
      }
    }
    assert.ok(asked.length > looked);
  });
