/**
 * Puts the guard into a machine's sendmail configuration, or takes it out: first worked out in full,
 * then shown or written.
 *
 * Nothing is written unless all of this holds: the sendmail.cf in place is what its sendmail.mc makes,
 * so that nobody's work in it is lost; the new one differs by the guard's lines only; and sendmail
 * itself takes it.
 */
import { readFile, rm } from 'node:fs/promises';
import { compareBuilt, compareCommands } from '../foreign/sendmail/built-cf.ts';
import { addToCf, findConflict, removeFromCf, settingsInCf } from '../foreign/sendmail/cf.ts';
import { commandLines, readCf } from '../foreign/sendmail/cf-facts.ts';
import type { Edit } from '../foreign/sendmail/edit.ts';
import { guardedMailers } from '../foreign/sendmail/guard-rules.ts';
import { defaultGuardSettings, type GuardSettings } from '../foreign/sendmail/guard-settings.ts';
import type { BlockFault } from '../foreign/sendmail/marked-block.ts';
import { addToMc, removeFromMc, settingsInMc } from '../foreign/sendmail/mc.ts';
import {
  backUp,
  backupsOf,
  dropBackups,
  ReplaceFileError,
  replaceFile,
  writeBeside,
} from './replace-file.ts';
import { type Change, hasTrouble, note, type Report, type Step, trouble, well } from './report.ts';
import { outside, type Root, realFile } from './root.ts';
import {
  findLayout,
  findSendmail,
  type Layout,
  restartCommand,
  sourceBeside,
} from './sendmail-layout.ts';
import { complaints, meetSendmail, type SendmailProgram } from './sendmail-program.ts';
import { unifiedDiff } from './unified-diff.ts';

export interface SendmailOptions {
  readonly root: Root;
  readonly mc?: string;
  readonly cf?: string;
  /** What is not given stays as it is installed, or is the default. */
  readonly settings: Partial<GuardSettings>;
}

/** A machine's sendmail and its configuration, as found. */
export interface Scene {
  readonly root: Root;
  readonly program: SendmailProgram;
  readonly layout: Layout;
  /** Path of the file that is edited, and its text in latin1. */
  readonly source: string;
  readonly text: string;
  readonly cfText: string;
  /** Of the block that is there; null without one; a fault where it was changed by hand. */
  readonly installed: GuardSettings | BlockFault | null;
}

