/**
 * A change of sendmail's configuration, worked out in full before anything is written.
 *
 * It ends in trouble unless the sendmail.cf in place is what its sendmail.mc makes, so that nobody's
 * work in it is lost, and the new one differs by the guard's lines only.
 */
import { compareBuilt, compareCommands } from '../foreign/sendmail/built-cf.ts';
import { addToCf, findConflict, removeFromCf } from '../foreign/sendmail/cf.ts';
import { commandLines, readCf } from '../foreign/sendmail/cf-facts.ts';
import type { Edit } from '../foreign/sendmail/edit.ts';
import { guardedMailers } from '../foreign/sendmail/guard-rules.ts';
import type { GuardSettings } from '../foreign/sendmail/guard-settings.ts';
import { addToMc, removeFromMc } from '../foreign/sendmail/mc.ts';
import { below, failureOf, few } from '../machine/failure.ts';
import { outside, type Root } from '../machine/root.ts';
import { faultAt } from './change-flow.ts';
import type { NewFile } from './place-files.ts';
import { backupsOf } from './replace-file.ts';
import { note, type Step, trouble, well } from './report.ts';
import { type Layout, sourceBeside } from './sendmail-layout.ts';
import type { SendmailScene } from './sendmail-scene.ts';

export interface Plan {
  readonly steps: readonly Step[];
  /** sendmail.mc first: make compares times. */
  readonly files: readonly NewFile[];
}

/** `settings` null takes the guard out. */
export async function makePlan(
  scene: SendmailScene,
  settings: GuardSettings | null,
): Promise<Plan> {
  const { layout, source, text } = scene;
  const add = layout.kind === 'mc' ? addToMc : addToCf;
  const remove = layout.kind === 'mc' ? removeFromMc : removeFromCf;
  const edit: Edit = settings ? add(text, settings) : remove(text);
  if (edit.kind === 'fault') {
    const { line, problem } = edit;
    const found = line === null ? `${source}: ${problem}` : faultAt(source, { line, problem });
    return { steps: [trouble('change', found)], files: [] };
  }
  const after = edit.kind === 'same' ? text : edit.text;
  const file = fileOf(source, text, after);
  const done = settings ? "the guard's lines at the end" : "the guard's lines taken out";
  const steps = edit.kind === 'same' ? [] : [well('change', `${source}: ${done}`)];
  if (layout.kind === 'cf') {
    const beside = await sourceBeside(scene.root, layout.cf);
    if (settings && beside !== null)
      steps.push(note('source', `who makes ${layout.cf} of ${beside} again takes the guard out`));
    return { steps, files: [file] };
  }
  const built = await rebuild(scene, layout, after, settings);
  return { steps: [...steps, ...built.steps], files: [file, ...built.files] };
}

/** The new sendmail.cf, compared with what was there and with what was wanted. */
async function rebuild(
  scene: SendmailScene,
  layout: Layout & { kind: 'mc' },
  after: string,
  settings: GuardSettings | null,
): Promise<Plan> {
  const { root, text, cfText } = scene;
  const stop = (found: string): Plan => ({ steps: [trouble('build', found)], files: [] });
  const without = removeFromMc(text);
  const bareText = without.kind === 'changed' ? without.text : text;
  const bare = await build(root, layout, bareText);
  const old = bareText === text ? bare : await build(root, layout, text);
  const now = after === text ? old : after === bareText ? bare : await build(root, layout, after);
  if (typeof bare === 'string') return stop(bare);
  if (typeof old === 'string') return stop(old);
  if (typeof now === 'string') return stop(now);

  // A sendmail.cf that lacks only our lines is one that nobody has rebuilt yet.
  const stale = differences(bare.text, cfText);
  const differing = stale.length === 0 ? [] : differences(old.text, cfText);
  if (differing.length > 0)
    return stop(
      `${layout.cf} is not what ${layout.mc} makes. If ${layout.mc} was changed since, build it first; if somebody changed ${layout.cf}, bring that into ${layout.mc}, or change ${layout.cf} itself with --cf ${layout.cf}:${below(differing)}`,
    );
  if (now.warnings !== bare.warnings)
    return stop(`m4 says:${few([now.warnings]) || ' nothing of what it said before'}`);
  if (settings) {
    const conflict = findConflict(readCf(bare.text), settings);
    if (conflict !== null) return stop(`${layout.mc} makes ${conflict}`);
  }
  const wrong = compareBuilt(bare.text, now.text, settings);
  if (wrong.length > 0) return stop(`${layout.mc} does not make what it should:${below(wrong)}`);

  const steps = [well('build', `m4 makes the old ${layout.cf} and the guard's lines, no more`)];
  if (!settings) steps[0] = well('build', `m4 makes ${layout.cf} without the guard's lines`);
  const others = readCf(now.text).smtpMailers.filter(
    (mailer) => !guardedMailers.some((guarded) => guarded === mailer),
  );
  if (settings && others.length > 0)
    steps.push(
      note(
        'mailers',
        `not asked about, as they are yours: what goes out through ${others.join(', ')}`,
      ),
    );
  const isSame = differences(now.text, cfText).length === 0;
  const made = isSame ? cfText : await likeBefore(scene, layout, now.text, after, settings);
  return { steps, files: [{ ...fileOf(layout.cf, cfText, made), isMade: true }] };
}

function fileOf(path: string, before: string, after: string): NewFile {
  return { path, before, after, hadGuard: isGuarded(before), hasGuard: isGuarded(after) };
}

/** A sendmail.cf may be made of a sendmail.mc of before. */
function isGuarded(text: string): boolean {
  return /^Kguard /m.test(text);
}

interface Built {
  readonly text: string;
  readonly warnings: string;
}

/** sendmail.cf as m4 makes it of a source, or what m4 said instead. */
async function build(
  root: Root,
  layout: Layout & { kind: 'mc' },
  source: string,
): Promise<Built | string> {
  const folder = layout.mc.slice(0, layout.mc.lastIndexOf('/')) || '/';
  const ran = await root.run(folder, layout.build, source);
  if (ran.status === 0 && ran.stdout !== '') return { text: ran.stdout, warnings: ran.stderr };
  // What it made so far is no reason.
  return failureOf(`${layout.build.join(' ')} < ${layout.mc}`, { ...ran, stdout: '' });
}

/**
 * Debian's make puts the source at the end of sendmail.cf, commented out; so do we where it was so.
 * Back to what it was before the guard: the copy of then, if it says the same, to the byte.
 */
async function likeBefore(
  scene: SendmailScene,
  layout: Layout & { kind: 'mc' },
  built: string,
  source: string,
  settings: GuardSettings | null,
): Promise<string> {
  if (!settings)
    for (const copy of await backupsOf(outside(scene.root, layout.cf)).catch(() => [])) {
      const text = copy.bytes.toString('latin1');
      if (differences(text, built).length === 0) return text;
    }
  const heading = `### ${layout.mc} ###\n`;
  if (!scene.cfText.includes(`\n${heading}`)) return built;
  return `${built}${heading}${source.replace(/\n$/, '').replace(/^/gm, '# ')}\n`;
}

function differences(wanted: string, found: string): string[] {
  const { lost, gained } = compareCommands(commandLines(wanted), commandLines(found));
  return [...lost.map((line) => `- ${line}`), ...gained.map((line) => `+ ${line}`)];
}
