/**
 * What there is before a change: a machine's Exim, the files of its configuration, the guard's lines in
 * them, and what Exim itself makes of it all.
 */
import type { ConfigTexts } from '../foreign/exim/config-lines.ts';
import { guardsIn } from '../foreign/exim/guard-block.ts';
import type { EximGuard } from '../foreign/exim/guard-lines.ts';
import type { Hooks } from '../foreign/exim/guard-plan.ts';
import {
  type EximProgram,
  eximConfigFile,
  eximOptionOf,
  findEximProgram,
  meetExim,
} from '../machine/exim.ts';
import { type EximLayout, findEximLayout, readEximFiles } from '../machine/exim-config.ts';
import type { Root } from '../machine/root.ts';
import { faultAt } from './change-flow.ts';
import type { InstallOptions } from './installation.ts';
import { type Step, trouble, well } from './report.ts';

export interface EximOptions extends InstallOptions<EximGuard> {
  /** The configuration that the daemon is given by `-C`, if it is. */
  readonly config?: string;
}

export interface EximScene {
  readonly root: Root;
  readonly program: EximProgram;
  readonly layout: EximLayout;
  readonly texts: ConfigTexts;
  readonly hooks: Hooks;
  readonly installed: EximGuard | null;
}

const layoutWords = {
  plain: 'one file',
  single: 'Debian’s, from /etc/exim4/exim4.conf.template',
  split: 'Debian’s, from the files of /etc/exim4/conf.d',
} as const;

/** The steps tell what was found, the scene is null where that is not enough. */
export async function lookAtExim({
  root,
  config,
}: EximOptions): Promise<{ steps: Step[]; scene: EximScene | null }> {
  const none = (found: string) => ({ steps: [trouble('program', found)], scene: null });
  const plain = await findEximProgram(root);
  if (!plain) return none('there is no Exim on this machine');
  const program = config === undefined ? plain : withConfig(plain, config);
  const met = await meetExim(program);
  if ('problem' in met) return none(`Exim does not take its configuration: ${met.problem}`);
  const steps = [well('program', `Exim ${met.version}`)];
  const fail = (found: string) => ({
    steps: [...steps, trouble('configuration', found)],
    scene: null,
  });

  const configFile = config ?? (await eximConfigFile(program));
  if (typeof configFile !== 'string')
    return fail(`Exim does not tell where it is: ${configFile.problem}`);
  const layout = await findEximLayout(root, configFile);
  if (layout.kind === 'fault') return fail(layout.problem);
  const texts = await readEximFiles(root, layout.entries);
  const unreadable = layout.entries.find((path) => typeof texts.get(path) !== 'string');
  if (unreadable !== undefined) return fail(`${unreadable} cannot be read`);
  steps.push(well('configuration', `${configFile}, ${layoutWords[layout.kind]}`));

  let installed: EximGuard | null = null;
  for (const [path, text] of texts) {
    const guards = guardsIn(text ?? '');
    if ('kind' in guards) {
      steps.push(trouble('guard', faultAt(path, guards)));
      return { steps, scene: null };
    }
    installed ??= guards[0] ?? null;
  }
  const hooks = {
    mail: await eximOptionOf(program, 'acl_smtp_mail'),
    rcpt: await eximOptionOf(program, 'acl_smtp_rcpt'),
  };
  return { steps, scene: { root, program, layout, texts, hooks, installed } };
}

function withConfig(program: EximProgram, config: string): EximProgram {
  return { ...program, run: (args, input) => program.run(['-C', config, ...args], input) };
}
