/**
 * What Exim makes of a change, before its files are in their places and there: some of it can only be told there, as
 * update-exim4.conf(8) reads them from no other folder.
 */
import { chmod, readFile, stat } from 'node:fs/promises';
import type { GuardPlan } from '../foreign/exim/guard-plan.ts';
import { failureOf } from '../machine/failure.ts';
import { outside } from '../machine/root.ts';
import { toldRouters, unguardedRouters } from './exim-routers.ts';
import type { EximScene } from './exim-scene.ts';
import { askBeside, type JudgeInPlace, type NewFile } from './place-files.ts';
import { replaceFile } from './replace-file.ts';
import { note, type Step, trouble, well } from './report.ts';

/** What stands against writing, and what should be known before. */
export async function tryOut(scene: EximScene, files: readonly NewFile[]): Promise<Step[]> {
  const { root, layout } = scene;
  if (layout.kind !== 'plain') return await makeAside(scene);
  const main = files.find(({ path }) => path === layout.configFile);
  const refused = main
    ? await askBeside(root, main, (path) => refusals(scene, path, main.path))
    : [];
  return refused.map((found) =>
    trouble('check', `Exim does not take the new ${layout.configFile}: ${found}`),
  );
}

/** `plan`: null where the guard is taken out. */
export function judgeInPlace(scene: EximScene, plan: GuardPlan | null): JudgeInPlace {
  const { layout, root } = scene;
  let made: Kept | null = null;
  return {
    async complaints() {
      if (layout.kind !== 'plain') made = await keep(outside(root, layout.configFile));
      return await complaints(scene, plan);
    },
    undo: async () => {
      if (made) await putBack(made);
    },
    taken: takenStep(scene, plan),
  };
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

function takenStep({ layout }: EximScene, plan: GuardPlan | null): Step {
  const maker = layout.kind === 'plain' ? '' : `update-exim4.conf made ${layout.configFile}, `;
  const routers =
    plan && plan.routers.length > 0
      ? ', and the routers of the guard stand where they are meant to'
      : '';
  return well('check', `${maker}exim -bV takes it${routers}`);
}

/** What update-exim4.conf makes now, on stdout. */
const script = `
f=$(mktemp) || exit
trap 'rm -f "$f"' EXIT
trap 'exit 1' HUP INT PIPE TERM
update-exim4.conf --output "$f" && cat "$f"`;

/** Of the files as they are, without the change. */
async function makeAside({ root, layout }: EximScene): Promise<Step[]> {
  const now = await root.run('/', ['sh', '-c', script]);
  if (now.status !== 0)
    return [trouble('check', `already without the change, ${failureOf('update-exim4.conf', now)}`)];
  const made = await readFile(outside(root, layout.configFile), 'latin1');
  return now.stdout === made
    ? []
    : [
        note(
          'update-exim4.conf',
          'was not run since you changed something, which counts from now on',
        ),
      ];
}

/** What Exim says to the file at `path`, which is to stand at `place`; empty if it takes it. */
async function refusals({ program }: EximScene, path: string, place: string): Promise<string[]> {
  const ran = await program.run(['-C', path, '-bV']);
  return ran.status === 0 ? [] : [failureOf('exim -bV', ran).replaceAll(path, place)];
}

/** What Exim has against the files as they are now. */
async function complaints(scene: EximScene, plan: GuardPlan | null): Promise<string[]> {
  const { root, layout, program } = scene;
  if (layout.kind !== 'plain') {
    const ran = await root.run('/', ['update-exim4.conf']);
    if (ran.status !== 0) return [failureOf('update-exim4.conf', ran)];
  }
  const ran = await program.run(['-bV']);
  if (ran.status !== 0) return [failureOf('exim -bV', ran)];
  if (!plan) return [];
  const unguarded = unguardedRouters(await toldRouters(program));
  return unguarded
    .filter(({ name }) => plan.routers.includes(name))
    .map(({ name, why }) => `router ${name}: ${why}`);
}
