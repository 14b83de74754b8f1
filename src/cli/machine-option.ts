/**
 * `--root`: the machine that a command is about, this one or a folder that holds the root of another.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { openRoot, type Root } from '../machine/root.ts';
import { errorCode } from '../mail/error-code.ts';
import { errorText } from '../mail/error-text.ts';
import { printable } from '../mail/printable.ts';
import { CommandError } from './exit.ts';

/** Throws CommandError where the folder is none: a mistyped one would look like a machine without a mail server. */
export function openMachine(told: string | undefined): Root {
  const folder = resolve(told ?? '/');
  const fault = (found: string) =>
    new CommandError(`--root: expected a folder at ${printable(folder)}, found ${found}`);
  if (told === '') throw new CommandError('--root: expected a folder, found an empty name');
  let isFolder: boolean;
  try {
    isFolder = statSync(folder).isDirectory();
  } catch (error) {
    throw fault(errorCode(error) === 'ENOENT' ? 'nothing' : printable(errorText(error)));
  }
  if (!isFolder) throw fault('something else');
  return openRoot(folder);
}
