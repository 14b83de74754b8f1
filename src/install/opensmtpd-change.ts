/**
 * Puts the guard into a machine's smtpd.conf, or takes it out: shown or written.
 *
 * smtpd ends itself when its filter cannot be started. So nothing is written before smtpd has taken the
 * new text, and its user has started the program.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { addGuard, removeGuard } from '../foreign/opensmtpd/guard-block.ts';
import type { SmtpdGuardSettings } from '../foreign/opensmtpd/guard-lines.ts';
import { smtpdComplaints, whyNotRunAs } from '../machine/opensmtpd.ts';
import { isFile, realFile } from '../machine/root.ts';
import { lookAtSmtpd, type SmtpdOptions, type SmtpdScene } from './opensmtpd-scene.ts';
import { backUp, dropBackups, ReplaceFileError, replaceFile, writeBeside } from './replace-file.ts';
import {
  few,
  hasTrouble,
  note,
  type Report,
  reportOf,
  type Step,
  trouble,
  well,
} from './report.ts';
import { unifiedDiff } from './unified-diff.ts';

const defaults = { filter: '127.0.0.1:9994', onFailure: 'open' } as const;

export async function showSmtpdChange(options: SmtpdOptions): Promise<Report> {
  return await change(options, 'add', false);
}

export async function applySmtpdChange(options: SmtpdOptions): Promise<Report> {
  return await change(options, 'add', true);
}

export async function removeSmtpdChange(options: SmtpdOptions): Promise<Report> {
  return await change(options, 'remove', true);
}

async function change(
  options: SmtpdOptions,
  what: 'add' | 'remove',
  isWritten: boolean,
): Promise<Report> {
  const { steps, scene } = await lookAtSmtpd(options);
  const nothing = reportOf(steps);
  if (!scene) return nothing;
  const { installed, text, place, config } = scene;
  const fresh = { ...defaults, program: options.ownProgram };
  const given = installed && !('kind' in installed) ? installed : fresh;
  // Spillway may have been moved since.
  const { program } = (await isFile(options.root, given.program)) ? given : fresh;
  const settings = what === 'remove' ? null : { ...given, program, ...options.settings };
  const after = planText(scene, settings);
  if (typeof after !== 'string') {
    steps.push(after);
    return nothing;
  }
  const isChanged = after !== text;
  if (!isChanged)
    steps.push(note('guard', what === 'add' ? 'it is in already' : `it is not in ${config}`));
  else steps.push(...(await write(scene, after, settings, isWritten)));
  const written = isWritten && isChanged && !hasTrouble(steps);
  return {
    steps,
    changes: isChanged ? [{ path: config, diff: unifiedDiff(config, text, after) }] : [],
    meaning: settings && isChanged ? meaningOf(settings) : [],
    written,
    next: hasTrouble(steps) ? [] : nextCommands(what, isChanged, isWritten, place.restart),
  };
}

function nextCommands(
  what: 'add' | 'remove',
  isChanged: boolean,
  isWritten: boolean,
  restart: string,
): string[] {
  if (!isChanged) return what === 'add' ? ['spillway install opensmtpd --test'] : [];
  if (!isWritten) return ['spillway install opensmtpd --apply'];
  return what === 'add' ? [restart, 'spillway install opensmtpd --test'] : [restart];
}

/** smtpd.conf as it is to be; trouble where it cannot be made. */
function planText(
  { text, config, fileOf, installed }: SmtpdScene,
  settings: SmtpdGuardSettings | null,
): string | Step {
  if (installed && 'kind' in installed)
    return trouble('guard', `${config} line ${installed.line}: ${installed.problem}`);
  const without = removeGuard(text);
  if (typeof without !== 'string')
    return trouble('guard', `${config} line ${without.line}: ${without.problem}`);
  if (!settings) return without;
  const made = addGuard(without, settings, fileOf);
  return typeof made === 'string'
    ? made
    : trouble('guard', `${made.file ?? config} line ${made.line}: ${made.problem}`);
}

/** Trouble in the steps means that all is as it was. */
async function write(
  { root, place, text, config }: SmtpdScene,
  after: string,
  settings: SmtpdGuardSettings | null,
  isWritten: boolean,
): Promise<Step[]> {
  const steps: Step[] = [];
  if (settings && place.user) {
    const command = `exec ${settings.program} filter --help`;
    const why = await whyNotRunAs(root, place.user, command);
    const found = `${settings.program} is started by smtpd's user ${place.user}`;
    steps.push(
      why === null
        ? well('filter', found)
        : trouble('filter', `${found}, and that fails: ${why}\nsmtpd would end itself over it`),
    );
  } else if (settings)
    steps.push(
      note('filter', `whom smtpd runs as is not known: can he start ${settings.program}?`),
    );
  const real = realFile(root, config);
  const file = join(root.folder, real);
  try {
    const beside = await writeBeside(file, Buffer.from(after, 'latin1'));
    try {
      const problems = await smtpdComplaints(root, place, `${real}.spillway-new`);
      const taken = `${place.program} -n takes the new text`;
      steps.push(
        problems.length === 0
          ? well('check', taken)
          : trouble('check', `${place.program} -n says against it:\n${few(problems)}`),
      );
    } finally {
      await rm(beside, { force: true });
    }
    if (hasTrouble(steps) || !isWritten) return steps;
    if ((await readFile(file, 'latin1')) !== text)
      return [...steps, trouble('written', `${config} was changed meanwhile; try again`)];
    const isFirst = settings !== null && removeGuard(text) === text;
    const copy = isFirst ? await backUp(file) : null;
    await replaceFile(file, Buffer.from(after, 'latin1'));
    if (!settings) await dropBackups(file);
    const kept = copy === null ? '' : `; what was there is in ${config}${copy.slice(file.length)}`;
    return [...steps, well('written', `${config}${kept}`)];
  } catch (error) {
    if (!(error instanceof ReplaceFileError)) throw error;
    return [...steps, trouble('written', error.message)];
  }
}

function meaningOf({ onFailure, filter }: SmtpdGuardSettings): string[] {
  return [
    `For each message that comes in by SMTP, smtpd asks the guard at ${filter}: a sender that cannot be reported to is refused at MAIL, a recipient that cannot be reached at RCPT.`,
    'The notices that smtpd writes itself, and what local programs hand in, come in by its socket and are asked about there: a notice that could never arrive ends, with a receipt.',
    'The guard stands before filters that were there already; those are asked about what it lets pass.',
    onFailure === 'open'
      ? 'While the guard does not answer, mail goes on as if it were not there (--on-failure closed lets it wait).'
      : 'While the guard does not answer, mail waits: it is deferred where it comes in.',
  ];
}
