/**
 * The receipts of rescues in a data folder: `receipts/2026-11-22.1.receipt` is the first of its day.
 */
import { closeSync, fsyncSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { errorCode } from '../mail/error-code.ts';
import { ArchiveOpenError } from './archive-errors.ts';
import type { ArchivedRun, ArchiveStore } from './archive-store.ts';
import { type ArchivePlace, openArchive } from './sqlite-archive.ts';
import { type FileOptions, makeFolder } from './sqlite-file.ts';

const ending = '.receipt';
const names = /^(\d{4}-\d\d-\d\d)\.([1-9]\d{0,5})$/;

/**
 * A new one, of the day on which the run began, in local time. Where nothing was written into it, its
 * end takes the file away. Throws ArchiveOpenError.
 */
export function createReceipt(
  dataFolder: string,
  run: ArchivedRun,
  options: FileOptions = {},
): ArchiveStore {
  const place = takeName(join(dataFolder, 'receipts'), dayOf(run.startedAt));
  try {
    return removedIfEmpty(openArchive(place, run, options));
  } catch (error) {
    rmSync(place.path, { force: true });
    throw error;
  }
}

function removedIfEmpty(archive: ArchiveStore): ArchiveStore {
  return {
    ...archive,
    [Symbol.dispose]() {
      const isEmpty = Object.values(archive.counts()).every((count) => count === 0);
      archive[Symbol.dispose]();
      if (isEmpty) rmSync(archive.path, { force: true });
    },
  };
}

/** By its name, or by the path of its file. Throws ArchiveOpenError. */
export function openReceipt(dataFolder: string, nameOrPath: string): ArchiveStore {
  const place = names.test(nameOrPath)
    ? { name: nameOrPath, path: join(dataFolder, 'receipts', `${nameOrPath}${ending}`) }
    : { name: basename(nameOrPath, ending), path: resolve(nameOrPath) };
  try {
    if (!statSync(place.path).isFile()) throw new Error('it is no file');
  } catch (error) {
    const why = errorCode(error) === 'ENOENT' ? new Error('there is no such file') : error;
    throw new ArchiveOpenError(place.path, why);
  }
  return openArchive(place, null);
}

/** Names and paths, the oldest first. Throws what the system throws, but not where there are none. */
export function listReceipts(dataFolder: string): ArchivePlace[] {
  const folder = join(dataFolder, 'receipts');
  return filesIn(folder)
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length))
    .flatMap((name) => {
      const [, day, number] = names.exec(name) ?? [];
      return day === undefined ? [] : [{ name, day, number: Number(number) }];
    })
    .toSorted((a, b) => (a.day === b.day ? a.number - b.number : a.day < b.day ? -1 : 1))
    .map(({ name }) => ({ name, path: join(folder, `${name}${ending}`) }));
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Makes the folder (0700) and an empty file (0600) that was not there before. */
function takeName(folder: string, day: string): ArchivePlace {
  try {
    makeFolder(folder);
    for (let number = 1; ; number++) {
      const name = `${day}.${number}`;
      const path = join(folder, `${name}${ending}`);
      if (isNew(path)) return { name, path };
    }
  } catch (error) {
    throw new ArchiveOpenError(folder, error);
  }
}

function isNew(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
  return true;
}

function dayOf(at: number): string {
  const date = new Date(at);
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
