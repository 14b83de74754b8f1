import assert from 'node:assert/strict';
import test from 'node:test';
import { parseActionReport } from './action-report.ts';

const id = '1r4dGu-000001-2k';
const long = '1r4dGu-0000000001B-2kAa';

const cases: readonly [text: string, want: unknown][] = [
  [`Message ${id} is now frozen\n`, 'frozen'],
  [`Message ${id} is already frozen\n`, 'frozen already'],
  [`Message ${id} is no longer frozen\n`, 'thawed'],
  [`Message ${id} is not frozen\n`, 'not frozen'],
  [`Message ${id} has been removed\n`, 'removed'],
  [`Message ${id} is locked\n`, 'busy'],
  [`Spool data file for ${id} does not exist\n`, 'gone'],
  [
    `Spool data file for ${id} does not exist\nContinuing, to ensure all files removed\nSpool read error for ${id}-H: No such file or directory\nContinuing to ensure all files removed\nMessage ${id} has been removed or did not exist\n`,
    'gone',
  ],
  [`Spool format error for ${id}-H\n`, { problem: `Spool format error for ${id}-H` }],
  [
    `Spool format error for ${id}-H\nContinuing to ensure all files removed\nMessage ${id} has been removed\n`,
    'removed',
  ],
  [
    `Couldn't open spool file for ${id}: Permission denied\n`,
    { problem: `Couldn't open spool file for ${id}: Permission denied` },
  ],
  [
    `Message ${id} could not be frozen: spool write error\n`,
    { problem: 'could not be frozen: spool write error' },
  ],
  ['exim: permission denied\n', undefined],
];
for (const [text, want] of cases)
  test(`Exim says: ${text.split('\n')[0]}`, () => {
    const report = parseActionReport(`Message ${long} is locked\n${text}`);
    assert.deepEqual(report.get(id), want);
    assert.equal(report.get(long), 'busy');
  });
