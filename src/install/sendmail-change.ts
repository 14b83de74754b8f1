/**
 * Puts the guard into a machine's sendmail configuration, or takes it out: shown or written.
 */
import { defaultGuardSettings, type GuardSettings } from '../foreign/sendmail/guard-settings.ts';
import { few } from '../machine/failure.ts';
import { type ChangePlan, changesOf, faultAt, troublePlan, type What } from './change-flow.ts';
import { askBeside, type NewFile } from './place-files.ts';
import { type Step, trouble, well } from './report.ts';
import { restartCommand } from './sendmail-layout.ts';
import { makePlan } from './sendmail-plan.ts';
import { complaints } from './sendmail-program.ts';
import { lookAtSendmail, type SendmailOptions, type SendmailScene } from './sendmail-scene.ts';

export const sendmailChange = changesOf<SendmailOptions, SendmailScene>({
  look: lookAtSendmail,
  command: () => 'spillway install sendmail',
  place: ({ source }) => source,
  plan,
  reload: ({ root }) => restartCommand(root),
});

async function plan(
  scene: SendmailScene,
  options: SendmailOptions,
  what: What,
): Promise<ChangePlan> {
  const { installed, source } = scene;
  if (installed && 'kind' in installed) return troublePlan('guard', faultAt(source, installed));
  const settings =
    what === 'remove' ? null : { ...(installed ?? defaultGuardSettings), ...options.settings };
  const { steps, files } = await makePlan(scene, settings);
  return {
    steps,
    files,
    meaning: settings ? meaningOf(settings) : [],
    // Not aside: sendmail is fussy about where its files lie.
    tryOut: { isAside: false, run: (changed) => tryOut(scene, changed) },
    judge: null,
  };
}

/** With sendmail itself. */
async function tryOut(
  { root, program, layout }: SendmailScene,
  files: readonly NewFile[],
): Promise<Step[]> {
  const cf = files.find(({ path }) => path === layout.cf);
  if (!cf) return [];
  const ask = (path: string) => complaints(root, program.path, path);
  const known = await ask(layout.cf);
  const refused = (await askBeside(root, cf, ask)).filter((line) => !known.includes(line));
  return [
    refused.length === 0
      ? well('check', `sendmail takes the new ${cf.path}`)
      : trouble('check', `sendmail does not take the new ${cf.path}:${few(refused)}`),
  ];
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
