import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import type { Root } from '../machine/root.ts';
import { type JudgeInPlace, type NewFile, placeFiles } from './place-files.ts';
import { well } from './report.ts';

const run = () => assert.fail();
const add = { hadGuard: false, hasGuard: true };
const a: NewFile = { path: '/a', before: 'a\n', after: 'a with guard\n', ...add };
const b: NewFile = { path: '/b', before: 'b\n', after: 'b with guard\n', ...add };

function openRoot(files: readonly NewFile[]) {
  const folder = temporaryFolder();
  const at = (path: string) => join(folder.path, path);
  for (const { path, before } of files) writeFileSync(at(path), before);
  const root: Root = { folder: folder.path, run };
  return {
    root,
    at,
    read: (path: string) => readFileSync(at(path), 'latin1'),
    names: () => readdirSync(folder.path).sort(),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

function judging(complaints: JudgeInPlace['complaints'], undo = async () => {}): JudgeInPlace {
  return { complaints, undo, taken: well('check', 'taken') };
}

test('the copy is told where it is: beside the file that a link leads to', async () => {
  using scene = openRoot([]);
  mkdirSync(scene.at('srv'));
  writeFileSync(scene.at('srv/a'), a.before);
  symlinkSync('srv/a', scene.at('a'));
  const steps = await placeFiles(scene.root, [a], null);
  assert.deepEqual(steps, [well('written', '/a; what was there is in /srv/a.before-spillway')]);
  assert.equal(scene.read('srv/a.before-spillway'), a.before);
  assert.deepEqual(scene.names(), ['a', 'srv']);
});

test('a file that was changed or deleted meanwhile stops all of them', async () => {
  using scene = openRoot([a, { ...b, before: 'by hand\n' }]);
  const [step] = await placeFiles(scene.root, [a, b], null);
  assert.deepEqual(step?.found, '/b was changed meanwhile; try again');
  assert.equal(scene.read('a'), a.before);
  const [gone] = await placeFiles(scene.root, [{ ...a, path: '/c' }], null);
  assert.match(gone?.found ?? '', /^\/c was changed meanwhile/);
});

test('where the server does not take them in their places, all is as it was', async () => {
  using scene = openRoot([a, b]);
  let seen = '';
  let isUndone = false;
  const judge = judging(
    async () => {
      seen = scene.read('b');
      return ['line 3: no'];
    },
    async () => {
      isUndone = true;
    },
  );
  const steps = await placeFiles(scene.root, [a, b], judge);
  assert.deepEqual([seen, isUndone], [b.after, true]);
  assert.deepEqual(
    steps.map(({ outcome, found }) => `${outcome}: ${found}`),
    ['trouble: all is as it was: line 3: no'],
  );
  assert.deepEqual(scene.names(), ['a', 'b']);
  assert.equal(scene.read('a'), a.before);
});

test('where the server cannot be asked at all, all is as it was', async () => {
  using scene = openRoot([a]);
  const judge = judging(() => Promise.reject(new Error('no memory')));
  await assert.rejects(placeFiles(scene.root, [a], judge), /no memory/);
  assert.deepEqual(scene.names(), ['a']);
  assert.equal(scene.read('a'), a.before);
});

test('what cannot be put back is told, with the copy', async () => {
  using scene = openRoot([a]);
  const judge = judging(async () => {
    mkdirSync(scene.at('a.spillway-new'));
    return ['no'];
  });
  const [step] = await placeFiles(scene.root, [a], judge);
  assert.match(
    step?.found ?? '',
    /^\/a could not be put back, and what was there is in \/a\.before-spillway: cannot write /,
  );
  assert.equal(scene.read('a.before-spillway'), a.before);
});

test('a copy that is there already is never written over', async () => {
  using scene = openRoot([a]);
  writeFileSync(scene.at('a.before-spillway'), 'older\n');
  await placeFiles(scene.root, [a], null);
  assert.equal(scene.read('a.before-spillway'), 'older\n');
  assert.equal(scene.read('a.before-spillway.2'), a.before);
  const out: NewFile = {
    path: '/a',
    before: a.after,
    after: a.before,
    hadGuard: true,
    hasGuard: false,
  };
  await placeFiles(scene.root, [out], null);
  assert.deepEqual(scene.names(), ['a', 'a.before-spillway'], 'those of other content stay');
});
