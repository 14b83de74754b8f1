import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseHosts, readHosts } from './hosts.ts';

test('a hosts file: several names a line, several lines a name, comments, letter case', () => {
  const hosts = parseHosts(
    [
      '127.0.0.1 localhost',
      '::1\tlocalhost ip6-localhost # the same',
      '#192.0.2.9 hidden.example',
      '192.0.2.1  Mail.Example.ORG mail\r',
      '2001:DB8:0::1 mail.example.org.',
      '192.0.2.1 mail.example.org',
      'not-an-address wrong.example',
      '127.1 odd.example',
      '192.0.2.2',
    ].join('\n'),
  );
  assert.deepEqual(
    [...hosts],
    [
      ['localhost', ['127.0.0.1', '::1']],
      ['ip6-localhost', ['::1']],
      ['mail.example.org', ['192.0.2.1', '2001:db8::1']],
      ['mail', ['192.0.2.1']],
    ],
  );
});

test('any text is a hosts file', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => parseHosts(text) instanceof Map));
});

test('no hosts file says nothing', async () => {
  assert.equal((await readHosts('/nonexistent/hosts')).size, 0);
});
