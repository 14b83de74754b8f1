import assert from 'node:assert/strict';
import test from 'node:test';
import { hashNumber, hashText } from './text-hash.ts';

const domains = Array.from(
  { length: 300_000 },
  (_, n) => `${(n * 7919).toString(36).padStart(8, 'x')}.example`,
);

/** Two of them that are the same with that seed. */
function collisionWith(seed: number): readonly [string, string] {
  const seen = new Map<number, string>();
  for (const domain of domains) {
    const hash = hashText(domain, seed);
    const other = seen.get(hash);
    if (other !== undefined) return [other, domain];
    seen.set(hash, domain);
  }
  assert.fail('none of so many are the same');
}

test('who finds texts that are the same with one seed has not found them for others', () => {
  const [one, other] = collisionWith(7);
  assert.notEqual(one, other);
  let same = 0;
  for (let k = 0; k < 2 ** 16; k++)
    if (hashText(one, 7 + (k << 8)) === hashText(other, 7 + (k << 8))) same++;
  assert.equal(same, 1);
});

test('letters of ASCII are the same in either case, and a part is the same as that text alone', () => {
  assert.equal(hashText('Ann@Example.ORG', 3), hashText('ann@example.org', 3));
  assert.equal(hashText('x ann', 3, 2), hashText('ann', 3));
  assert.notEqual(hashText('[', 3), hashText('{', 3));
  assert.notEqual(hashText('ann', 3), hashText('ann', 4));
});

test('each bit is as good as the others', () => {
  for (let bit = 0; bit < 32; bit++) {
    const ones = domains.reduce((sum, text) => sum + ((hashText(text) >>> bit) & 1), 0);
    assert.ok(Math.abs(ones / domains.length - 0.5) < 0.01, `bit ${bit}: ${ones}`);
  }
});

test('numbers one after the other have hashes that are all different, and have nothing in common', () => {
  const hashes = Array.from({ length: 100_000 }, (_, n) => hashNumber(n));
  assert.equal(new Set(hashes).size, hashes.length);
  for (let bit = 0; bit < 32; bit++) {
    const set = hashes.filter((hash) => ((hash >>> bit) & 1) === 1).length;
    assert.ok(Math.abs(set - 50_000) < 1000, `bit ${bit}: ${set}`);
  }
});