interface NewFile {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

interface Plan {
  readonly steps: readonly Step[];
  readonly files: readonly NewFile[];
}

export async function showChange(options: SendmailOptions): Promise<Report> {
  return await change(options, 'add', false);
}

export async function applyChange(options: SendmailOptions): Promise<Report> {
  return await change(options, 'add', true);
}

export async function removeChange(options: SendmailOptions): Promise<Report> {
  return await change(options, 'remove', true);
}

/** Looks at the machine; the steps tell what was found, the scene is null where that is not enough. */
export async function lookAround(
  options: Omit<SendmailOptions, 'settings'>,
): Promise<{ steps: Step[]; scene: Scene | null }> {
  const { root } = options;
  const fail = (name: string, found: string) => ({ steps: [trouble(name, found)], scene: null });
  const path = await findSendmail(root);
  if (path === null) return fail('program', 'there is no sendmail on this machine');
  const met = await meetSendmail(root, path);
  if (met.kind === 'fault') return fail('program', met.problem);
  const program = met.value;
  const missing = ['SOCKETMAP', 'MILTER'].filter((feature) => !program.features.has(feature));
  if (missing.length > 0)
    return fail('program', `${path} ${program.version} was compiled without ${missing.join(', ')}`);

  const found = await findLayout(root, options, (file) => readText(root, file));
  if (found.kind === 'fault') return fail('configuration', found.problem);
  const layout = found.value;
  const source = layout.kind === 'mc' ? layout.mc : layout.cf;
  const text = await readText(root, source);
  const cfText = layout.kind === 'mc' ? await readText(root, layout.cf) : text;
  const installed = layout.kind === 'mc' ? settingsInMc(text) : settingsInCf(text);
  const made = layout.kind === 'mc' ? `${layout.cf}, made of ${layout.mc}` : `${layout.cf} itself`;
  return {
    steps: [well('program', `${path} ${program.version}`), well('configuration', made)],
    scene: { root, program, layout, source, text, cfText, installed },
  };
}

async function change(
  options: SendmailOptions,
  what: 'add' | 'remove',
  isWritten: boolean,
): Promise<Report> {
  const { steps, scene } = await lookAround(options);
  if (!scene) return { steps, changes: [], meaning: [], written: false, next: [] };
  const { installed } = scene;
  const given = installed && !('kind' in installed) ? installed : defaultGuardSettings;
  const settings = what === 'remove' ? null : { ...given, ...options.settings };
  const plan = await makePlan(scene, settings);
  steps.push(...plan.steps);
  const files = plan.files.filter(({ before, after }) => before !== after);
  const written = isWritten && files.length > 0 && !hasTrouble(steps);
  if (written) steps.push(...(await write(scene, files)));
  return {
    steps,
    changes: files.map((file) => describe(file, scene.source)),
    meaning: settings && files.length > 0 ? meaningOf(settings) : [],
    written: written && !hasTrouble(steps),
    next: hasTrouble(steps) ? [] : await nextCommands(options, what, isWritten, files.length > 0),
  };
}

async function makePlan(scene: Scene, settings: GuardSettings | null): Promise<Plan> {
  const { layout, source, text } = scene;
  const add = layout.kind === 'mc' ? addToMc : addToCf;
  const remove = layout.kind === 'mc' ? removeFromMc : removeFromCf;
  const edit: Edit = settings ? add(text, settings) : remove(text);
  if (edit.kind === 'fault') {
    const where = edit.line === null ? source : `${source} line ${edit.line}`;
    return { steps: [trouble('change', `${where}: ${edit.problem}`)], files: [] };
  }
  const after = edit.kind === 'same' ? text : edit.text;
  const file: NewFile = { path: source, before: text, after };
  const said =
    edit.kind === 'changed'
      ? `${source}: the guard's lines ${settings ? 'at the end' : 'taken out'}`
      : `${source}: nothing to do, the guard's lines are ${settings ? 'in' : 'not in'} it`;
  const steps = [edit.kind === 'changed' ? well('change', said) : note('change', said)];
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
  scene: Scene,
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
  for (const made of [bare, old, now]) if (typeof made === 'string') return stop(made);
  if (typeof bare === 'string' || typeof old === 'string' || typeof now === 'string')
    return stop('m4');

  // A sendmail.cf that lacks only our lines is one that nobody has rebuilt yet.
  const stale = differences(bare.text, cfText);
  const differing = stale.length === 0 ? [] : differences(old.text, cfText);
  if (differing.length > 0)
    return stop(
      `${layout.cf} is not what ${layout.mc} makes. If ${layout.mc} was changed since, build it first; if somebody changed ${layout.cf}, bring that into ${layout.mc}, or change ${layout.cf} itself with --cf ${layout.cf}:\n${few(differing)}`,
    );
  if (now.warnings !== bare.warnings) return stop(`m4 says: ${now.warnings.trim()}`);
  if (settings) {
    const conflict = findConflict(readCf(bare.text), settings);
    if (conflict !== null) return stop(`${layout.mc} makes ${conflict}`);
  }
  const wrong = compareBuilt(bare.text, now.text, settings);
  if (wrong.length > 0) return stop(`${layout.mc} does not make what it should:\n${few(wrong)}`);

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
  const same = differences(now.text, cfText).length === 0;
  const path = layout.cf;
  const text_ = same ? cfText : await likeBefore(scene, layout, now.text, after, settings);
  return { steps, files: [{ path, before: cfText, after: text_ }] };
}

interface Built {
  readonly text: string;
  readonly warnings: string;
}

async function build(
  root: Root,
  layout: Layout & { kind: 'mc' },
  source: string,
): Promise<Built | string> {
  const folder = layout.mc.slice(0, layout.mc.lastIndexOf('/')) || '/';
  const { status, stdout, stderr } = await root.run(folder, layout.build, source);
  if (status === 0 && stdout !== '') return { text: stdout, warnings: stderr };
  return `${layout.build.join(' ')} < ${layout.mc}: ${stderr.trim() || `ended with status ${status}`}`;
}

/**
 * Debian's make puts the source at the end of sendmail.cf, commented out; so do we where it was so.
 * Back to what it was before the guard: the copy of then, if it says the same, to the byte.
 */
async function likeBefore(
  scene: Scene,
  layout: Layout & { kind: 'mc' },
  built: string,
  source: string,
  settings: GuardSettings | null,
): Promise<string> {
  if (!settings)
    for (const copy of await backupsOf(await outside(scene.root, layout.cf))) {
      const text = copy.bytes.toString('latin1');
      if (differences(text, built).length === 0) return text;
    }
  const heading = `### ${layout.mc} ###\n`;
  if (!scene.cfText.includes(`\n${heading}`)) return built;
  return `${built}${heading}${source.replace(/\n$/, '').replace(/^/gm, '# ')}\n`;
}

async function write(scene: Scene, files: readonly NewFile[]): Promise<Step[]> {
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
      await replaceFile(await outside(root, path), Buffer.from(before, 'latin1'));
    return [trouble('written', `${error.message}; all is as it was`)];
  }
}

