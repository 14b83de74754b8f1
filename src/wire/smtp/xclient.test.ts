import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { XclientAttributes } from './session.ts';
import { parseXclient } from './xclient.ts';

const cases: readonly [argument: string, want: XclientAttributes | null][] = [
  ['ADDR=192.0.2.1', { address: '192.0.2.1' }],
  ['addr=192.0.2.1 name=mx.example.org', { address: '192.0.2.1', name: 'mx.example.org' }],
  ['ADDR=IPV6:2001:DB8::1', { address: '2001:db8::1' }],
  ['ADDR=2001:db8::1', { address: '2001:db8::1' }],
  ['NAME=[UNAVAILABLE] ADDR=[UNAVAILABLE]', { name: null, address: null }],
  ['NAME=[TEMPUNAVAIL]', { name: null }],
  ['HELO=spike+2Eexample+20x PROTO=esmtp', { helo: 'spike.example x', protocol: 'ESMTP' }],
  ['LOGIN=ann+40example.org', { login: 'ann@example.org' }],
  ['PORT=4025 DESTADDR=192.0.2.25 DESTPORT=25', {}],
  ['', null],
  ['ADDR', null],
  ['ADDR=', null],
  ['ADDR=nowhere', null],
  ['ADDR=192.0.2.1 ADDR=192.0.2.2', null],
  ['PROTO=LMTP', null],
  ['NAME=a+0D+0Ab', null],
  ['NAME=a+', null],
  [`NAME=${'x'.repeat(256)}`, null],
  ['X=1', null],
];
for (const [argument, want] of cases)
  test(`XCLIENT ${argument}`, () => assert.deepEqual(parseXclient(argument), want));

test('no argument makes it throw', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseXclient(text)));
});
