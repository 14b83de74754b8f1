/**
 * Puts the guard into a machine's Exim, or takes it out: shown or written.
 */
import { readConfig } from '../foreign/exim/config-lines.ts';
import { partLines, removeGuard } from '../foreign/exim/guard-block.ts';
import { defaultEximGuard, type EximGuard } from '../foreign/exim/guard-lines.ts';
import { type GuardPlan, type LeftOut, planGuard, writeGuard } from '../foreign/exim/guard-plan.ts';
import { reloadCommand } from './exim-daemon.ts';
import { goingRouters, toldRouters } from './exim-routers.ts';
import { type EximOptions, type EximScene, lookAtExim } from './exim-scene.ts';
import { type NewFile, writeEximFiles } from './exim-write.ts';
import { hasTrouble, note, type Report, reportOf, type Step } from './report.ts';
import { unifiedDiff } from './unified-diff.ts';

type What = 'add' | 'remove';

export async function showEximChange(options: EximOptions): Promise<Report> {
  return await change(options, 'add', false);
}

export async function applyEximChange(options: EximOptions): Promise<Report> {
  return await change(options, 'add', true);
}

export async function removeEximChange(options: EximOptions): Promise<Report> {
  return await change(options, 'remove', true);
}

async function change(options: EximOptions, what: What, isWritten: boolean): Promise<Report> {
  const { steps, scene } = await lookAtExim(options);
  if (!scene) return reportOf(steps);
  const guard = { ...(scene.installed ?? defaultEximGuard), ...options.settings };
  const without = textsWithout(scene);
  const plan = what === 'add' ? planOf(scene, without) : null;
  const wanted = plan ? writeGuard(plan, without, guard) : new Map<string, string>();
  const files: NewFile[] = [...without].flatMap(([path, bare]) => {
    const before = scene.texts.get(path) ?? '';
    const after = wanted.get(path) ?? bare;
    return after === before ? [] : [{ path, before, after, isGuarded: wanted.has(path) }];
  });
  const going = plan ? goingRouters(await toldRouters(scene.program)).map(({ name }) => name) : [];
  if (plan) steps.push(...leftOutNotes(plan, going, guard));
  if (files.length === 0)
    steps.push(note('guard', what === 'add' ? 'it is in already' : 'it is not in'));
  else if (isWritten) steps.push(...(await writeEximFiles(scene, files, plan)));
  const isDone = !hasTrouble(steps);
  return {
    steps,
    changes: files.map(({ path, before, after }) => ({
      path,
      diff: unifiedDiff(path, before, after),
    })),
    meaning: plan && files.length > 0 ? meaningOf(guard, going) : [],
    written: isWritten && files.length > 0 && isDone,
    next: isDone ? await nextCommands(scene, what, files.length > 0, isWritten) : [],
  };
}

/** Every text that can be read, as it is without us. */
function textsWithout({ texts }: EximScene): Map<string, string> {
  const without = new Map<string, string>();
  for (const [path, text] of texts) {
    const bare = text === null ? null : removeGuard(text);
    // A block that is not as it was written was found before.
    if (typeof bare === 'string') without.set(path, bare);
  }
  return without;
}

function planOf(
  { layout, texts, hooks }: EximScene,
  without: ReadonlyMap<string, string>,
): GuardPlan {
  const all = new Map([...texts].map(([path, text]) => [path, without.get(path) ?? text]));
  return planGuard(readConfig(layout.entries, all), hooks);
}

/** `going`: the routers that go where an address says, as Exim tells. */
function leftOutNotes(plan: GuardPlan, going: readonly string[], guard: EximGuard): Step[] {
  const known = new Set([...plan.routers, ...plan.leftOut.map(({ what }) => what)]);
  const unseen = going.filter((name) => !known.has(name) && !known.has(`router ${name}`));
  return [
    ...plan.leftOut.map((left) => leftOutNote(left, guard)),
    ...unseen.map((name) =>
      note(`router ${name}`, 'Exim has it, and it does not stand in the files that were read'),
    ),
    ...(going.length === 0 ? [noRouter] : []),
  ];
}

const noRouter: Step = note(
  'routers',
  'none goes where an address says: all mail goes where you send it, to a smarthost perhaps, and what becomes of notices there the guard cannot tell',
);

function leftOutNote({ what, why, byHand }: LeftOut, guard: EximGuard): Step {
  if (!byHand) return note(what, why);
  const lines = partLines(guard, byHand.part);
  return note(what, [`left as it is: ${why}. By hand, ${byHand.where}:`, ...lines].join('\n'));
}

async function nextCommands(
  scene: EximScene,
  what: What,
  isChanged: boolean,
  isWritten: boolean,
): Promise<string[]> {
  if (!isChanged) return what === 'add' ? ['spillway install exim --test'] : [];
  if (!isWritten) return ['spillway install exim --apply'];
  const reload = await reloadCommand(scene);
  return what === 'add' ? [reload, 'spillway install exim --test'] : [reload];
}

function meaningOf({ readsocket, onFailure }: EximGuard, going: readonly string[]): string[] {
  return [
    `At MAIL and at RCPT Exim asks the guard at ${readsocket}: senders that cannot be reported to and recipients that cannot be reached are refused there.`,
    ...(going.length === 0
      ? []
      : [
          `Before each router that goes where an address says (${going.join(', ')}) Exim asks about every delivery, its own notices included: a notice that could never arrive ends there, with a receipt.`,
        ]),
    onFailure === 'open'
      ? 'While the guard does not answer, mail goes on as if it were not there (--on-failure closed lets it wait).'
      : 'While the guard does not answer, mail waits: it is deferred where it comes in, and in the queue.',
  ];
}
