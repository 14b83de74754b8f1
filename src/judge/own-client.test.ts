import assert from 'node:assert/strict';
import test from 'node:test';
import { liveMemory } from '../../test/live-memory.ts';
import { parseNetwork } from '../mail/ip.ts';
import { defaultRoutePolicy } from '../verdict/route-policy.ts';
import { isOwnClientOf } from './own-client.ts';

const spared = ['192.0.2.0/24', '2001:db8::/32'].flatMap((text) => parseNetwork(text) ?? []);
const isOwn = isOwnClientOf(defaultRoutePolicy, spared);

const cases: readonly [address: string | null, want: boolean][] = [
  [null, true],
  ['127.0.0.1', true],
  ['::ffff:127.0.0.1', true],
  ['192.0.2.77', true],
  ['::ffff:192.0.2.77', true],
  ['2001:DB8::1', true],
  ['198.51.100.7', false],
  ['::ffff:198.51.100.7', false],
  ['', false],
  ['no address', false],
];
for (const [address, want] of cases)
  test(`${address} is ${want ? 'one of us' : 'a stranger'}, asked once or twice`, () =>
    assert.deepEqual([isOwn(address), isOwn(address)], [want, want]));

test('an address that is part of a large text does not keep it alive', () => {
  const before = liveMemory();
  for (let i = 100; i < 300; i++) {
    const [, client = ''] = `${'x'.repeat(1_000_000)} 198.100.100.${i}`.split(' ');
    assert.equal(isOwn(client), false);
  }
  const used = (liveMemory() - before) / 2 ** 20;
  assert.equal(isOwn('198.100.100.100'), false);
  assert.ok(used < 50, `${used} MB`);
});
