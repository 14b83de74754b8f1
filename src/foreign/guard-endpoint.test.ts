import assert from 'node:assert/strict';
import test from 'node:test';
import { parseGuardEndpoint } from './guard-endpoint.ts';

for (const endpoint of ['127.0.0.1:9997', '[::1]:25', 'unix:/run/spillway/socketmap'])
  test(`${endpoint} is an endpoint`, () => assert.notEqual(parseGuardEndpoint(endpoint), null));

const bad = [
  '',
  ':25',
  '127.0.0.1',
  '127.0.0.1:0',
  '127.0.0.1:65536',
  '::1:25',
  '[127.0.0.1]:25',
  'localhost:25',
  'unix:run',
  'unix:/a b',
  "unix:/a'b",
  '127.0.0.1:1\n',
];
for (const endpoint of bad)
  test(`${JSON.stringify(endpoint)} is no endpoint`, () =>
    assert.equal(parseGuardEndpoint(endpoint), null));
