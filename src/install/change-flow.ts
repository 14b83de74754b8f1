/**
 * Puts the guard into a mail server's configuration, or takes it out: the way is the same for every server. What
 * there is is looked at, the change worked out and tried out, shown or written, taken back where the server does
 * not take it; and what to type next is told.
 */
import type { BlockFault } from '../foreign/marked-block.ts';
import type { Root } from '../machine/root.ts';
import type { Installation, InstallOptions } from './installation.ts';
import { type JudgeInPlace, type NewFile, placeFiles } from './place-files.ts';
import { ReplaceFileError } from './replace-file.ts';
import {
  type Change,
  hasTrouble,
  note,
  type Report,
  reportOf,
  type Step,
  trouble,
} from './report.ts';
import { unifiedDiff } from './unified-diff.ts';

export type What = 'add' | 'remove';

/** What is a server's own. */
export interface ChangingServer<Options, Scene> {
  /** The steps tell what was found, the scene is null where that is not enough. */
  readonly look: (options: Options) => Promise<{ steps: readonly Step[]; scene: Scene | null }>;
  /** The command that shows this change. */
  readonly command: (scene: Scene) => string;
  /** The file that tells where the guard is asked. */
  readonly place: (scene: Scene) => string;
  /** The change in full; nothing is written. */
  readonly plan: (scene: Scene, options: Options, what: What) => Promise<ChangePlan>;
  /** What makes the running server read its configuration anew. */
  readonly reload: (scene: Scene) => Promise<string> | string;
}

export interface ChangePlan {
  /** Trouble in them ends it. */
  readonly steps: readonly Step[];
  /** In the order in which they are written; those that do not differ count for nothing. */
  readonly files: readonly NewFile[];
  /** What the change does, in sentences. */
  readonly meaning: readonly string[];
  readonly tryOut: TryOut | null;
  readonly judge: JudgeInPlace | null;
}

export interface TryOut {
  /** Whether nothing is written beside the files of the server, so that it is done for a look as well. */
  readonly isAside: boolean;
  /** What the server says to these files before they are in their places. May throw ReplaceFileError. */
  readonly run: (files: readonly NewFile[]) => Promise<readonly Step[]>;
}

export function troublePlan(name: string, found: string): ChangePlan {
  return { steps: [trouble(name, found)], files: [], meaning: [], tryOut: null, judge: null };
}

/** Where lines of ours are not as we wrote them. */
export function faultAt(path: string, { line, problem }: Omit<BlockFault, 'kind'>): string {
  return `${path} line ${line}: ${problem}`;
}

/** The three ways to call it. */
export function changesOf<Options extends InstallOptions<unknown>, Scene>(
  server: ChangingServer<Options, Scene>,
): Pick<Installation<Options>, 'show' | 'apply' | 'remove'> {
  return {
    show: (options) => change(server, options, 'add', false),
    apply: (options) => change(server, options, 'add', true),
    remove: (options) => change(server, options, 'remove', true),
  };
}

async function change<Options extends InstallOptions<unknown>, Scene>(
  server: ChangingServer<Options, Scene>,
  options: Options,
  what: What,
  isWritten: boolean,
): Promise<Report> {
  const { steps: found, scene } = await server.look(options);
  if (!scene) return reportOf(found);
  const plan = await server.plan(scene, options, what);
  const files = plan.files.filter(({ before, after }) => before !== after);
  const steps = [...found, ...plan.steps];
  const isChanged = files.length > 0;
  if (isChanged && !hasTrouble(steps))
    steps.push(...(await carryOut(options.root, plan, files, isWritten)));
  else if (!isChanged && !hasTrouble(steps)) steps.push(nothingToDo(what, server.place(scene)));
  const isWell = !hasTrouble(steps);
  return {
    steps,
    changes: files.map(describe),
    meaning: what === 'add' && isChanged ? plan.meaning : [],
    written: isWritten && isChanged && isWell,
    next: isWell ? await nextCommands(server, scene, what, isChanged, isWritten) : [],
  };
}

/** Trouble in the steps means that all is as it was, unless it names what is not. */
async function carryOut(
  root: Root,
  { tryOut, judge }: ChangePlan,
  files: readonly NewFile[],
  isWritten: boolean,
): Promise<readonly Step[]> {
  try {
    const tried = tryOut && (isWritten || tryOut.isAside) ? await tryOut.run(files) : [];
    if (!isWritten || hasTrouble(tried)) return tried;
    return [...tried, ...(await placeFiles(root, files, judge))];
  } catch (error) {
    if (!(error instanceof ReplaceFileError)) throw error;
    return [trouble('written', `${error.message}; all is as it was`)];
  }
}

function nothingToDo(what: What, place: string): Step {
  return note('guard', what === 'add' ? 'it is in already' : `it is not in ${place}`);
}

function describe({ path, before, after, isMade }: NewFile): Change {
  return { path, diff: isMade ? null : unifiedDiff(path, before, after) };
}

async function nextCommands<Options, Scene>(
  server: ChangingServer<Options, Scene>,
  scene: Scene,
  what: What,
  isChanged: boolean,
  isWritten: boolean,
): Promise<string[]> {
  const command = server.command(scene);
  const proof = what === 'add' ? [`${command} --test`] : [];
  if (!isChanged) return proof;
  return isWritten ? [await server.reload(scene), ...proof] : [`${command} --apply`];
}
