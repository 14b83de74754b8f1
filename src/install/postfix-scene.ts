/**
 * What there is before a change: a machine's Postfix, its main.cf, and the guard's lines in it.
 */
import { readFile } from 'node:fs/promises';
import type { BlockFault } from '../foreign/marked-block.ts';
import { guardIn } from '../foreign/postfix/guard-block.ts';
import type { PostfixGuardSettings } from '../foreign/postfix/guard-settings.ts';
import { findPostfixPlace, type PostfixPlace } from '../machine/postfix.ts';
import { outside, type Root } from '../machine/root.ts';
import type { InstallOptions } from './installation.ts';
import { type Step, trouble, well } from './report.ts';

export type PostfixOptions = InstallOptions<PostfixGuardSettings>;

export interface PostfixScene {
  readonly root: Root;
  readonly place: PostfixPlace;
  /** main.cf in latin1. */
  readonly text: string;
  readonly installed: PostfixGuardSettings | BlockFault | null;
}

/** The steps tell what was found, the scene is null where that is not enough. */
export async function lookAtPostfix(
  root: Root,
): Promise<{ steps: Step[]; scene: PostfixScene | null }> {
  const place = await findPostfixPlace(root);
  if (!place)
    return {
      steps: [trouble('program', 'there is no Postfix on this machine, or postconf does not run')],
      scene: null,
    };
  const { version, mainCf } = place;
  const steps = [well('program', `Postfix ${version}`)];
  if (Number.parseInt(version, 10) < 3)
    return {
      steps: [trouble('program', `Postfix ${version}: 3.0 or later is needed`)],
      scene: null,
    };
  const text = await readFile(await outside(root, mainCf), 'latin1');
  steps.push(well('configuration', mainCf));
  return { steps, scene: { root, place, text, installed: guardIn(text) } };
}
