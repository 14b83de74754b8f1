import assert from 'node:assert/strict';
import test from 'node:test';
import { parseDomain } from '../mail/address.ts';
import { defaultRoutePolicy } from '../verdict/route-policy.ts';
import { createRoutes } from './routes.ts';

function setUp(capacity = 100) {
  let time = 0;
  const asked: string[] = [];
  const routes = createRoutes({
    gather: async (domain) => {
      const name = domain.kind === 'name' ? domain.name : '';
      asked.push(name);
      return { facts: { domain: name, found: { kind: 'nxdomain' }, hostsFile: [] }, ttl: 1000 };
    },
    policy: defaultRoutePolicy,
    now: () => time,
    capacity,
    maxPending: 1000,
  });
  const look = async (name: string) => {
    const domain = parseDomain(name);
    assert.ok(domain);
    await routes.routeOf(domain);
  };
  return { look, asked, pass: (ms: number) => (time += ms) };
}

test('a domain is looked up once, however many ask at the same time', async () => {
  const { look, asked } = setUp();
  await Promise.all(Array.from({ length: 50 }, () => look('d.example')));
  assert.equal(asked.length, 1);
});

test('and again when DNS said that it may have changed', async () => {
  const { look, asked, pass } = setUp();
  await look('d.example');
  pass(999);
  await look('d.example');
  assert.equal(asked.length, 1);
  pass(1);
  await look('d.example');
  assert.equal(asked.length, 2);
});

test('a flood of invented domains does not push out the one in use', async () => {
  const { look, asked } = setUp(100);
  for (let i = 0; i < 1000; i++) {
    await look('busy.example');
    await look(`invented${i}.example`);
  }
  assert.equal(asked.filter((name) => name === 'busy.example').length, 1);
  await look('invented0.example');
  assert.equal(
    asked.filter((name) => name === 'invented0.example').length,
    2,
    'old ones are forgotten',
  );
});
