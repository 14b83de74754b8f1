/**
 * The file that `spillway story --html` writes: never over something that is no such page, since the name of a log
 * is typed there easily.
 */
import { constants } from 'node:fs';
import { access, open, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { formatPage } from '../journal/story/page.ts';
import type { Story } from '../journal/story/tell.ts';
import { errorCode } from '../mail/error-code.ts';
import { errorText } from '../mail/error-text.ts';
import { printable } from '../mail/printable.ts';
import { CommandError, exit } from './exit.ts';

const beginOfPage = '<!doctype html>';

export function readPagePath(text: string): string {
  if (text !== '' && !text.startsWith('-')) return text;
  throw new InvalidArgumentError('Expected the name of a file to write, such as story.html.');
}

/** Before the logs are read, which may take minutes. Throws CommandError. */
export async function checkPage(path: string): Promise<void> {
  let begin: string | null;
  try {
    begin = await readBegin(path);
    if (begin === null) await access(dirname(path), constants.W_OK);
  } catch (error) {
    throw notWritten(path, errorText(error), error);
  }
  if (begin !== null && begin !== '' && begin.toLowerCase() !== beginOfPage)
    throw notWritten(path, 'there is a file of that name which is no page');
}

/** Throws CommandError. */
export async function writePage(path: string, story: Story): Promise<void> {
  try {
    await writeFile(path, formatPage(story));
  } catch (error) {
    throw notWritten(path, errorText(error), error);
  }
}

/** As many octets as tell a page; null: there is no such file. A pipe or a terminal is not asked. */
async function readBegin(path: string): Promise<string | null> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw new Error('it is a folder');
    if (!stats.isFile()) return '';
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(beginOfPage.length));
    return buffer.toString('latin1', 0, bytesRead);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

function notWritten(path: string, why: string, cause?: unknown): CommandError {
  return new CommandError(`${printable(path)} cannot be written: ${why}`, exit.usage, cause);
}
