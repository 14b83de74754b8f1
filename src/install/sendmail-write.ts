/**
 * Writes the files of a plan: all of them or none, and only what sendmail itself takes.
 */
import { rm } from 'node:fs/promises';
import { outside, type Root, realFile } from '../machine/root.ts';
import { backUp, dropBackups, ReplaceFileError, replaceFile, writeBeside } from './replace-file.ts';
import { few, type Step, trouble, well } from './report.ts';
import type { NewFile } from './sendmail-plan.ts';
import { complaints } from './sendmail-program.ts';
import type { Scene } from './sendmail-scene.ts';

/** Trouble in the steps means that all is as it was. */
export async function writePlan(scene: Scene, files: readonly NewFile[]): Promise<Step[]> {
  const { root, program, layout } = scene;
  const cf = files.find(({ path }) => path === layout.cf);
  if (cf) {
    const known = await complaints(root, program.path, layout.cf);
    const refused = (await tryOut(root, program.path, cf)).filter((line) => !known.includes(line));
    if (refused.length > 0)
      return [trouble('check', `sendmail does not take the new ${cf.path}:\n${few(refused)}`)];
  }
  const steps = cf ? [well('check', `sendmail takes the new ${cf.path}`)] : [];
  const done: NewFile[] = [];
  try {
    // sendmail.mc first: make compares times.
    for (const file of files) {
      const copy = await writeOne(root, file);
      done.push(file);
      const kept = copy === null ? '' : `; what was there is in ${copy}`;
      steps.push(well('written', `${file.path}${kept}`));
    }
    return steps;
  } catch (error) {
    if (!(error instanceof ReplaceFileError)) throw error;
    for (const { path, before } of done)
      await replaceFile(outside(root, path), Buffer.from(before, 'latin1'));
    return [trouble('written', `${error.message}; all is as it was`)];
  }
}

/** Resolves to the path of the copy of what was there, null where none is needed. */
async function writeOne(root: Root, { path, before, after }: NewFile): Promise<string | null> {
  const inside = realFile(root, path);
  const real = outside(root, inside);
  const isAdding = isGuarded(after);
  const copy = isAdding && !isGuarded(before) ? await backUp(real) : null;
  await replaceFile(real, Buffer.from(after, 'latin1'));
  if (!isAdding) await dropBackups(real);
  return copy && `${inside}${copy.slice(real.length)}`;
}

/** With sendmail itself, from a file beside the real one: it is fussy about where its files lie. */
async function tryOut(root: Root, program: string, file: NewFile): Promise<string[]> {
  const inside = realFile(root, file.path);
  const real = outside(root, inside);
  const temporary = await writeBeside(real, Buffer.from(file.after, 'latin1'));
  try {
    return await complaints(root, program, `${inside}${temporary.slice(real.length)}`);
  } finally {
    await rm(temporary, { force: true });
  }
}

function isGuarded(text: string): boolean {
  return /^Kguard /m.test(text);
}
