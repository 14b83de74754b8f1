import assert from 'node:assert/strict';
import test from 'node:test';
import { createFakeClock } from '../../test/fake-clock.ts';
import { liveMemory } from '../../test/live-memory.ts';
import { exampleIncident } from '../../test/store/journal-suite.ts';
import type { StoredIncident } from '../store/journal-store.ts';
import type { About, Incident } from '../verdict/flood/incident.ts';
import { keepIncidents, resumeIncidents } from './incident-keeper.ts';

function open(before: readonly StoredIncident[] = []) {
  const clock = createFakeClock();
  const stored = new Map(before.map((incident) => [incident.id, incident]));
  const told: string[] = [];
  const faults: unknown[] = [];
  const world = {
    changed: [] as readonly Incident[],
    isFull: false,
    lifted: [] as string[],
    spent: [] as number[],
  };
  let turns = 0;
  const keptBy = {
    store: {
      async saveIncidents(incidents: readonly Incident[]) {
        if (world.isFull && incidents.length > 0) throw new Error('full');
        for (const one of incidents)
          stored.set(one.id, storedAs(one, stored.get(one.id)?.isLifted ?? false));
      },
      incidents: async () => [...stored.values()],
    },
    watch: {
      changed: () => {
        const { changed } = world;
        world.changed = [];
        return [...changed];
      },
      resume: (incidents: readonly Incident[]) =>
        void told.push(...incidents.map(({ id }) => `resumed ${id}`)),
      lift: (lifted: Iterable<About>) => {
        world.lifted = Array.from(lifted, ({ subject }) => subject);
      },
      spend: (cpu: number) => void world.spent.push(cpu),
    },
    cpu: () => ++turns,
    onIncident: (occasion: string, { id }: Incident) => void told.push(`${occasion} ${id}`),
    onFault: (fault: unknown) => faults.push(fault),
    clock,
  };
  const keeping = resumeIncidents(keptBy).then((found) =>
    keepIncidents({ ...keptBy, before: found }),
  );
  return { clock, stored, told, faults, world, keeping };
}

function storedAs(incident: Incident, isLifted: boolean): StoredIncident {
  return { ...incident, lifted: isLifted ? [incident] : [], isLifted };
}

const [first, second] = [exampleIncident(), exampleIncident({ id: '2006-09-05.2' })];

test('its beginning and its end are told once each, and saved before', async () => {
  const { clock, stored, told, world, keeping } = open();
  await using _ = await keeping;
  for (const isOpen of [true, true, false, true, false]) {
    world.changed = [{ ...first, isOpen }];
    await clock.advance(2000);
  }
  assert.deepEqual(told, ['began 2006-09-05.1', 'ended 2006-09-05.1']);
  assert.equal(stored.get(first.id)?.isOpen, false);
});

test('what was told before a restart is not told again', async () => {
  const { clock, told, world, keeping } = open([storedAs(first, true)]);
  await using _ = await keeping;
  assert.deepEqual(world.lifted, [first.subject]);
  world.changed = [first];
  await clock.advance(2000);
  world.changed = [{ ...first, isOpen: false }];
  await clock.advance(2000);
  assert.deepEqual(told, ['resumed 2006-09-05.1', 'ended 2006-09-05.1']);
});

test('a brake that is lifted by hand is heard of', async () => {
  const { clock, stored, world, keeping } = open();
  await using _ = await keeping;
  world.changed = [first];
  await clock.advance(2000);
  stored.set(first.id, storedAs(first, true));
  await clock.advance(2000);
  assert.deepEqual(world.lifted, [first.subject]);
});

test('a brake is lifted by hand also where it goes on for the second time', async () => {
  const { clock, stored, world, keeping } = open();
  await using _ = await keeping;
  for (const isOpen of [true, false, true]) {
    world.changed = [{ ...first, isOpen }];
    await clock.advance(2000);
  }
  stored.set(first.id, storedAs(first, true));
  await clock.advance(2000);
  assert.deepEqual(world.lifted, [first.subject]);
});

test('what cannot be saved waits, is told of once, and what was joined meanwhile is not saved any more', async () => {
  const { clock, stored, told, faults, world, keeping } = open();
  await using _ = await keeping;
  world.isFull = true;
  for (const changed of [[first, second], [{ ...first, joined: [second.id] }], []]) {
    world.changed = changed;
    await clock.advance(2000);
  }
  assert.deepEqual([faults.length, stored.size, told], [1, 0, []]);
  world.isFull = false;
  await clock.advance(2000);
  assert.deepEqual([[...stored.keys()], told], [[first.id], ['began 2006-09-05.1']]);
});

test('the watch is told in each turn, and at the end, what CPU it took', async () => {
  const { clock, world, keeping } = open();
  {
    await using _ = await keeping;
    for (let turn = 0; turn < 3; turn++) await clock.advance(2000);
    assert.deepEqual(world.spent, [1, 2, 3]);
  }
  assert.deepEqual(world.spent, [1, 2, 3, 4]);
});

test('the last changes are saved at the end', async () => {
  const { stored, world, keeping } = open();
  const kept = await keeping;
  world.changed = [first];
  await kept[Symbol.asyncDispose]();
  assert.equal(stored.size, 1);
});

for (const isFull of [false, true])
  test(`of incidents without end few stay in memory, ${isFull ? 'though none can be saved' : 'once they are saved'}`, async () => {
    const { clock, stored, told, world, keeping } = open();
    await using _ = await keeping;
    world.isFull = isFull;
    const before = liveMemory();
    for (let turn = 0; turn < 40; turn++) {
      world.changed = Array.from({ length: 5000 }, (_, n) => ({
        ...first,
        id: `2006-09-05.${turn * 5000 + n}`,
        isOpen: false,
      }));
      await clock.advance(2000);
      for (const all of [stored, told]) 'clear' in all ? all.clear() : all.splice(0);
    }
    const used = (liveMemory() - before) / 2 ** 20;
    assert.ok(used < 8, `${used} MB`);
  });
