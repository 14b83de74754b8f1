import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type Endpoint,
  formatEndpoint,
  formatHostPort,
  parseEndpoint,
  parseHostPort,
} from './endpoint.ts';

const spellings: readonly [text: string, endpoint: Endpoint | null][] = [
  ['127.0.0.1:7357', { host: '127.0.0.1', port: 7357 }],
  ['[::1]:7357', { host: '::1', port: 7357 }],
  ['[fe80::1%eth0]:25', { host: 'fe80::1%eth0', port: 25 }],
  ['localhost:0', { host: 'localhost', port: 0 }],
  ['unix:/run/spillway/milter', { path: '/run/spillway/milter' }],
  ['unix:milter', null],
  ['unix:', null],
  ['7357', null],
  [':7357', null],
  ['::1:7357', null],
  ['[localhost]:25', null],
  ['127.0.0.1:65536', null],
  ['127.0.0.1:-1', null],
  ['inet:7357@127.0.0.1', null],
  ['', null],
];
for (const [text, endpoint] of spellings)
  test(`${text || 'an empty text'} is ${endpoint ? 'an' : 'no'} endpoint`, () => {
    assert.deepEqual(parseEndpoint(text), endpoint);
    if (endpoint) assert.equal(formatEndpoint(endpoint), text);
  });

const hostPorts: readonly [text: string, want: string | null][] = [
  ['127.0.0.1:25', '127.0.0.1 25'],
  ['[::1]:25', '::1 25'],
  ['localhost:2525', 'localhost 2525'],
  ['localhost', null],
  ['::1:25', null],
  ['localhost:65536', null],
  [':25', null],
  ['a b:25', null],
  ['[localhost]:25', null],
];
for (const [text, want] of hostPorts)
  test(`'${text}' is ${want ?? 'no host and port'}`, () => {
    const got = parseHostPort(text);
    assert.equal(got && `${got.host} ${got.port}`, want);
    if (got) assert.equal(formatHostPort(got), text);
  });
