/**
 * A rescue and an undo that die at every step in turn: run again, they come to the same end.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { openReceipt } from '../../src/store/receipts.ts';
import { toyContents } from '../rescue/toy-queue.ts';
import { makeScene, rescue, type Scene, undoAll } from '../rescue/toy-rescue.ts';
import { temporaryFolder } from '../temporary-folder.ts';

class Death extends Error {}

/** Dies at that step, the first being 1, and stays dead. */
function dyingAt(step: number) {
  let steps = 0;
  const life = {
    isDead: () => steps >= step,
    trip() {
      if (++steps >= step) throw new Death();
    },
  };
  return life;
}

async function survives(run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Death ? error.cause : error;
    if (!(cause instanceof Death)) throw error;
    return false;
  }
}

function drained(contents: readonly string[]): string[] {
  return contents
    .filter((line) => !line.includes('"sender":""'))
    .map((line) => (line.startsWith('stray') ? line.replace(/waiting$/, 'held') : line));
}

async function check(scene: Scene, before: readonly string[], renames: boolean): Promise<void> {
  await rescue(scene);
  assert.deepEqual(toyContents(scene.queue), drained(before), 'run again, the same end');
  await undoAll(scene, { renames });
  assert.deepEqual(toyContents(scene.queue), before, 'nothing lost, nothing doubled');
}

for (const renames of [false, true]) {
  const kind = renames ? 'names change' : 'names stay';
  test(`a rescue that dies at any step (${kind})`, async () => {
    for (let step = 1, isOver = false; !isOver; step++) {
      using folder = temporaryFolder();
      const scene = makeScene(folder.path);
      const before = toyContents(scene.queue);
      isOver = await survives(() => rescue(scene, dyingAt(step)));
      assert.ok(isOver || step < 200);
      await check(scene, before, renames);
    }
  });

  test(`an undo right after a rescue that died at any step (${kind})`, async () => {
    for (let step = 1, isOver = false; !isOver; step++) {
      using folder = temporaryFolder();
      const scene = makeScene(folder.path);
      const before = toyContents(scene.queue);
      isOver = await survives(() => rescue(scene, dyingAt(step)));
      await undoAll(scene, { renames });
      assert.deepEqual(toyContents(scene.queue), before, `dead at step ${step}`);
    }
  });

  test(`an undo that dies at any step (${kind})`, async () => {
    for (let step = 1, isOver = false; !isOver; step++) {
      using folder = temporaryFolder();
      const scene = makeScene(folder.path);
      const before = toyContents(scene.queue);
      await rescue(scene);
      isOver = await survives(() => undoAll(scene, { renames, ...dyingAt(step) }));
      assert.ok(isOver || step < 200);
      await undoAll(scene, { renames });
      assert.deepEqual(toyContents(scene.queue), before, `dead at step ${step}`);
      await undoAll(scene, { renames });
      assert.deepEqual(toyContents(scene.queue), before, 'a second undo does nothing');
    }
  });
}

test('the journal hears of everything that was removed, whenever the rescue dies', async () => {
  for (let step = 1, isOver = false; !isOver; step++) {
    using folder = temporaryFolder();
    const scene = makeScene(folder.path);
    let told = 0;
    const record = async (receipts: readonly { readonly count: number }[]) => {
      for (const { count } of receipts) told += count;
    };
    isOver = await survives(() => rescue(scene, dyingAt(step), record));
    await rescue(scene, {}, record);
    assert.ok(told >= 5, `dead at step ${step}`);
    if (isOver) assert.equal(told, 5);
  }
});

const script = fileURLToPath(new URL('../rescue/toy-until-killed.ts', import.meta.url));

for (const command of ['rescue', 'undo'])
  test(`a process that is killed: ${command}`, async () => {
    for (const step of [3, 8, 14, 21, 30]) {
      using folder = temporaryFolder();
      const scene = makeScene(folder.path);
      const before = toyContents(scene.queue);
      if (command === 'undo') await rescue(scene);
      const { signal, stderr } = spawnSync(
        process.execPath,
        [script, command, folder.path, String(step)],
        { encoding: 'utf8' },
      );
      assert.equal(signal, 'SIGKILL', stderr);
      if (command === 'rescue') await check(scene, before, true);
      await undoAll(scene, { renames: true });
      assert.deepEqual(toyContents(scene.queue), before, `killed at step ${step}`);
    }
  });

test('a receipt is not to be had while another process works with it', async () => {
  using folder = temporaryFolder();
  const scene = makeScene(folder.path);
  await rescue(scene);
  using _ = openReceipt(scene.data, '2026-11-22.1');
  assert.throws(() => openReceipt(scene.data, join(scene.data, 'receipts/2026-11-22.1.receipt')), {
    code: 'ARCHIVE_OPEN',
    message: /another run of Spillway works with it/,
  });
});
