import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { namesOf } from './named.ts';
import { RoughCounts } from './rough-counts.ts';

const nameText = namesOf(7);
const window = 3000;

test('no count is too low within two thirds of the window, and nothing of before the window is left', () => {
  const steps = fc.array(fc.tuple(fc.nat(20), fc.nat(2500)), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (added) => {
      const counts = new RoughCounts(window);
      const seen: { name: number; at: number }[] = [];
      let at = 1_000_000;
      for (const [name, pause] of added) {
        at += pause;
        counts.add(nameText(`site-${name}.example`), at);
        seen.push({ name, at });
      }
      for (let name = 0; name <= 20; name++) {
        const count = counts.countOf(nameText(`site-${name}.example`), at);
        const since = (ms: number) =>
          seen.filter((one) => one.name === name && one.at > at - ms).length;
        assert.ok(count >= since((window * 2) / 3), 'too low');
        assert.ok(count <= since(window), 'too old');
      }
    }),
  );
});

test('of a hundred thousand names each is hardly counted for more than it was', () => {
  const counts = new RoughCounts(window);
  const often = nameText('often.example');
  for (let number = 0; number < 100_000; number++) {
    counts.add(nameText(`site-${number}.example`), 0);
    if (number % 100 === 0) counts.add(often, 0);
  }
  const count = counts.countOf(often, 0);
  assert.ok(count >= 1000 && count < 1100, `${count}`);
});
