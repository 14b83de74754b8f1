import assert from 'node:assert/strict';
import test from 'node:test';
import { note, type Report } from '../install/report.ts';
import { formatReport } from './install-report.ts';

const evil = 'a\x1b[2J';
const report: Report = {
  steps: [note(`router ${evil}`, `one ${evil}\ntwo ${evil}`)],
  changes: [
    { path: evil, diff: null },
    { path: '/x', diff: `--- ${evil}\n+\tb ${evil}` },
  ],
  meaning: [`Before ${evil} it is asked.`],
  written: false,
  next: [`kill -HUP "$(cat ${evil})"`],
};

test('Whatever files and programs called it, a terminal gets nothing to obey', () => {
  const lines = formatReport(report, { style: (_style, text) => text });
  const safe = 'a\\x1b[2J';
  assert.deepEqual(lines, [
    `--  router ${safe}: one ${safe}`,
    `    two ${safe}`,
    '',
    `${safe} is made anew.`,
    '',
    `--- ${safe}`,
    `+\tb ${safe}`,
    '',
    `Before ${safe} it is asked.`,
    '',
    'Nothing was changed.',
    '',
    'Next:',
    `  kill -HUP "$(cat ${safe})"`,
  ]);
});
