/**
 * The daemon of Exim: it keeps the ACLs that it read when it was started, or told to read them again.
 */
import { type EximProgram, eximOptionOf, isEximRunning } from '../machine/exim.ts';
import { isFile } from '../machine/root.ts';
import { quote } from '../mail/shell-word.ts';
import type { EximScene } from './exim-scene.ts';

const usualPidFile = '/var/run/exim.pid';

/** What to type. */
export async function reloadCommand({ root, program, layout }: EximScene): Promise<string> {
  if (layout.kind !== 'plain' && (await isFile(root, '/etc/init.d/exim4')))
    return 'service exim4 reload';
  const pidFile = (await eximOptionOf(program, 'pid_file_path')) ?? usualPidFile;
  return `kill -HUP "$(cat ${quote(pidFile)})"`;
}

export async function isDaemonRunning(program: EximProgram): Promise<boolean> {
  const spool = await eximOptionOf(program, 'spool_directory');
  return await isEximRunning(program, spool ?? '/var/spool/exim');
}
