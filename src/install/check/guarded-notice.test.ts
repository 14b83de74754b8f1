import assert from 'node:assert/strict';
import test from 'node:test';
import { foretold } from '../../foreign/foretold.ts';
import { guardedNotice } from './guarded-notice.ts';
import { type GuardFound, noGuard } from './server-check.ts';

const alone = foretold('loops', ['it sends it to itself']);
const well: GuardFound = {
  state: 'installed',
  noticesBy: 'notice',
  noticeMode: 'enforce',
  onFailure: 'open',
  isAnswering: true,
  found: [],
};
const away = { ...well, isAnswering: false };

const cases: readonly [name: string, guard: GuardFound, end: string, why: RegExp][] = [
  ['no guard', noGuard, 'loops', /to itself/],
  ['it answers', well, 'ended', /answers/],
  ['nobody knows whether it only watches', { ...well, noticeMode: null }, 'ended', /answers/],
  ['it only watches', { ...well, noticeMode: 'watch' }, 'loops', /only watches/],
  ['its check is off', { ...well, noticeMode: 'off' }, 'loops', /is off/],
  ['it is not shown notices', { ...well, noticesBy: null }, 'loops', /to itself/],
  ['it is away', away, 'loops', /goes on without it/],
  ['it is away, and waited for', { ...away, onFailure: 'closed' }, 'waits', /waits for it/],
];
for (const [name, guard, end, why] of cases)
  test(`a notice to a dead end, ${name}: ${end}`, () => {
    const told = guardedNotice(guard, alone);
    assert.equal(told.end, end);
    assert.match(told.because[0] ?? '', why);
  });
