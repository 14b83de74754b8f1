import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import {
  formatDnsServer,
  parseDnsServer,
  parseResolvConf,
  readResolvConf,
} from './server-address.ts';

const spellings: readonly [text: string, want: string | null][] = [
  ['192.0.2.53', '192.0.2.53'],
  ['192.0.2.53:53', '192.0.2.53'],
  ['192.0.2.53:5353', '192.0.2.53:5353'],
  ['2001:db8::53', '2001:db8::53'],
  ['[2001:db8::53]', '2001:db8::53'],
  ['[2001:db8::53]:5353', '[2001:db8::53]:5353'],
  ['[192.0.2.53]:53', null],
  ['dns.example', null],
  ['dns.example:53', null],
  ['192.0.2.53:0', null],
  ['192.0.2.53:65536', null],
  ['192.0.2.53:', null],
  ['0300.0.2.53', null],
  ['', null],
  [':53', null],
];
for (const [text, want] of spellings)
  test(`a server spelled '${text}' is ${want ?? 'refused'}`, () => {
    const server = parseDnsServer(text);
    assert.equal(server && formatDnsServer(server), want);
  });

test('resolv.conf: name servers in order, everything else is of no account', () => {
  const text = [
    '# nameserver 192.0.2.1',
    'domain example.org',
    'search example.org example.net',
    'nameserver 192.0.2.53',
    '\tnameserver   2001:db8::53  ; the second\r',
    'nameserver fe80::1%eth0',
    'nameserver dns.example',
    'nameserver',
    'options timeout:1',
  ].join('\n');
  const hosts = parseResolvConf(text).map(({ host }) => host);
  assert.deepEqual(hosts, ['192.0.2.53', '2001:db8::53', 'fe80::1%eth0']);
});

test('resolv.conf: any text, and no more than 8 servers', () => {
  assert.equal(parseResolvConf('nameserver 192.0.2.53\n'.repeat(100)).length, 8);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => parseResolvConf(text).length <= 8),
  );
});

test('without servers in resolv.conf, or without the file, the machine itself is asked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-'));
  try {
    const path = join(folder, 'resolv.conf');
    const itself = [{ host: '127.0.0.1', port: 53 }];
    assert.deepEqual(await readResolvConf(path), itself);
    await writeFile(path, 'search example.org\n');
    assert.deepEqual(await readResolvConf(path), itself);
    await writeFile(path, 'nameserver 192.0.2.53\n');
    assert.deepEqual(await readResolvConf(path), [{ host: '192.0.2.53', port: 53 }]);
    await assert.rejects(readResolvConf(folder), { code: 'EISDIR' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
