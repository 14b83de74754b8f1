/**
 * sendmail and its settings, as `spillway check` tells of them.
 */
import { foretellSendmail, readSendmailHabits } from '../../foreign/sendmail/notices-foretold.ts';
import { isHostedName, readClasses, readUnknown } from '../../foreign/sendmail/unknown-answers.ts';
import type { UnknownForetold } from '../../foreign/unknown-recipient.ts';
import { firstFile, type Root, readText } from '../../machine/root.ts';
import {
  cfPlaces,
  findSendmail,
  isDaemonRunning,
  meetSendmail,
  type SendmailProgram,
} from '../../machine/sendmail.ts';
import { askMilter, askSocketmap } from '../ask-guard.ts';
import { faultAt } from '../change-flow.ts';
import { lookAtSendmail } from '../sendmail-scene.ts';
import { readDoors } from './doors.ts';
import { findUnknown, openDoor } from './hosted.ts';
import { type GuardFound, muteServer, noGuard, type ServerCheck } from './server-check.ts';

/** None where there is none, or the program of that name is another server's. */
export async function checkSendmail(root: Root): Promise<ServerCheck[]> {
  const path = await findSendmail(root);
  const cf = await firstFile(root, cfPlaces);
  if (path === null || cf === null) return [];
  const met = await meetSendmail(root, path);
  if (met.kind === 'fault') return [];
  const program = met.value;
  const isRunning = await isDaemonRunning(root);
  const title = `sendmail ${program.version}`;
  const text = await readText(root, cf);
  if (typeof text !== 'string') return [muteServer('sendmail', title, text.problem)];
  const habits = readSendmailHabits(text);
  const guard = await findGuard(root);
  const check: ServerCheck = {
    mta: 'sendmail',
    title,
    problem: null,
    isRunning,
    configuration: cf,
    install: 'spillway install sendmail --apply',
    guard,
    notices: {
      loopback: foretellSendmail(habits, 'loopback'),
      'null-mx': foretellSendmail(habits, 'null-mx'),
    },
    unknown: await findUnknown(
      { domains: await hostedBy(root, program), unlisted: [] },
      (addresses) => foretellAll(root, program, addresses),
      openDoor(root, isRunning ? 25 : null, true),
    ),
  };
  return [check];
}

async function findGuard(root: Root): Promise<GuardFound> {
  const { steps, scene } = await lookAtSendmail({ root });
  const installed = scene?.installed ?? null;
  if (!scene) return { ...noGuard, found: steps.map(({ found }) => found).slice(-1) };
  if (installed === null) return noGuard;
  if ('kind' in installed)
    return {
      ...noGuard,
      state: 'faulty',
      found: [faultAt(scene.source, installed)],
    };
  const { socketmap, milter, onFailure } = installed;
  const doors = readDoors([
    ['socketmap', socketmap, await askSocketmap(root, socketmap)],
    ['milter', milter, await askMilter(root, milter)],
  ]);
  return { ...noGuard, state: 'installed', noticesBy: 'notice', onFailure, ...doors };
}

/** Members of the classes w and R: what it takes for its own, and what it relays for everybody. */
async function hostedBy(root: Root, { path }: SendmailProgram): Promise<string[]> {
  const { stdout } = await root.run('/', [path, '-bt'], '$=w\n$=R\n');
  return readClasses(stdout).flat().filter(isHostedName);
}

/** One after the other: each is two processes, which may wait for name servers. */
async function foretellAll(
  root: Root,
  program: SendmailProgram,
  addresses: readonly string[],
): Promise<UnknownForetold[]> {
  const answers: UnknownForetold[] = [];
  for (const address of addresses) answers.push(await foretell(root, program, address));
  return answers;
}

async function foretell(
  root: Root,
  { path }: SendmailProgram,
  address: string,
): Promise<UnknownForetold> {
  const question = `.D{client_addr}203.0.113.9\nBasic_check_rcpt <${address}>\n`;
  const [rules, verified] = await Promise.all([
    root.run('/', [path, ...patience, '-bt'], question),
    root.run('/', [path, ...patience, '-bv', address]),
  ]);
  const said = verified.stdout || verified.stderr;
  return readUnknown(rules.stdout, said, address.slice(0, address.indexOf('@')));
}

/** Its own patience with name servers is minutes. */
const patience = ['-OTimeout.resolver.retrans=1s', '-OTimeout.resolver.retry=1'];
