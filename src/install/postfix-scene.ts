/**
 * What there is before a change: a machine's Postfix, its main.cf, and the guard's lines in it.
 */
import type { BlockFault } from '../foreign/marked-block.ts';
import { guardIn } from '../foreign/postfix/guard-block.ts';
import type { PostfixGuardSettings } from '../foreign/postfix/guard-settings.ts';
import { findPostfixPlace, type PostfixPlace } from '../machine/postfix.ts';
import { type Root, readText } from '../machine/root.ts';
import { quote } from '../mail/shell-word.ts';
import type { StoredReceipt } from '../store/journal-store.ts';
import type { InstallOptions } from './installation.ts';
import { note, type Step, trouble, well } from './report.ts';

/** The guard's receipts about a domain. Rejects where its journal cannot be read. */
export type ReceiptsAbout = (domain: string) => Promise<readonly StoredReceipt[]>;

export interface PostfixOptions extends InstallOptions<PostfixGuardSettings> {
  /** The instance; absent: the default one. */
  readonly configFolder?: string;
  /** Absent: the guard's journal is not to be read. */
  readonly receiptsAbout?: ReceiptsAbout;
}

export interface PostfixScene {
  readonly root: Root;
  readonly place: PostfixPlace;
  /** main.cf in latin1. */
  readonly text: string;
  readonly installed: PostfixGuardSettings | BlockFault | null;
}

/** The steps tell what was found, the scene is null where that is not enough. */
export async function lookAtPostfix({
  root,
  configFolder,
}: PostfixOptions): Promise<{ steps: Step[]; scene: PostfixScene | null }> {
  const place = await findPostfixPlace(root, configFolder);
  if (!place)
    return { steps: [trouble('program', 'there is no Postfix on this machine')], scene: null };
  if ('problem' in place) {
    const where = configFolder === undefined ? '' : `, or ${configFolder} is no instance of it`;
    return { steps: [trouble('program', `${place.problem}${where}`)], scene: null };
  }
  const { version, mainCf } = place;
  const steps = [well('program', `Postfix ${version}`)];
  if (Number.parseInt(version, 10) < 3)
    return {
      steps: [trouble('program', `Postfix ${version}: 3.0 or later is needed`)],
      scene: null,
    };
  const text = await readText(root, mainCf);
  if (typeof text !== 'string')
    return { steps: [...steps, trouble('configuration', text.problem)], scene: null };
  steps.push(well('configuration', mainCf));
  if (place.others.length > 0)
    steps.push(
      note(
        'instances',
        `there are others, each to be done by itself: ${place.others.map((other) => `--config-dir ${other}`).join(', ')}`,
      ),
    );
  return { steps, scene: { root, place, text, installed: guardIn(text) } };
}

export function installCommand({ instance }: PostfixPlace): string {
  const [, folder] = instance;
  return `spillway install postfix${folder === undefined ? '' : ` --config-dir ${quote(folder)}`}`;
}
