import assert from 'node:assert/strict';
import test from 'node:test';
import { checkTarget, type Interfaces } from './target.ts';

const info = (address: string, cidr: string) => ({
  address,
  cidr,
  netmask: '',
  mac: '00:00:00:00:00:00',
  internal: false,
  ...(address.includes(':')
    ? { family: 'IPv6' as const, scopeid: 0 }
    : { family: 'IPv4' as const }),
});
const interfaces: Interfaces = {
  lo: [info('127.0.0.1', '127.0.0.1/8'), info('::1', '::1/128')],
  eth0: [info('93.184.216.34', '93.184.216.34/24'), info('10.1.2.3', '10.1.2.3/8')],
  veth0: [info('192.0.2.1', '192.0.2.1/24'), info('2001:db8::1', '2001:db8::1/64')],
  vpn0: [info('198.18.0.1', '198.18.0.1/15'), info('100.64.0.2', '100.64.0.2/10')],
};
const names = new Map([
  ['localhost', ['127.0.0.1', '::1']],
  ['me.example', ['93.184.216.34']],
  ['half.example', ['127.0.0.1', '93.184.216.99']],
  ['stranger.example', ['93.184.216.99']],
  ['nothing.example', []],
]);

const cases: readonly [host: string, want: string][] = [
  ['127.0.0.1', 'here 127.0.0.1'],
  ['127.99.0.1', 'here 127.99.0.1'],
  ['::1', 'here ::1'],
  ['0:0:0:0:0:0:0:1', 'here ::1'],
  ['::ffff:127.0.0.1', 'here 127.0.0.1'],
  ['localhost', 'here 127.0.0.1'],
  ['93.184.216.34', 'here 93.184.216.34'],
  ['me.example', 'here 93.184.216.34'],
  ['10.1.2.3', 'here 10.1.2.3'],
  ['192.0.2.1', 'here 192.0.2.1'],
  ['192.0.2.10', 'beside 192.0.2.10'],
  ['2001:db8::10', 'beside 2001:db8::10'],
  // Neighbours, even attached ones, are strangers.
  ['10.1.2.4', 'refused'],
  ['93.184.216.99', 'refused'],
  ['100.64.0.9', 'refused'],
  // VPN programs put real hosts behind the addresses for benchmarks.
  ['198.18.0.9', 'refused'],
  // Documentation addresses that a gateway would have to carry.
  ['198.51.100.7', 'refused'],
  ['2001:db8:1::10', 'refused'],
  ['0.0.0.0', 'refused'],
  ['::', 'refused'],
  ['::ffff:93.184.216.99', 'refused'],
  ['64:ff9b::127.0.0.1', 'refused'],
  ['8.8.8.8', 'refused'],
  ['stranger.example', 'refused'],
  ['half.example', 'refused'],
  ['nothing.example', 'refused'],
  ['unknown.example', 'refused'],
];
for (const [host, want] of cases)
  test(`${host} as a target: ${want}`, async () => {
    const check = await checkTarget(host, 25, interfaces, async (name) => {
      const found = names.get(name);
      if (!found) throw new Error('ENOTFOUND');
      return found;
    });
    assert.equal(check.kind === 'own' ? `${check.where} ${check.address}` : 'refused', want);
  });

test('a refusal says which address is not allowed', async () => {
  const check = await checkTarget(
    'half.example',
    25,
    interfaces,
    async () => names.get('half.example') ?? [],
  );
  assert.ok(check.kind === 'refused');
  assert.match(check.problem, /^93\.184\.216\.99 is not an address of this machine/);
});
