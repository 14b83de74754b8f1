import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { contains, type IpAddress, ipFromBytes, parseIp, parseNetwork } from '../mail/ip.ts';
import { classifyAddress } from './address-class.ts';
import { defaultRoutePolicy } from './route-policy.ts';

const policy = { ...defaultRoutePolicy, ownAddresses: [ip('198.41.0.4'), ip('2a00:1450::25')] };

const cases: readonly [address: string, want: string][] = [
  ['8.8.8.8', 'public'],
  ['2a00:1450:4001::1', 'public'],
  ['198.41.0.4', 'self'],
  ['2a00:1450::25', 'self'],
  ['::ffff:198.41.0.4', 'self'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['::1', 'loopback'],
  ['0.0.0.0', 'unspecified'],
  ['::', 'unspecified'],
  ['0.1.2.3', 'reserved'],
  ['10.1.2.3', 'private'],
  ['172.31.0.1', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.1.1', 'private'],
  ['fd00::1', 'private'],
  ['100.64.0.1', 'cgnat'],
  ['100.128.0.1', 'public'],
  ['169.254.169.254', 'linklocal'],
  ['fe80::1', 'linklocal'],
  ['fec0::1', 'private'],
  ['192.0.2.1', 'documentation'],
  ['198.51.100.1', 'documentation'],
  ['203.0.113.1', 'documentation'],
  ['2001:db8::1', 'documentation'],
  ['3fff::1', 'documentation'],
  ['198.18.0.1', 'reserved'],
  ['192.88.99.1', 'reserved'],
  ['100::1', 'reserved'],
  ['5f00::1', 'reserved'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'reserved'],
  ['224.0.0.1', 'multicast'],
  ['ff02::1', 'multicast'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::127.0.0.1', 'loopback'],
  ['::ffff:0:127.0.0.1', 'loopback'],
  ['::ffff:8.8.8.8', 'public'],
  ['64:ff9b::7f00:1', 'loopback'],
  ['64:ff9b::808:808', 'public'],
  ['64:ff9b::a01:203', 'private'],
  ['64:ff9b:1::7f00:1', 'loopback'],
  ['64:ff9b:1:7f00:0:100::', 'loopback'],
  ['64:ff9b:1::808:808', 'private'],
  ['2002:7f00:1::1', 'loopback'],
  ['2002:a01:203::1', 'private'],
  ['2002:808:808::1', 'reserved'],
  ['2001:0:4136:e378:8000:63bf:80ff:fffe', 'loopback'],
  ['2001:0:4136:e378:8000:63bf:3fff:fdd2', 'documentation'],
  ['2001:0:4136:e378:8000:63bf:f7f7:f7f7', 'reserved'],
  ['2a00:1450::5efe:7f00:1', 'loopback'],
  ['2a00:1450::200:5efe:a01:203', 'private'],
];
for (const [address, want] of cases)
  test(`${address} is ${want}`, () => assert.equal(classifyAddress(ip(address), policy), want));

test('a vouched network counts as public, in its disguises too', () => {
  const vouched = { ...policy, publicNetworks: [network('10.0.0.0/8'), network('2001:db8::/32')] };
  assert.equal(classifyAddress(ip('10.1.2.3'), vouched), 'public');
  assert.equal(classifyAddress(ip('::ffff:10.1.2.3'), vouched), 'public');
  assert.equal(classifyAddress(ip('2001:db8::1'), vouched), 'public');
  assert.equal(classifyAddress(ip('192.168.1.1'), vouched), 'private');
});

test('vouching for everything vouches for nothing special', () => {
  const vouched = { ...policy, publicNetworks: [network('0.0.0.0/0'), network('::/0')] };
  for (const address of ['127.0.0.1', '::1', '0.0.0.0', '10.1.2.3', '198.41.0.4'])
    assert.notEqual(classifyAddress(ip(address), vouched), 'public', address);
});

test('an own address stays our own in a vouched network', () => {
  const vouched = {
    ...policy,
    ownAddresses: [ip('192.0.2.10')],
    publicNetworks: [network('192.0.2.0/24')],
  };
  assert.equal(classifyAddress(ip('192.0.2.10'), vouched), 'self');
  assert.equal(classifyAddress(ip('192.0.2.11'), vouched), 'public');
});

test('a NAT64 prefix of the operator is as good as what it hides', () => {
  const translated = {
    ...policy,
    nat64: [network('2a00:1450:64::/96'), network('64:ff9b:1::/96')],
  };
  assert.equal(classifyAddress(ip('2a00:1450:64::808:808'), translated), 'public');
  assert.equal(classifyAddress(ip('64:ff9b:1::808:808'), translated), 'public');
  assert.equal(classifyAddress(ip('2a00:1450:64::7f00:1'), translated), 'loopback');
});

/** IANA's special-purpose blocks that no mail server may be reached in. */
const special = [
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24',
  '192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24',
  '198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32',
  '::/128 ::1/128 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001:db8::/32 2002::/16',
  '2620:4f:8000::/48 3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8',
]
  .join(' ')
  .split(' ')
  .map(network);

const addressIn = fc.constantFrom(...special).chain((block) =>
  fc
    .uint8Array({ minLength: block.base.bytes.length, maxLength: block.base.bytes.length })
    .map((noise) => {
      const bytes = block.base.bytes.map((byte, i) => {
        const fixed = Math.min(8, Math.max(0, block.prefix - i * 8));
        const mask = 0xff & (0xff << (8 - fixed));
        return (byte & mask) | ((noise[i] ?? 0) & ~mask);
      });
      return ipFromBytes(bytes);
    }),
);

/** Every way to write an IPv4 address as an IPv6 address. */
function disguises(address: IpAddress): IpAddress[] {
  const [a = 0, b = 0, c = 0, d = 0] = address.bytes;
  const hex = (x: number, y: number) => ((x << 8) | y).toString(16);
  const flipped = [a, b, c, d].map((byte) => byte ^ 0xff);
  const tail = `${hex(a, b)}:${hex(c, d)}`;
  return [
    `::ffff:${tail}`,
    `::ffff:0:${tail}`,
    `64:ff9b::${tail}`,
    `64:ff9b:1::${tail}`,
    `64:ff9b:1:${hex(a, b)}:${hex(0, c)}:${hex(d, 0)}::`,
    `2002:${tail}::1`,
    `2001:0:4136:e378:8000:63bf:${hex(flipped[0] ?? 0, flipped[1] ?? 0)}:${hex(flipped[2] ?? 0, flipped[3] ?? 0)}`,
    `2a00:1450::5efe:${tail}`,
    `::${tail}`,
  ].map(ip);
}

test('no address of a special-purpose block is public, in any disguise', () => {
  fc.assert(
    fc.property(addressIn, (address) => {
      assert.ok(special.some((block) => contains(block, address)));
      assert.notEqual(classifyAddress(address, policy), 'public', address.text);
      if (address.bytes.length === 4)
        for (const disguise of disguises(address))
          assert.notEqual(classifyAddress(disguise, policy), 'public', disguise.text);
    }),
    { numRuns: 3000 },
  );
});

function ip(text: string): IpAddress {
  const address = parseIp(text);
  assert.ok(address, `${text} is an address`);
  return address;
}

function network(text: string) {
  const found = parseNetwork(text);
  assert.ok(found, `${text} is a network`);
  return found;
}
