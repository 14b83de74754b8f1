/**
 * Puts the guard into a machine's smtpd.conf, or takes it out: shown or written.
 *
 * smtpd ends itself when its filter cannot be started. So nothing is written before smtpd has taken the
 * new text, and its user has started the program.
 */
import { basename, dirname } from 'node:path';
import { addGuard, removeGuard } from '../foreign/opensmtpd/guard-block.ts';
import type { SmtpdGuardSettings } from '../foreign/opensmtpd/guard-lines.ts';
import { few } from '../machine/failure.ts';
import { smtpdComplaintsIn, whyNotRunAs } from '../machine/opensmtpd.ts';
import { isFile } from '../machine/root.ts';
import { askAside } from './ask-aside.ts';
import { type ChangePlan, changesOf, faultAt, troublePlan, type What } from './change-flow.ts';
import { lookAtSmtpd, type SmtpdOptions, type SmtpdScene } from './opensmtpd-scene.ts';
import type { NewFile } from './place-files.ts';
import { note, type Step, trouble, well } from './report.ts';

export const smtpdChange = changesOf<SmtpdOptions, SmtpdScene>({
  look: lookAtSmtpd,
  command: () => 'spillway install opensmtpd',
  place: ({ config }) => config,
  plan,
  reload: ({ place }) => place.restart,
});

async function plan(scene: SmtpdScene, options: SmtpdOptions, what: What): Promise<ChangePlan> {
  const { installed, text, config, fileOf } = scene;
  if (installed && 'kind' in installed) return troublePlan('guard', faultAt(config, installed));
  const settings = what === 'remove' ? null : await settingsFor(installed, options);
  const without = removeGuard(text);
  if (typeof without !== 'string') return troublePlan('guard', faultAt(config, without));
  const after = settings ? addGuard(without, settings, fileOf) : without;
  if (typeof after !== 'string') return troublePlan('guard', faultAt(after.file ?? config, after));
  const file: NewFile = {
    path: config,
    before: text,
    after,
    hadGuard: without !== text,
    hasGuard: settings !== null,
  };
  return {
    steps: [],
    files: [file],
    meaning: settings ? meaningOf(settings) : [],
    tryOut: { isAside: true, run: () => tryOut(scene, after, settings) },
    judge: null,
  };
}

async function settingsFor(
  installed: SmtpdGuardSettings | null,
  options: SmtpdOptions,
): Promise<SmtpdGuardSettings> {
  const fresh = {
    filter: '127.0.0.1:9994',
    onFailure: 'open',
    program: options.ownProgram,
  } as const;
  const given = installed ?? fresh;
  // Spillway may have been moved since.
  const { program } = (await isFile(options.root, given.program)) ? given : fresh;
  return { ...given, program, ...options.settings };
}

async function tryOut(
  scene: SmtpdScene,
  after: string,
  settings: SmtpdGuardSettings | null,
): Promise<Step[]> {
  const { root, place, config } = scene;
  const aside = { name: basename(config), text: after, beside: null };
  const command = [place.program, '-n', '-f', `./${aside.name}`];
  const problems = smtpdComplaintsIn(await askAside(root, aside, command, dirname(config)));
  const taken = `${place.program} -n takes the new text`;
  return [
    ...(settings ? [await startProgram(scene, settings)] : []),
    problems.length === 0
      ? well('check', taken)
      : trouble('check', `${place.program} -n says against it:${few(problems)}`),
  ];
}

/** By smtpd's user, who is to start it. */
async function startProgram(
  { root, place }: SmtpdScene,
  { program }: SmtpdGuardSettings,
): Promise<Step> {
  if (place.user === null)
    return note('filter', `whom smtpd runs as is not known: can he start ${program}?`);
  const why = await whyNotRunAs(root, place.user, `exec ${program} filter --help`);
  const found = `${program} is started by smtpd's user ${place.user}`;
  return why === null
    ? well('filter', found)
    : trouble('filter', `${found}, and that fails: ${why}\nsmtpd would end itself over it`);
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
