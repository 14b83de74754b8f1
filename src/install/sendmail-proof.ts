/**
 * Proves the guard with the sendmail binary itself: its rules are asked about mail that must not go
 * out, and mail that must.
 *
 * 127.0.0.2 stands for the black hole: no DNS is needed to know where it leads, and it is no name of
 * the machine, as 127.0.0.1 is. Each question leaves a receipt in the guard's journal.
 */
import { stat } from 'node:fs/promises';
import { outside, type Root } from '../machine/root.ts';
import { findPidFile } from '../machine/sendmail.ts';
import { askMilter, askSocketmap, listening } from './ask-guard.ts';
import { faultAt } from './change-flow.ts';
import { note, type Report, reportOf, type Step, trouble, well } from './report.ts';
import { restartCommand } from './sendmail-layout.ts';
import { askCompat, verify } from './sendmail-program.ts';
import { lookAtSendmail, type SendmailOptions, type SendmailScene } from './sendmail-scene.ts';

const blackHole = 'spillway-test@[127.0.0.2]';

export async function proveSendmailGuard(options: SendmailOptions): Promise<Report> {
  const { steps, scene } = await lookAtSendmail(options);
  const report = (next?: readonly string[]): Report => reportOf(steps, next);
  if (!scene) return report();
  const { root, installed } = scene;
  if (installed === null) {
    steps.push(trouble('rules', `${scene.source} does not ask the guard yet`));
    return report(['spillway install sendmail']);
  }
  if ('kind' in installed) {
    steps.push(trouble('rules', faultAt(scene.source, installed)));
    return report();
  }
  const settings = { ...installed, ...options.settings };
  const [socketmap, milter] = await Promise.all([
    askSocketmap(root, settings.socketmap),
    askMilter(root, settings.milter),
  ]);
  steps.push(
    listening('socketmap', settings.socketmap, socketmap),
    listening('milter', settings.milter, milter),
  );
  if (steps.some(({ outcome }) => outcome === 'waiting')) return report(['spillway run']);

  steps.push(...(await askRules(scene)), await askDelivery(scene));
  const age = await judgeDaemon(root, scene.layout.cf);
  steps.push(age);
  return report(age.outcome === 'trouble' ? [await restartCommand(root)] : []);
}

const questions: readonly [
  name: string,
  sender: string,
  recipient: string,
  wanted: RegExp,
  advice: string,
][] = [
  [
    'notice to a black hole',
    'MAILER-DAEMON',
    blackHole,
    /^\$# discard /,
    'is the check "notice" off, or only watching?',
  ],
  [
    'mail to a black hole',
    'root',
    blackHole,
    /^\$# error \$@ 5/,
    'is the check "recipient" off, or only watching?',
  ],
  ['notice to a mailbox', 'MAILER-DAEMON', 'root', /^pass$/, ''],
];

async function askRules({ root, program, layout }: SendmailScene): Promise<Step[]> {
  const steps: Step[] = [];
  for (const [name, sender, recipient, wanted, advice] of questions) {
    const { said, complaint } = await askCompat(root, program.path, layout.cf, sender, recipient);
    const asked = `sendmail -bt, check_compat ${sender} $| ${recipient}`;
    if (said === null) steps.push(trouble(name, `${asked}: no answer; ${complaint}`));
    else if (wanted.test(said)) steps.push(well(name, `${asked}: ${said}`));
    else {
      const why = complaint ?? advice;
      steps.push(trouble(name, `${asked}: ${said}${why && `; ${why}`}`));
    }
  }
  return steps;
}

async function askDelivery({ root, program, layout }: SendmailScene): Promise<Step> {
  const { deliverable, said } = await verify(root, program.path, layout.cf, 'root');
  const name = 'delivery';
  return deliverable
    ? well(name, `sendmail -bv: ${said}`)
    : trouble(name, `sendmail -bv root: ${said}`);
}

/** A daemon reads sendmail.cf when it starts, and writes its number then. */
async function judgeDaemon(root: Root, cf: string): Promise<Step> {
  const file = await findPidFile(root);
  if (file === null) return note('daemon', 'not running, as far as its pid file tells');
  const timeOf = async (path: string) =>
    (await stat(outside(root, path)).catch(() => null))?.mtimeMs;
  const [started, changed] = [await timeOf(file), await timeOf(cf)];
  if (started === undefined || changed === undefined)
    return note('daemon', `it ends or begins just now: ${file} or ${cf} is gone`);
  return started >= changed
    ? well('daemon', `started after ${cf} was written, says ${file}`)
    : trouble('daemon', `started before ${cf} was written, says ${file}: restart it`);
}
