/**
 * What there is before a change: a machine's OpenSMTPD, its smtpd.conf, and the guard's lines in it.
 */
import type { BlockFault } from '../foreign/marked-block.ts';
import type { FileOf } from '../foreign/opensmtpd/config-tokens.ts';
import { guardIn } from '../foreign/opensmtpd/guard-block.ts';
import type { SmtpdGuardSettings } from '../foreign/opensmtpd/guard-lines.ts';
import { findSmtpd, type SmtpdPlace } from '../machine/opensmtpd.ts';
import { type Root, readText } from '../machine/root.ts';
import { readInside } from '../rescue/opensmtpd/routes.ts';
import type { InstallOptions } from './installation.ts';
import { type Step, trouble, well } from './report.ts';

export interface SmtpdOptions extends InstallOptions<SmtpdGuardSettings> {
  /** smtpd.conf; null: where it is on most machines. */
  readonly config: string | null;
  /** Where this very program is; smtpd is to start it. */
  readonly ownProgram: string;
}

export interface SmtpdScene {
  readonly root: Root;
  readonly place: SmtpdPlace;
  readonly config: string;
  /** smtpd.conf in latin1. */
  readonly text: string;
  readonly fileOf: FileOf;
  readonly installed: SmtpdGuardSettings | BlockFault | null;
}

/** The steps tell what was found, the scene is null where that is not enough. */
export async function lookAtSmtpd({
  root,
  config: named,
}: SmtpdOptions): Promise<{ steps: Step[]; scene: SmtpdScene | null }> {
  const nothing = (step: Step) => ({ steps: [step], scene: null });
  const place = await findSmtpd(root);
  if (!place) return nothing(trouble('program', 'there is no OpenSMTPD on this machine'));
  if ('problem' in place) return nothing(trouble('program', place.problem));
  const { version } = place;
  if (isTooOld(version))
    return nothing(
      trouble(
        'program',
        `OpenSMTPD ${version}: 6.7 or later is needed, as its filters were not there before, or spoke another language`,
      ),
    );
  const config = named ?? place.configFile;
  if (config === null)
    return nothing(trouble('configuration', 'no smtpd.conf is found; --config tells where it is'));
  const text = await readText(root, config);
  if (typeof text !== 'string') return nothing(trouble('configuration', text.problem));
  const steps = [well('program', `OpenSMTPD ${version}`), well('configuration', config)];
  const fileOf = (path: string) => readInside(root.folder, path);
  return { steps, scene: { root, place, config, text, fileOf, installed: guardIn(text) } };
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major < 6 || (major === 6 && minor < 7);
}
