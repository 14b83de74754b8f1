/**
 * Proves the guard with OpenSMTPD itself: a client that is to be turned away knocks at its door, as does
 * one that is not, and a notice is handed in by the socket of the machine.
 *
 * 127.0.0.2 stands for the black hole: no DNS is needed to know where it leads. Each question leaves a
 * receipt in the guard's journal.
 */
import { isIP } from 'node:net';
import { isSign, SmtpdSource } from '../foreign/opensmtpd/config-tokens.ts';
import { few } from '../machine/failure.ts';
import { isSmtpdRunning, smtpdComplaints } from '../machine/opensmtpd.ts';
import { askFilter, listening } from './ask-guard.ts';
import { faultAt } from './change-flow.ts';
import { lookAtSmtpd, type SmtpdOptions, type SmtpdScene } from './opensmtpd-scene.ts';
import { note, type Report, reportOf, type Step, trouble, waiting, well } from './report.ts';
import { probeEnvelope } from './smtp-probe.ts';

const blackHole = 'spillway-test@[127.0.0.2]';

export async function proveSmtpdGuard(options: SmtpdOptions): Promise<Report> {
  const { root } = options;
  const { steps, scene } = await lookAtSmtpd(options);
  const report = (next?: readonly string[]): Report => reportOf(steps, next);
  if (!scene) return report();
  const { installed, place, config } = scene;
  if (installed === null) {
    steps.push(trouble('guard', `${config} does not ask the guard yet`));
    return report(['spillway install opensmtpd']);
  }
  if ('kind' in installed) {
    steps.push(trouble('guard', faultAt(config, installed)));
    return report();
  }
  const problems = await smtpdComplaints(root, place, config);
  if (problems.length > 0) {
    steps.push(trouble('check', `${place.program} -n says:${few(problems)}`));
    return report();
  }
  const { filter } = { ...installed, ...options.settings };
  const atDoor = await askFilter(root, filter, 'sender', blackHole);
  const ofNotice = await askFilter(root, filter, 'notice', blackHole);
  steps.push(
    listening('filter', filter, atDoor, 'guard'),
    listening('filter', filter, ofNotice, 'guard, a notice'),
  );
  if (steps.some(({ outcome }) => outcome === 'waiting')) return report(['spillway run']);
  if (!(await isSmtpdRunning(root))) {
    steps.push(note('server', 'smtpd does not run; nobody knocked at its door'));
    return report([place.restart]);
  }
  if (root.folder !== '/') return report();
  const isRefused = atDoor.kind === 'answer' && atDoor.text.startsWith('reject|5');
  steps.push(...(await knock(scene, isRefused)));
  // Handed in anywhere else, or let pass, it would go round and round.
  const isEnded = ofNotice.kind === 'answer' && ofNotice.text.startsWith('reject|5');
  const isWell = steps.every(({ outcome }) => outcome !== 'trouble' && outcome !== 'waiting');
  if (isEnded && isWell) steps.push(await handIn(scene));
  else steps.push(note('notice by the socket', 'not tried, as it would not be ended'));
  return report(isWell ? [] : [place.restart]);
}

/** As a client of this machine. */
async function knock(scene: SmtpdScene, isRefused: boolean): Promise<Step[]> {
  const name = 'sender in a black hole';
  const { host, port } = doorOf(scene);
  const at = `at ${host} port ${port}`;
  if (!isRefused)
    return [trouble(name, 'the guard lets it pass: is the check "sender" off, or only watching?')];
  try {
    const refused = await probeEnvelope(port, blackHole, null, host);
    const taken = await probeEnvelope(port, '', null, host);
    if (/^53\d /.test(refused))
      return [note('door', `${at}: ${refused}; senders are asked about once they have logged in`)];
    return [
      /^5\d\d .*Sender domain/.test(refused)
        ? well(name, `${at}: ${refused}`)
        : trouble(name, `${at}: ${refused}; was smtpd started again?`),
      (taken.startsWith('2') ? well : trouble)('ordinary sender', `${at}: ${taken}`),
    ];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [waiting('door', `${at}: ${why}`)];
  }
}

/** By sendmail(8), which talks to the socket that smtpd hands its own notices to. */
async function handIn({ root }: SmtpdScene): Promise<Step> {
  const message = 'Subject: test of the guard\n\nThis goes nowhere.\n';
  const command = ['sendmail', '-f', '', blackHole];
  const { status, stdout, stderr } = await root.run('/', command, message);
  const said = `${stderr}\n${stdout}`.trim().split('\n').at(-1) ?? '';
  return status !== 0 && /\b5\d\d 5\./.test(said)
    ? well('notice by the socket', said)
    : trouble('notice by the socket', `${said || `status ${status}`}; was smtpd started again?`);
}

/** The first listener in clear at an address that is told, or on all; else port 25 of this machine. */
function doorOf({ text, fileOf }: SmtpdScene): { host: string; port: number } {
  const source = SmtpdSource.read(text, fileOf);
  const doors = 'kind' in source ? [] : source.statements.map(({ words }) => words);
  for (const words of doors) {
    const place = words[2]?.text ?? '';
    if (!isSign(words[0], 'listen') || words.some((word) => isSign(word, 'smtps'))) continue;
    const at = words.findIndex((word) => isSign(word, 'port'));
    const told = at < 0 ? 'smtp' : (words[at + 1]?.text ?? '');
    const port = told === 'smtp' ? 25 : told === 'submission' ? 587 : Number(told);
    const isHere = ['all', '0.0.0.0', 'localhost', 'lo', 'lo0'].includes(place);
    if ((isHere || isIP(place) === 4) && port > 0)
      return { host: isHere ? '127.0.0.1' : place, port };
  }
  return { host: '127.0.0.1', port: 25 };
}
