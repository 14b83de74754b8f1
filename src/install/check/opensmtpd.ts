/**
 * OpenSMTPD and its settings, as `spillway check` tells of them.
 */
import { foretold } from '../../foreign/foretold.ts';
import { readSmtpdConfig } from '../../foreign/opensmtpd/config.ts';
import { foretellOpenSmtpd } from '../../foreign/opensmtpd/notices-foretold.ts';
import { hostedDomains } from '../../foreign/opensmtpd/unknown-foretold.ts';
import { unknownForetold } from '../../foreign/unknown-recipient.ts';
import { findSmtpd, isSmtpdRunning } from '../../machine/opensmtpd.ts';
import type { Root } from '../../machine/root.ts';
import { localNames } from '../../rescue/opensmtpd/server.ts';
import { askFilter } from '../ask-guard.ts';
import { faultAt } from '../change-flow.ts';
import { lookAtSmtpd, type SmtpdScene } from '../opensmtpd-scene.ts';
import { readDoors } from './doors.ts';
import { findUnknown, openDoor } from './hosted.ts';
import { type GuardFound, muteServer, noGuard, type ServerCheck } from './server-check.ts';

export async function checkOpenSmtpd(root: Root): Promise<ServerCheck[]> {
  const place = await findSmtpd(root);
  if (!place) return [];
  if ('problem' in place) return [muteServer('opensmtpd', 'OpenSMTPD', place.problem)];
  const { steps, scene } = await lookAtSmtpd({ root, settings: {}, config: null, ownProgram: '' });
  const isRunning = await isSmtpdRunning(root);
  const config = scene && readSmtpdConfig(scene.text, scene.fileOf);
  const unread = foretold('unknown', ['its smtpd.conf is not understood as a whole']);
  const guard = scene
    ? await findGuard(scene)
    : { ...noGuard, found: steps.map(({ found }) => found).slice(-1) };
  const hosted = config ? hostedDomains(config, [...(await localNames(root))]) : [];
  const byDomain = new Map(hosted.map(({ domain, foretold: told }) => [domain, told]));
  const check: ServerCheck = {
    mta: 'opensmtpd',
    title: `OpenSMTPD ${place.version}`,
    problem: null,
    isRunning,
    configuration: place.configFile,
    install: 'spillway install opensmtpd --apply',
    guard,
    notices: {
      loopback: config ? foretellOpenSmtpd(config, 'loopback') : unread,
      'null-mx': config ? foretellOpenSmtpd(config, 'null-mx') : unread,
    },
    unknown: await findUnknown(
      { domains: [...byDomain.keys()], unlisted: [] },
      async (addresses) =>
        addresses.map(
          (address) =>
            byDomain.get(address.slice(address.lastIndexOf('@') + 1)) ??
            unknownForetold('unclear', 'no rule names it'),
        ),
      openDoor(root, isRunning ? 25 : null, false),
    ),
  };
  return [check];
}

/** It is hooked into the internal listener as well, where smtpd hands in its own notices. */
async function findGuard({ root, config, installed }: SmtpdScene): Promise<GuardFound> {
  if (installed === null) return noGuard;
  if ('kind' in installed)
    return {
      ...noGuard,
      state: 'faulty',
      found: [faultAt(config, installed)],
    };
  const { filter, onFailure } = installed;
  // About nobody, so that no receipt is left.
  const asked = await askFilter(root, filter, 'sender', '');
  const doors = readDoors([['filter', filter, asked]]);
  return { ...noGuard, state: 'installed', noticesBy: 'notice', onFailure, ...doors };
}
