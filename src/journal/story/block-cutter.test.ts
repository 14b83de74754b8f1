import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { BlockCutter } from './block-cutter.ts';

const longest = 20;

/** Lines as whoever reads the blocks sees them: what is too long is only known to be so. */
function linesOf(chunks: readonly Buffer[]): string[] {
  const cutter = new BlockCutter(longest);
  const blocks = [...chunks.map((chunk) => cutter.push(chunk)), cutter.end()];
  return blocks.flatMap((block) => {
    if (!block) return [];
    const lines = block.toString('latin1').split('\n');
    if (lines.at(-1) === '') lines.pop();
    return lines.map((line) => (line.length > longest ? 'too long' : line));
  });
}

test('blocks end where lines end, and the last line needs no end', () => {
  assert.deepEqual(linesOf([Buffer.from('a\nb'), Buffer.from('c\n\nd')]), ['a', 'bc', '', 'd']);
});

test('however long a line is, no more than one octet too many is kept of it', () => {
  const cutter = new BlockCutter(longest);
  for (let i = 0; i < 1000; i++) assert.equal(cutter.push(Buffer.alloc(1000, 120)), null);
  assert.equal(cutter.push(Buffer.from('x\nnext\n'))?.length, longest + 1 + 'x\nnext\n'.length);
});

test('however the bytes are divided, the same lines come out', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 12, unit: fc.constantFrom('a', '\n', 'b') })),
      (parts) => {
        const chunks = parts.map((part) => Buffer.from(part));
        assert.deepEqual(linesOf(chunks), linesOf([Buffer.concat(chunks)]));
      },
    ),
  );
});
