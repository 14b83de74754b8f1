/**
 * Puts the guard into a machine's sendmail configuration, or takes it out: shown or written.
 */
import { defaultGuardSettings, type GuardSettings } from '../foreign/sendmail/guard-settings.ts';
import { type Change, hasTrouble, type Report, reportOf } from './report.ts';
import { restartCommand } from './sendmail-layout.ts';
import { makePlan, type NewFile } from './sendmail-plan.ts';
import { lookAround, type SendmailOptions } from './sendmail-scene.ts';
import { writePlan } from './sendmail-write.ts';
import { unifiedDiff } from './unified-diff.ts';

export async function showChange(options: SendmailOptions): Promise<Report> {
  return await change(options, 'add', false);
}

export async function applyChange(options: SendmailOptions): Promise<Report> {
  return await change(options, 'add', true);
}

export async function removeChange(options: SendmailOptions): Promise<Report> {
  return await change(options, 'remove', true);
}

async function change(
  options: SendmailOptions,
  what: 'add' | 'remove',
  isWritten: boolean,
): Promise<Report> {
  const { steps, scene } = await lookAround(options);
  if (!scene) return reportOf(steps);
  const { installed } = scene;
  const given = installed && !('kind' in installed) ? installed : defaultGuardSettings;
  const settings = what === 'remove' ? null : { ...given, ...options.settings };
  const plan = await makePlan(scene, settings);
  steps.push(...plan.steps);
  const files = plan.files.filter(({ before, after }) => before !== after);
  const written = isWritten && files.length > 0 && !hasTrouble(steps);
  if (written) steps.push(...(await writePlan(scene, files)));
  return {
    steps,
    changes: files.map((file) => describe(file, scene.source)),
    meaning: settings && files.length > 0 ? meaningOf(settings) : [],
    written: written && !hasTrouble(steps),
    next: hasTrouble(steps) ? [] : await nextCommands(options, what, isWritten, files.length > 0),
  };
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
