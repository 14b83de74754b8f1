import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import fc from 'fast-check';
import { printable } from '../mail/printable.ts';
import { createOutput, jsonLine } from './output.ts';

test('JSON is exact, one line, and holds nothing that a terminal obeys', () => {
  const text = fc
    .array(fc.integer({ min: 0, max: 0xffff }))
    .map((units) => String.fromCharCode(...units));
  fc.assert(
    fc.property(text, text, (key, value) => {
      const line = jsonLine({ [`x${key}`]: value });
      assert.deepEqual(JSON.parse(line), { [`x${key}`]: value });
      assert.equal(printable(line, line.length), line);
    }),
  );
});

test('colours are for terminals', () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true });
  const before = process.env['NO_COLOR'];
  delete process.env['NO_COLOR'];
  const styled = createOutput(terminal).style('red', 'refused');
  if (before !== undefined) process.env['NO_COLOR'] = before;
  assert.equal(styled, '\u001b[31mrefused\u001b[39m');
  assert.equal(createOutput(new PassThrough()).style('red', 'refused'), 'refused');
});

test('a slow reader holds up the writer', async () => {
  const stream = new PassThrough({ highWaterMark: 4 });
  const written = createOutput(stream).line('more than four');
  let isDone = false;
  void written.then(() => {
    isDone = true;
  });
  await new Promise(setImmediate);
  assert.equal(isDone, false);
  stream.resume();
  await written;
});
