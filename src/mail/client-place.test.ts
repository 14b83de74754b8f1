import assert from 'node:assert/strict';
import test from 'node:test';
import { placeOf } from './client-place.ts';

const cases: readonly [address: string, client: string, network: string][] = [
  ['192.0.2.7', '192.0.2.7', '192.0.2.0/24'],
  ['::ffff:192.0.2.7', '192.0.2.7', '192.0.2.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['fe80::1%eth0', 'fe80::/64', 'fe80::/48'],
  ['0192.0.2.7', '0192.0.2.7', '0192.0.2.7'],
  ['', '', ''],
];
for (const [address, client, network] of cases)
  test(`a client at ${address || 'nowhere'}`, () =>
    assert.deepEqual(placeOf(address), { client, network }));
