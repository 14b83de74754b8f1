import assert from 'node:assert/strict';
import test from 'node:test';
import { formatSendmailSocket } from './guard-settings.ts';

const good: readonly [endpoint: string, want: string][] = [
  ['127.0.0.1:9997', 'inet:9997@127.0.0.1'],
  ['[::1]:25', 'inet6:25@::1'],
  ['unix:/run/spillway/socketmap', 'unix:/run/spillway/socketmap'],
];
for (const [endpoint, want] of good)
  test(`${endpoint} is ${want} for sendmail`, () =>
    assert.equal(formatSendmailSocket(endpoint), want));