/** Resolves to the path of the copy of what was there, null where none is needed. */
async function writeOne(root: Root, { path, before, after }: NewFile): Promise<string | null> {
  const inside = await realFile(root, path);
  const real = await outside(root, inside);
  const isAdding = isGuarded(after);
  const copy = isAdding && !isGuarded(before) ? await backUp(real) : null;
  await replaceFile(real, Buffer.from(after, 'latin1'));
  if (!isAdding) await dropBackups(real);
  return copy && `${inside}${copy.slice(real.length)}`;
}

/** With sendmail itself, from a file beside the real one: it is fussy about where its files lie. */
async function tryOut(root: Root, program: string, file: NewFile): Promise<string[]> {
  const inside = await realFile(root, file.path);
  const real = await outside(root, inside);
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

async function nextCommands(
  options: SendmailOptions,
  what: 'add' | 'remove',
  isWritten: boolean,
  isChanged: boolean,
): Promise<string[]> {
  if (!isChanged) return what === 'add' ? ['spillway install sendmail --test'] : [];
  if (!isWritten) return ['spillway install sendmail --apply'];
  const restart = await restartCommand(options.root);
  return what === 'add' ? [restart, 'spillway install sendmail --test'] : [restart];
}

function describe({ path, before, after }: NewFile, source: string): Change {
  return { path, diff: path === source ? unifiedDiff(path, before, after) : null };
}

function meaningOf({ socketmap, milter, onFailure }: GuardSettings): string[] {
  return [
    `Before each delivery by SMTP, sendmail's own failure notices and queue runs included, ruleset check_compat asks the guard at ${socketmap}: deliver, drop this recipient, or fail it without a connection. Mail for mailboxes, programs and files is not asked about.`,
    `Each message that comes in by SMTP, local submissions included, passes the filter spillway at ${milter}: senders that cannot be reported to and recipients that cannot be reached are refused there.`,
    onFailure === 'open'
      ? 'While the guard does not answer, mail goes on as if it were not there (--on-failure closed lets it wait).'
      : 'While the guard does not answer, mail that comes in is answered 451, and what is to go out by SMTP waits in the queue.',
  ];
}

function differences(wanted: string, found: string): string[] {
  const { lost, gained } = compareCommands(commandLines(wanted), commandLines(found));
  return [...lost.map((line) => `- ${line}`), ...gained.map((line) => `+ ${line}`)];
}

function few(lines: readonly string[]): string {
  const shown = lines.slice(0, 5).map((line) => `  ${line}`);
  return [...shown, ...(lines.length > 5 ? [`  and ${lines.length - 5} more`] : [])].join('\n');
}

async function readText(root: Root, path: string): Promise<string> {
  return await readFile(await outside(root, path), 'latin1');
}
