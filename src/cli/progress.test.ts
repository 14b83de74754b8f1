import assert from 'node:assert/strict';
import test from 'node:test';
import { createProgressLine } from './progress.ts';

function terminal(isTTY: boolean, columns: number) {
  const written: string[] = [];
  return { isTTY, columns, written, write: (text: string) => written.push(text) };
}

test('progress is one line that replaces itself, and goes away', () => {
  const output = terminal(true, 80);
  let now = 0;
  const line = createProgressLine(output, () => now);
  line.show(0, '0 of 2');
  now = 50;
  line.show(0.25, 'too soon to be read');
  line.show(0, 'a new phase', true);
  now = 99;
  line.show(0.25, 'too soon again');
  now = 150;
  line.show(0.5, '1 of 2');
  line.clear();
  line.clear();
  assert.deepEqual(output.written, [
    '\r\x1b[2K[....................] 0 of 2',
    '\r\x1b[2K[....................] a new phase',
    '\r\x1b[2K[##########..........] 1 of 2',
    '\r\x1b[2K',
  ]);
});

test('it never wraps, and a share beyond its bounds does no harm', () => {
  const output = terminal(true, 30);
  createProgressLine(output, () => 0).show(7, 'a long text that does not fit');
  assert.equal(output.written[0]?.replace('\r\x1b[2K', '').length, 29);
});

test('a terminal without a width gets the whole line', () => {
  const output = terminal(true, 0);
  createProgressLine(output, () => 0).show(1, 'all');
  assert.match(output.written[0] ?? '', /\] all$/);
});

test('a file or a pipe gets nothing', () => {
  const output = terminal(false, 80);
  const line = createProgressLine(output);
  line.show(0.5, 'half');
  line.clear();
  assert.deepEqual(output.written, []);
});
