/**
 * Puts the guard into a machine's Exim, or takes it out: shown or written.
 */
import { readConfig } from '../foreign/exim/config-lines.ts';
import { partLines, removeGuard } from '../foreign/exim/guard-block.ts';
import { defaultEximGuard, type EximGuard } from '../foreign/exim/guard-lines.ts';
import { type GuardPlan, type LeftOut, planGuard, writeGuard } from '../foreign/exim/guard-plan.ts';
import { type ChangePlan, changesOf, type What } from './change-flow.ts';
import { reloadCommand } from './exim-daemon.ts';
import { judgeInPlace, tryOut } from './exim-judgement.ts';
import { goingRouters, toldRouters } from './exim-routers.ts';
import { type EximOptions, type EximScene, lookAtExim } from './exim-scene.ts';
import type { NewFile } from './place-files.ts';
import { note, type Step } from './report.ts';

export const eximChange = changesOf<EximOptions, EximScene>({
  look: lookAtExim,
  command: () => 'spillway install exim',
  place: ({ layout }) => layout.configFile,
  plan,
  reload: reloadCommand,
});

async function plan(scene: EximScene, options: EximOptions, what: What): Promise<ChangePlan> {
  const without = textsWithout(scene);
  const trying = { isAside: false, run: (files: readonly NewFile[]) => tryOut(scene, files) };
  if (what === 'remove') {
    const files = filesOf(scene, without, new Map());
    return { steps: [], files, meaning: [], tryOut: trying, judge: judgeInPlace(scene, null) };
  }
  const guard = { ...(scene.installed ?? defaultEximGuard), ...options.settings };
  const guards = planOf(scene, without);
  const going = goingRouters(await toldRouters(scene.program)).map(({ name }) => name);
  return {
    steps: leftOutNotes(guards, going, guard),
    files: filesOf(scene, without, writeGuard(guards, without, guard)),
    meaning: meaningOf(guard, going),
    tryOut: trying,
    judge: judgeInPlace(scene, guards),
  };
}

/** `wanted`: path -> text, where the guard is to be. */
function filesOf(
  { texts }: EximScene,
  without: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
): NewFile[] {
  return [...without].map(([path, bare]) => {
    const before = texts.get(path) ?? '';
    const after = wanted.get(path) ?? bare;
    return { path, before, after, hadGuard: bare !== before, hasGuard: wanted.has(path) };
  });
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
