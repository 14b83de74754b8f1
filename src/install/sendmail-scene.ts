/**
 * What there is before a change: a machine's sendmail, its configuration, and the guard's lines in it.
 */
import type { BlockFault } from '../foreign/marked-block.ts';
import { settingsInCf } from '../foreign/sendmail/cf.ts';
import type { GuardSettings } from '../foreign/sendmail/guard-settings.ts';
import { settingsInMc } from '../foreign/sendmail/mc.ts';
import { type Root, readText } from '../machine/root.ts';
import { findSendmail, meetSendmail, type SendmailProgram } from '../machine/sendmail.ts';
import type { InstallOptions } from './installation.ts';
import { type Step, trouble, well } from './report.ts';
import { findLayout, type Layout } from './sendmail-layout.ts';

export interface SendmailOptions extends InstallOptions<GuardSettings> {
  readonly mc?: string;
  readonly cf?: string;
}

/** A machine's sendmail and its configuration, as found. */
export interface SendmailScene {
  readonly root: Root;
  readonly program: SendmailProgram;
  readonly layout: Layout;
  /** Path of the file that is edited, and its text in latin1. */
  readonly source: string;
  readonly text: string;
  readonly cfText: string;
  /** Of the block that is there; null without one; a fault where it was changed by hand. */
  readonly installed: GuardSettings | BlockFault | null;
}

/** Looks at the machine; the steps tell what was found, the scene is null where that is not enough. */
export async function lookAtSendmail(
  options: Omit<SendmailOptions, 'settings'>,
): Promise<{ steps: Step[]; scene: SendmailScene | null }> {
  const { root } = options;
  const fail = (name: string, found: string) => ({ steps: [trouble(name, found)], scene: null });
  const path = await findSendmail(root);
  if (path === null) return fail('program', 'there is no sendmail on this machine');
  const met = await meetSendmail(root, path);
  if (met.kind === 'fault') return fail('program', met.problem);
  const program = met.value;
  const missing = ['SOCKETMAP', 'MILTER'].filter((feature) => !program.features.has(feature));
  if (missing.length > 0)
    return fail('program', `${path} ${program.version} was compiled without ${missing.join(', ')}`);

  const found = await findLayout(root, options);
  if (found.kind === 'fault') return fail('configuration', found.problem);
  const layout = found.value;
  const source = layout.kind === 'mc' ? layout.mc : layout.cf;
  const text = await readText(root, source);
  if (typeof text !== 'string') return fail('configuration', text.problem);
  const cfText = layout.kind === 'mc' ? await readText(root, layout.cf) : text;
  if (typeof cfText !== 'string') return fail('configuration', cfText.problem);
  const installed = layout.kind === 'mc' ? settingsInMc(text) : settingsInCf(text);
  const made = layout.kind === 'mc' ? `${layout.cf}, made of ${layout.mc}` : `${layout.cf} itself`;
  return {
    steps: [well('program', `${path} ${program.version}`), well('configuration', made)],
    scene: { root, program, layout, source, text, cfText, installed },
  };
}
