/**
 * Postfix and its settings, as `spillway check` tells of them.
 */
import { foretellPostfix, noticeParameters } from '../../foreign/postfix/notices-foretold.ts';
import { unknownParameters } from '../../foreign/postfix/unknown-foretold.ts';
import {
  findPostfixPlace,
  isPostfixRunning,
  mailPortOf,
  type PostfixPlace,
  readPostconf,
} from '../../machine/postfix.ts';
import type { Root } from '../../machine/root.ts';
import { askMilter, askPolicy, askSmtp, askSocketmap } from '../ask-guard.ts';
import { faultAt } from '../change-flow.ts';
import { noticeCheckOf } from '../postfix-probe.ts';
import { installCommand, lookAtPostfix } from '../postfix-scene.ts';
import { type AskedDoor, readDoors } from './doors.ts';
import { findUnknown, openDoor } from './hosted.ts';
import { foretellByPostfix, hostedByPostfix } from './postfix-unknown.ts';
import { type GuardFound, muteServer, noGuard, type ServerCheck } from './server-check.ts';

/** Each instance that the default one knows of. */
export async function checkPostfix(root: Root): Promise<ServerCheck[]> {
  const first = await findPostfixPlace(root);
  if (!first) return [];
  if ('problem' in first) return [muteServer('postfix', 'Postfix', first.problem)];
  const checks = [await checkInstance(root, first)];
  for (const folder of first.others) {
    const place = await findPostfixPlace(root, folder);
    if (!place) continue;
    if ('problem' in place)
      checks.push(muteServer('postfix', `Postfix in ${folder}`, place.problem));
    else checks.push(await checkInstance(root, place));
  }
  return checks;
}

async function checkInstance(root: Root, place: PostfixPlace): Promise<ServerCheck> {
  const isRunning = await isPostfixRunning(root, place);
  const names = [...noticeParameters, ...unknownParameters];
  const { values } = await readPostconf(root, place.instance, ['-x', ...names]);
  const guard = await findGuard(root, place);
  const { domains, unlisted } = await hostedByPostfix(root, place, values);
  const port = isRunning ? await mailPortOf(root, place) : null;
  return {
    mta: 'postfix',
    title: `Postfix ${place.version}`,
    problem: null,
    isRunning,
    configuration: place.mainCf,
    install: `${installCommand(place)} --apply`,
    guard,
    notices: {
      loopback: foretellPostfix(values, 'loopback'),
      'null-mx': foretellPostfix(values, 'null-mx'),
    },
    unknown: await findUnknown(
      { domains: [...domains.keys()], unlisted },
      (addresses) => foretellByPostfix(root, place, values, domains, addresses),
      openDoor(root, typeof port === 'number' ? port : null, true),
    ),
  };
}

async function findGuard(root: Root, { configFolder }: PostfixPlace): Promise<GuardFound> {
  const { steps, scene } = await lookAtPostfix({ root, settings: {}, configFolder });
  if (!scene) return { ...noGuard, found: steps.map(({ found }) => found).slice(-1) };
  const { installed, place } = scene;
  if (installed === null) return noGuard;
  if ('kind' in installed)
    return {
      ...noGuard,
      state: 'faulty',
      found: [faultAt(place.mainCf, installed)],
    };
  const { hooks, milter, policy, socketmap, sink, onFailure } = installed;
  const doors: AskedDoor[] = [];
  if (hooks.includes('milter') || hooks.includes('notices'))
    doors.push(['milter', milter, await askMilter(root, milter)]);
  if (hooks.includes('policy')) doors.push(['policy', policy, await askPolicy(root, policy)]);
  if (hooks.includes('transport'))
    doors.push(['socketmap', socketmap, await askSocketmap(root, socketmap)]);
  if (hooks.includes('sink')) doors.push(['sink', sink, await askSmtp(root, sink)]);
  const { isAnswering, found } = readDoors(doors);
  const noticesBy = noticeCheckOf(hooks);
  return { ...noGuard, state: 'installed', noticesBy, onFailure, isAnswering, found };
}
