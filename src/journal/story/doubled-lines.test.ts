import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { liveMemory } from '../../../test/live-memory.ts';
import { DoubledLines } from './doubled-lines.ts';

type Line = Parameters<DoubledLines<string>['isDouble']>;

function removed(id: string): Line[4] {
  return { kind: 'end', id };
}

test('the same of another log is a double, of the same log it is not', () => {
  const lines = new DoubledLines<string>();
  const ask = (log: string, at: number, host: string, id: string) =>
    lines.isDouble(log, at, host, 'postfix', removed(id));
  assert.equal(ask('mail.log', 1, 'mx', 'A'), false);
  assert.equal(ask('mail.log', 1, 'mx', 'A'), false);
  assert.equal(ask('syslog', 1, 'mx', 'A'), true);
  assert.equal(ask('syslog', 1, 'mx', 'A'), true);
  assert.equal(ask('syslog', 1, 'mx', 'A'), false, 'it has one more');
  assert.equal(ask('mail.info', 1, 'mx', 'A'), true);
  assert.equal(ask('syslog', 1, 'mx', 'B'), false);
  assert.equal(ask('syslog', 1, 'other', 'A'), false, 'another host');
  assert.equal(ask('syslog', 2, 'mx', 'A'), false, 'another time');
  assert.equal(ask('mail.log', 2, '', 'A'), false);
  assert.equal(ask('syslog', 2, '', 'A'), false, 'nobody knows whose it is');
});

test('lines of two moments that stand in no strict order are doubles all the same', () => {
  const lines = new DoubledLines<string>();
  const ask = (log: string, at: number) => lines.isDouble(log, at, 'mx', 'postfix', removed('A'));
  for (const at of [1, 2, 1, 2]) assert.equal(ask('mail.log', at), false);
  for (const at of [1, 2, 1, 2]) assert.equal(ask('syslog', at), true);
  assert.deepEqual([lines.remembers(2), lines.remembers(3)], [true, false]);
});

test('however long the events of one moment are, little is remembered of them', () => {
  const lines = new DoubledLines<string>();
  const before = liveMemory();
  for (let number = 0; number < 40_000; number++)
    lines.isDouble('mail.log', 1, 'mx', 'postfix', removed(`${'A'.repeat(8000)}${number}`));
  const used = (liveMemory() - before) / 2 ** 20;
  assert.ok(used < 50, `${used} MB`);
  assert.equal(lines.isDouble('syslog', 1, 'mx', 'postfix', removed(`${'A'.repeat(8000)}0`)), true);
});

test('of logs that hold parts of the same each event counts as often as the one that has it most often', () => {
  const logs = fc.array(fc.array(fc.constantFrom('A', 'B', 'C'), { maxLength: 8 }), {
    maxLength: 4,
  });
  fc.assert(
    fc.property(logs, (all) => {
      const lines = new DoubledLines<number>();
      const told = all.flatMap((ids, log) =>
        ids.filter((id) => !lines.isDouble(log, 1, 'mx', 'postfix', removed(id))),
      );
      for (const id of ['A', 'B', 'C']) {
        const counts = all.map((ids) => ids.filter((one) => one === id).length);
        assert.equal(told.filter((one) => one === id).length, Math.max(0, ...counts));
      }
    }),
  );
});
