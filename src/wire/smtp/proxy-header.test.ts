import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type ProxyHeader, parseProxyHeader } from './proxy-header.ts';

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const binary = (hex: string) =>
  Buffer.concat([signature, Buffer.from(hex.replaceAll(' ', ''), 'hex')]);
const text = (line: string) => Buffer.from(`${line}\r\n`);

/** `192.0.2.1 4025`, `nobody`, `incomplete`, `fault` */
function words(header: ProxyHeader): string {
  if (header.kind !== 'header') return header.kind;
  return header.client ? `${header.client.address.text} ${header.client.port}` : 'nobody';
}

const headers: readonly [name: string, bytes: Buffer, want: string][] = [
  ['version 1, IPv4', text('PROXY TCP4 192.0.2.1 192.0.2.25 4025 25'), '192.0.2.1 4025'],
  ['version 1, IPv6', text('PROXY TCP6 2001:DB8::1 2001:db8::2 4025 25'), '2001:db8::1 4025'],
  ['version 1, unknown', text('PROXY UNKNOWN'), 'nobody'],
  ['version 1, unknown with more', text('PROXY UNKNOWN ffff::1 ffff::2 1 2'), 'nobody'],
  ['version 2, IPv4', binary('21 11 000c c0000201 c0000219 0fb9 0019'), '192.0.2.1 4025'],
  [
    'version 2, IPv6',
    binary(`21 21 0024 20010db8${'00'.repeat(11)}01 20010db8${'00'.repeat(11)}02 0fb9 0019`),
    '2001:db8::1 4025',
  ],
  [
    'version 2 with fields',
    binary('21 11 0010 c0000201 c0000219 0fb9 0019 04000100'),
    '192.0.2.1 4025',
  ],
  ['version 2, the proxy itself', binary('20 00 0000'), 'nobody'],
  [
    'version 2, the proxy itself, with addresses',
    binary('20 11 000c c0000201 c0000219 0fb9 0019'),
    'nobody',
  ],
  ['version 2, a unix socket', binary(`21 31 00d8 ${'00'.repeat(216)}`), 'nobody'],
];
for (const [name, bytes, want] of headers)
  test(`${name}: ${want}`, () => {
    const whole = parseProxyHeader(Buffer.concat([bytes, Buffer.from('EHLO client.example\r\n')]));
    assert.equal(words(whole), want);
    assert.equal(whole.kind === 'header' && whole.length, bytes.length);
    for (let i = 0; i < bytes.length; i++)
      assert.equal(words(parseProxyHeader(bytes.subarray(0, i))), 'incomplete', `${i} bytes`);
  });

const faults: readonly [name: string, bytes: Buffer][] = [
  ['no header at all', Buffer.from('EHLO client.example\r\n')],
  ['lower case', text('proxy TCP4 192.0.2.1 192.0.2.25 4025 25')],
  ['an address of the other family', text('PROXY TCP4 2001:db8::1 2001:db8::2 4025 25')],
  ['two families', text('PROXY TCP6 2001:db8::1 192.0.2.25 4025 25')],
  ['an odd address', text('PROXY TCP4 0192.0.2.1 192.0.2.25 4025 25')],
  ['a port too many', text('PROXY TCP4 192.0.2.1 192.0.2.25 4025 25 26')],
  ['a port too large', text('PROXY TCP4 192.0.2.1 192.0.2.25 65536 25')],
  ['a port that is none', text('PROXY TCP4 192.0.2.1 192.0.2.25 +1 25')],
  ['an unknown transport', text('PROXY UDP4 192.0.2.1 192.0.2.25 4025 25')],
  ['no end', Buffer.from(`PROXY TCP4 ${'1'.repeat(100)}`)],
  ['version 3', binary('31 11 000c c0000201 c0000219 0fb9 0019')],
  ['an unknown command', binary('22 11 000c c0000201 c0000219 0fb9 0019')],
  ['too short for its addresses', binary('21 11 0004 c0000201')],
  ['too long', binary('21 11 ffff')],
];
for (const [name, bytes] of faults)
  test(`${name} is no header`, () => assert.equal(parseProxyHeader(bytes).kind, 'fault'));

test('no bytes make the parser throw, wait for more than it may hold, or read beyond them', () => {
  const start = fc.constantFrom(Buffer.alloc(0), Buffer.from('PROXY '), signature);
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 5000 }), (first, rest) => {
      const bytes = Buffer.concat([first, rest]);
      const header = parseProxyHeader(bytes);
      if (header.kind === 'incomplete') assert.ok(bytes.length < 4096);
      if (header.kind === 'header') assert.ok(header.length <= bytes.length);
    }),
  );
});
