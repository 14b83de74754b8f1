/**
 * Where a store lies that a URL names, and what to do where it cannot be kept there.
 */
import { join, resolve } from 'node:path';
import { errorCode } from '../mail/error-code.ts';
import { printable } from '../mail/printable.ts';
import { primaryCode, resultCodes } from './errors.ts';

/** The file of that name in the folder of `sqlite:FOLDER`; a text that says what is wrong. */
export function placeOf(url: string, file: string): { path: string } | { problem: string } {
  const [scheme = '', folder = ''] = divide(url);
  if (scheme === 'sqlite' && folder !== '' && !folder.includes('\0'))
    return { path: join(resolve(folder), file) };
  const found =
    scheme === 'sqlite' ? 'no folder behind sqlite:' : `something else (${shorten(scheme)})`;
  // Does not show the URL, which may hold a password.
  const problem = `The store needs sqlite:FOLDER, for example sqlite:/var/lib/spillway, and found ${found}: change [store] url`;
  return { problem };
}

function divide(url: string): string[] {
  const colon = url.indexOf(':');
  return colon < 0 ? [] : [url.slice(0, colon), url.slice(colon + 1)];
}

function shorten(scheme: string): string {
  return scheme === '' ? 'no scheme' : `${printable(scheme, 20)}:`;
}

/** Trouble that goes away without anybody touching the configuration. */
export function mayPass(error: unknown): boolean {
  const { busy, locked, io, full } = resultCodes;
  return (
    ['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE'].includes(errorCode(error) ?? '') ||
    [busy, locked, io, full].includes(primaryCode(error))
  );
}

/** Why the store could not be opened, and what to do. `what`: the journal or the queue. */
export function explainPlace(
  what: string,
  path: string,
  error: unknown,
  verb: 'keep' | 'read',
): string {
  const why = error instanceof Error ? error.message : String(error);
  return `Cannot ${verb} the ${what} in ${printable(path)}: ${printable(why)}. ${advice(error, verb)}`;
}

function advice(error: unknown, verb: 'keep' | 'read'): string {
  const code = errorCode(error);
  const primary = primaryCode(error);
  if (code === 'ENOTDIR' || code === 'EEXIST' || code === 'EISDIR') {
    return 'Something else is in the way: [store] url needs a folder, which Spillway makes itself';
  }
  if (primary === resultCodes.cantopen || (verb === 'read' && code === 'EACCES'))
    return 'Read it as the user that Spillway runs as, or as root';
  if (
    code === 'EACCES' ||
    code === 'EPERM' ||
    code === 'EROFS' ||
    primary === resultCodes.readonly
  ) {
    return `This program runs as user ${process.geteuid?.() ?? '?'}: give the folder to that user, or name another in [store] url`;
  }
  if (primary === resultCodes.corrupt || primary === resultCodes.notADatabase) {
    return 'Move the file away to keep it for later: Spillway starts a new one';
  }
  if (code === 'STORE_LOCKED')
    return 'Stop that server first, or name another folder in [store] url';
  if (code === 'STORE_SCHEMA') return 'Use that version, or name another folder in [store] url';
  return 'Name another folder in [store] url, or mend this one';
}
