/**
 * Writes the files of a change: all of them or none, and only what Exim itself takes.
 */
import { chmod, readFile, rm, stat } from 'node:fs/promises';
import { removeGuard } from '../foreign/exim/guard-block.ts';
import type { GuardPlan } from '../foreign/exim/guard-plan.ts';
import { outside, type Ran, realFile } from '../machine/root.ts';
import { toldRouters, unguardedRouters } from './exim-routers.ts';
import type { EximScene } from './exim-scene.ts';
import { backUp, dropBackups, ReplaceFileError, replaceFile, writeBeside } from './replace-file.ts';
import { few, hasTrouble, note, type Step, trouble, well } from './report.ts';

/** Texts are latin1. */
export interface NewFile {
  readonly path: string;
  readonly before: string;
  readonly after: string;
  readonly isGuarded: boolean;
}

/** `plan`: null where the guard is taken out. Trouble in the steps means that all is as it was. */
export async function writeEximFiles(
  scene: EximScene,
  files: readonly NewFile[],
  plan: GuardPlan | null,
): Promise<Step[]> {
  const done: Written[] = [];
  try {
    const before = await lookBefore(scene, files);
    if (hasTrouble(before)) return before;
    const { layout, root } = scene;
    const made = layout.kind === 'plain' ? null : await keep(outside(root, layout.configFile));
    for (const file of files) done.push(await writeOne(scene, file));
    const refused = await complaints(scene, plan);
    if (refused.length > 0) {
      await takeBack(done);
      if (made) await putBack(made);
      return [...before, trouble('check', `all is as it was: ${few(refused).trim()}`)];
    }
    for (const { file, real } of done) if (!file.isGuarded) await dropBackups(real);
    return [...before, ...done.map(writtenStep), checkStep(scene, plan)];
  } catch (error) {
    if (!(error instanceof ReplaceFileError)) throw error;
    await takeBack(done);
    return [trouble('written', `${error.message}; all is as it was`)];
  }
}

/** Every file that can be; then throws ReplaceFileError for the first that could not. */
async function takeBack(done: readonly Written[]): Promise<void> {
  const failed: unknown[] = [];
  for (const { file, real, copy } of done)
    try {
      await replaceFile(real, Buffer.from(file.before, 'latin1'));
      if (copy !== null) await dropBackups(real);
    } catch (error) {
      failed.push(error);
    }
  if (failed.length > 0) throw failed[0];
}

/** A file that update-exim4.conf makes; it changes the mode also where it makes no new one. */
interface Kept {
  readonly real: string;
  readonly bytes: Buffer;
  readonly mode: number;
}

async function keep(real: string): Promise<Kept> {
  const [bytes, { mode }] = await Promise.all([readFile(real), stat(real)]);
  return { real, bytes, mode };
}

async function putBack({ real, bytes, mode }: Kept): Promise<void> {
  if (!(await readFile(real)).equals(bytes)) await replaceFile(real, bytes);
  await chmod(real, mode & 0o7777);
}

interface Written {
  readonly file: NewFile;
  readonly real: string;
  /** Of what was there, where none is kept yet. */
  readonly copy: string | null;
}

async function writeOne({ root }: EximScene, file: NewFile): Promise<Written> {
  const real = outside(root, file.path);
  const copy =
    file.isGuarded && removeGuard(file.before) === file.before ? await backUp(real) : null;
  try {
    await replaceFile(real, Buffer.from(file.after, 'latin1'));
  } catch (error) {
    if (copy !== null) await dropBackups(real);
    throw error;
  }
  return { file, real, copy };
}

function writtenStep({ file, real, copy }: Written): Step {
  const kept = copy === null ? '' : `; what was there is in ${file.path}${copy.slice(real.length)}`;
  return well('written', `${file.path}${kept}`);
}

function checkStep({ layout }: EximScene, plan: GuardPlan | null): Step {
  const maker = layout.kind === 'plain' ? '' : `update-exim4.conf made ${layout.configFile}, `;
  const routers =
    plan && plan.routers.length > 0
      ? ', and the routers of the guard stand where they are meant to'
      : '';
  return well('check', `${maker}exim -bV takes it${routers}`);
}

/** What stands against writing, and what should be known before. */
async function lookBefore(scene: EximScene, files: readonly NewFile[]): Promise<Step[]> {
  const { root, layout } = scene;
  for (const { path, before } of files)
    if ((await readFile(outside(root, path), 'latin1')) !== before)
      return [trouble('written', `${path} was changed meanwhile; try again`)];
  if (layout.kind === 'plain') {
    const main = files.find(({ path }) => path === layout.configFile);
    const refused = main ? await tryOut(scene, main) : [];
    return refused.length === 0
      ? []
      : [
          trouble(
            'check',
            `Exim does not take the new ${layout.configFile}: ${few(refused).trim()}`,
          ),
        ];
  }
  const now = await root.run('/', ['sh', '-c', makeAside]);
  if (now.status !== 0)
    return [
      trouble('check', `update-exim4.conf fails already, without the change: ${saidBy(now)}`),
    ];
  const made = await readFile(outside(root, layout.configFile), 'latin1');
  return now.stdout === made
    ? []
    : [
        note(
          'update-exim4.conf',
          `was not run since you changed something, which counts from now on`,
        ),
      ];
}

/** What update-exim4.conf makes now, on stdout. */
const makeAside =
  'f=$(mktemp) && update-exim4.conf --output "$f" && cat "$f"; s=$?; rm -f "$f"; exit $s';

/** From a file beside the real one. */
async function tryOut({ root, program }: EximScene, file: NewFile): Promise<string[]> {
  const inside = realFile(root, file.path);
  const real = outside(root, inside);
  const temporary = await writeBeside(real, Buffer.from(file.after, 'latin1'));
  const name = `${inside}${temporary.slice(real.length)}`;
  try {
    const ran = await program.run(['-C', name, '-bV']);
    return ran.status === 0 ? [] : [saidBy(ran).replaceAll(name, file.path)];
  } finally {
    await rm(temporary, { force: true });
  }
}

/** What Exim has against the files as they are now. */
async function complaints(scene: EximScene, plan: GuardPlan | null): Promise<string[]> {
  const { root, layout, program } = scene;
  if (layout.kind !== 'plain') {
    const ran = await root.run('/', ['update-exim4.conf']);
    if (ran.status !== 0) return [`update-exim4.conf: ${saidBy(ran)}`];
  }
  const ran = await program.run(['-bV']);
  if (ran.status !== 0) return [saidBy(ran)];
  if (!plan) return [];
  const unguarded = unguardedRouters(await toldRouters(program));
  return unguarded
    .filter(({ name }) => plan.routers.includes(name))
    .map(({ name, why }) => `router ${name}: ${why}`);
}

function saidBy({ stderr, stdout, status }: Ran): string {
  return (stderr || stdout).trim() || `it ended with status ${status}`;
}
