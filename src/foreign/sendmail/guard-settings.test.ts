import assert from 'node:assert/strict';
import test from 'node:test';
import { formatSendmailSocket, parseSendmailEndpoint } from './guard-settings.ts';

const good: readonly [endpoint: string, want: string][] = [
  ['127.0.0.1:9997', 'inet:9997@127.0.0.1'],
  ['[::1]:25', 'inet6:25@::1'],
  ['unix:/run/spillway/socketmap', 'unix:/run/spillway/socketmap'],
];
for (const [endpoint, want] of good)
  test(`${endpoint} is ${want} for sendmail`, () =>
    assert.equal(formatSendmailSocket(endpoint), want));

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
    assert.equal(parseSendmailEndpoint(endpoint), null));
