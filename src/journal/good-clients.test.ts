import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { createFakeClock } from '../../test/fake-clock.ts';
import { until } from '../../test/peers/until.ts';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import type { Standing } from '../verdict/flood/standings.ts';
import { keepGoodClients } from './good-clients.ts';

const ann: Standing = { client: '203.0.113.7', since: 0, good: 30, unknown: 1, at: 500 };
const bob: Standing = { client: '2001:db8::/64', since: 5, good: 25.5, unknown: 0, at: 600 };
const line = (standing: unknown) => `${JSON.stringify(standing)}\n`;
const lineOf = ({ client, since, good, unknown, at }: Standing) =>
  line([client, since, good, unknown, at]);

function open(path: string) {
  const clock = createFakeClock();
  const warnings: string[] = [];
  const world = { good: [] as Standing[], resumed: [] as Standing[] };
  const keeping = keepGoodClients({
    path,
    watch: {
      goodClients: () => world.good,
      resumeGood: (clients) => {
        world.resumed = [...clients];
      },
    },
    warn: (message) => warnings.push(message),
    clock,
  });
  return { clock, warnings, world, keeping };
}

test('who is good at the end of a run is so at the beginning of the next', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'good-clients.jsonl');
  const first = open(path);
  const kept = await first.keeping;
  first.world.good = [ann, bob];
  await kept[Symbol.asyncDispose]();
  const second = open(path);
  await using _ = await second.keeping;
  assert.deepEqual(second.world.resumed, [ann, bob]);
  assert.deepEqual([...first.warnings, ...second.warnings], []);
});

test('a run that is killed loses ten minutes at most', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'good-clients.jsonl');
  const { clock, world, keeping } = open(path);
  await using _ = await keeping;
  world.good = [ann];
  await clock.advance(600_000);
  assert.ok(await until(async () => existsSync(path), 5000));
  assert.equal(readFileSync(path, 'utf8'), lineOf(ann));
});

const damaged: readonly [name: string, text: string][] = [
  ['no JSON', 'once upon a time\n'],
  ['another document', line({ client: 'x' })],
  ['a text for a count', line(['192.0.2.1', 0, '30', 0, 1])],
  ['less than nothing', line(['192.0.2.1', 0, -30, 0, 1])],
  ['a name without end', line(['x'.repeat(300), 0, 30, 0, 1])],
  ['times in the wrong order', line(['192.0.2.1', 600, 30, 0, 1])],
  ['a time to come', line(['192.0.2.1', 0, 30, 0, 2 ** 50])],
  ['half a line', lineOf(bob).slice(0, 12)],
];
for (const [name, text] of damaged)
  test(`of a damaged file what can be read counts: ${name}`, async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'good-clients.jsonl');
    writeFileSync(path, lineOf(ann) + text);
    const { world, warnings, keeping } = open(path);
    await using _ = await keeping;
    assert.deepEqual([world.resumed, warnings], [[ann], []]);
  });

test('no text makes it stumble', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'good-clients.jsonl');
  const values = fc.array(fc.oneof(fc.double(), fc.string(), fc.constant(null)), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(values, fc.string(), fc.anything())), async (lines) => {
      writeFileSync(path, lines.map((one) => line(one)).join(''));
      const { world, keeping } = open(path);
      await using _ = await keeping;
      for (const { good, unknown, since, at } of world.resumed)
        assert.ok(Number.isFinite(good + unknown) && since <= at);
      world.good = world.resumed;
    }),
    { numRuns: 50 },
  );
});

test('a file that cannot be read or written stops nobody, and is told of once', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'good-clients.jsonl');
  mkdirSync(path);
  const { clock, world, warnings, keeping } = open(path);
  const kept = await keeping;
  world.good = [ann];
  await clock.advance(600_000);
  await clock.advance(600_000);
  await kept[Symbol.asyncDispose]();
  assert.deepEqual(
    warnings.map((text) => text.match(/cannot be (read|written)/)?.[1]),
    ['read', 'written'],
  );
});
