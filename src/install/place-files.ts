/**
 * Puts the files of a change in their places: all of them or none, with a copy of what was there.
 */
import { readFile } from 'node:fs/promises';
import { few } from '../machine/failure.ts';
import { outside, type Root, realFile } from '../machine/root.ts';
import { errorText } from '../mail/error-text.ts';
import { backUp, dropBackups, ReplaceFileError, replaceFile, writeBeside } from './replace-file.ts';
import { note, type Step, trouble, well } from './report.ts';

/** Texts are latin1. */
export interface NewFile {
  /** As the mail server sees it, inside of its root. */
  readonly path: string;
  readonly before: string;
  readonly after: string;
  /** Whether lines of the guard stand in each. */
  readonly hadGuard: boolean;
  readonly hasGuard: boolean;
  /** A program makes it of another one, so that nobody reads how it differs. */
  readonly isMade?: true;
}

/** For a server that can judge some of a change only where it is to stand. */
export interface JudgeInPlace {
  /** What the server has against it; the files are taken back then. */
  readonly complaints: () => Promise<readonly string[]>;
  /** After the files were taken back: what the server made of them goes too. */
  readonly undo: () => Promise<void>;
  /** What is told if there are none. */
  readonly taken: Step;
}

/** Trouble in the steps means that all is as it was, unless it names what is not. */
export async function placeFiles(
  root: Root,
  files: readonly NewFile[],
  judge: JudgeInPlace | null,
): Promise<Step[]> {
  for (const { path, before } of files)
    if ((await readFile(outside(root, path), 'latin1').catch(() => null)) !== before)
      return [trouble('written', `${path} was changed meanwhile; try again`)];
  const placed: Placed[] = [];
  let refused: readonly string[] = [];
  try {
    for (const file of files) placed.push(await placeOne(root, file));
    if (judge) refused = await judge.complaints();
  } catch (error) {
    const state = await takeBack(placed, judge);
    if (!(error instanceof ReplaceFileError)) throw error;
    return [trouble('written', `${error.message}; ${state}`)];
  }
  if (refused.length > 0)
    return [trouble('check', `${await takeBack(placed, judge)}:${few(refused)}`)];
  return [
    ...placed.map(writtenStep),
    ...(judge ? [judge.taken] : []),
    ...(await dropOldBackups(placed)),
  ];
}

/**
 * Lets a program look at the new text in a file beside the real one, which is gone afterwards. Throws
 * ReplaceFileError.
 */
export async function askBeside(
  root: Root,
  file: NewFile,
  ask: (path: string) => Promise<string[]>,
): Promise<string[]> {
  const inside = realFile(root, file.path);
  const real = outside(root, inside);
  await using beside = await writeBeside(real, Buffer.from(file.after, 'latin1'));
  return await ask(`${inside}${beside.path.slice(real.length)}`);
}

interface Placed {
  readonly file: NewFile;
  /** For us, behind symbolic links. */
  readonly real: string;
  /** Of what was there, as the server sees it, and for us; null where none is needed. */
  readonly copy: string | null;
}

async function placeOne(root: Root, file: NewFile): Promise<Placed> {
  const inside = realFile(root, file.path);
  const real = outside(root, inside);
  const copy = file.hasGuard && !file.hadGuard ? await backUp(real) : null;
  try {
    await replaceFile(real, Buffer.from(file.after, 'latin1'));
  } catch (error) {
    if (copy !== null) await dropBackups(real);
    throw error;
  }
  return { file, real, copy: copy && `${inside}${copy.slice(real.length)}` };
}

/** In words, what became of it. */
async function takeBack(placed: readonly Placed[], judge: JudgeInPlace | null): Promise<string> {
  const left: string[] = [];
  for (const { file, real, copy } of placed)
    try {
      await replaceFile(real, Buffer.from(file.before, 'latin1'));
      if (copy !== null) await dropBackups(real);
    } catch (error) {
      const kept = copy === null ? '' : `, and what was there is in ${copy}`;
      left.push(`${file.path} could not be put back${kept}: ${errorText(error)}`);
    }
  try {
    await judge?.undo();
  } catch (error) {
    left.push(errorText(error));
  }
  return left.length === 0 ? 'all is as it was' : left.join('; ');
}

function writtenStep({ file, copy }: Placed): Step {
  return well('written', `${file.path}${copy === null ? '' : `; what was there is in ${copy}`}`);
}

/** Where the guard was taken out, nobody needs them any more. */
async function dropOldBackups(placed: readonly Placed[]): Promise<Step[]> {
  const steps: Step[] = [];
  for (const { file, real } of placed)
    try {
      if (!file.hasGuard) await dropBackups(real);
    } catch (error) {
      steps.push(note('copies', `those of ${file.path} stay: ${errorText(error)}`));
    }
  return steps;
}
