import assert from 'node:assert/strict';
import test from 'node:test';
import { parseIp } from '../mail/ip.ts';
import { orderTargets } from './connect-order.ts';
import type { Place } from './smtp-hop.ts';

function mx(
  ...hosts: readonly [preference: number, name: string, addresses: readonly string[]][]
): Place {
  const targets = hosts.map(([preference, name, addresses]) => ({
    preference,
    name,
    addresses: addresses.flatMap((text) => {
      const address = parseIp(text);
      return address ? [{ address, class: 'public' as const }] : [];
    }),
  }));
  return { kind: 'mx', targets, port: 25 };
}

/** Numbers in [0, 1), the same in each run. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function labels(place: Place, seed: number): string[] {
  return orderTargets(place, dice(seed)).map(({ label }) => label);
}

const seeds = Array.from({ length: 40 }, (_, i) => 7 * i + 1);

test('a worse preference comes after every better one, whatever the dice say', () => {
  const place = mx([20, 'b.example', ['192.0.2.3']], [10, 'a.example', ['192.0.2.1', '192.0.2.2']]);
  for (const seed of seeds) {
    const order = labels(place, seed);
    assert.equal(order.length, 3);
    assert.equal(order[2], 'b.example (192.0.2.3)');
  }
});

test('equals each come first now and then', () => {
  const place = mx(
    [10, 'a.example', ['192.0.2.1']],
    [10, 'b.example', ['192.0.2.2']],
    [10, 'c.example', ['192.0.2.3']],
  );
  assert.equal(new Set(seeds.map((seed) => labels(place, seed)[0])).size, 3);
});

test('families take turns, and either may begin', () => {
  const place = mx([10, 'a.example', ['2001:db8::1', '2001:db8::2', '2001:db8::3', '192.0.2.1']]);
  const firsts = new Set<boolean>();
  for (const seed of seeds) {
    const order = labels(place, seed).map((label) => label.includes(':'));
    assert.equal(order.length, 4);
    assert.notEqual(order[0], order[1]);
    firsts.add(order[0] ?? false);
  }
  assert.equal(firsts.size, 2);
});

test('of a very long list so many are tried as anyone can wait for', () => {
  const addresses = Array.from({ length: 200 }, (_, i) => `192.0.2.${i}`);
  assert.equal(labels(mx([10, 'a.example', addresses]), 1).length, 10);
});

const configured: readonly [place: Place, want: readonly string[]][] = [
  [{ kind: 'configured', endpoint: { path: '/run/lmtp' }, addresses: [] }, ['/run/lmtp']],
  [{ kind: 'configured', endpoint: { host: 'in.example', port: 24 }, addresses: [] }, []],
  [mx([0, '192.0.2.1', ['192.0.2.1']]), ['192.0.2.1']],
];
for (const [place, want] of configured)
  test(`a next hop with ${want.length} ways: ${want}`, () =>
    assert.deepEqual(labels(place, 1), want));
