import assert from 'node:assert/strict';
import test from 'node:test';
import { parseIp } from '../mail/ip.ts';
import { defaultRoutePolicy } from '../verdict/route-policy.ts';
import { isOwnProbe } from './own-probe.ts';

const own = parseIp('192.0.2.10');
assert.ok(own);
const policy = {
  ...defaultRoutePolicy,
  ownAddresses: [own],
  ownNames: new Set(['mx.hosted.example']),
};

const cases: readonly [
  name: string,
  address: string | null,
  helo: string | null,
  reversePath: string | null,
  want: boolean,
][] = [
  ['from our address', '192.0.2.10', 'mx.hosted.example', '', true],
  ['from loopback, in another spelling', '::ffff:127.0.0.1', 'MX.Hosted.Example.', '', true],
  ['with a sender', '192.0.2.10', 'mx.hosted.example', 'ann@hosted.example', false],
  ['by another name', '192.0.2.10', 'client.example', '', false],
  ['by a stranger with our name', '192.0.2.7', 'mx.hosted.example', '', false],
  ['without a name', '192.0.2.10', null, '', false],
  ['over a unix socket', null, 'mx.hosted.example', '', false],
  ['before MAIL', '192.0.2.10', 'mx.hosted.example', null, false],
];
for (const [name, address, helo, reversePath, want] of cases)
  test(`${want ? 'our own question' : 'no question of ours'}: ${name}`, () => {
    assert.equal(isOwnProbe({ address, name: null, helo }, reversePath, policy), want);
  });
