/**
 * Opens the journal that a URL names: `sqlite:FOLDER`, with the file journal.sqlite in the folder.
 */
import { join, resolve } from 'node:path';
import { printable } from '../mail/printable.ts';
import { JournalOpenError, JournalReadError, primaryCode, resultCodes } from './errors.ts';
import type { JournalStore, ReceiptQuery, StoredReceipt } from './journal-store.ts';
import { readPages } from './pages.ts';
import { type FileOptions, openJournalFileForReading } from './sqlite-journal.ts';
import { threadedJournal } from './threaded-journal.ts';

export interface JournalReader extends AsyncDisposable {
  /** As JournalStore.read. Throws JournalReadError. */
  read(query: ReceiptQuery): AsyncIterable<StoredReceipt>;
}

export interface FoundJournal {
  /** The file, for messages. */
  readonly where: string;
  /** Null where nothing was ever recorded. */
  readonly reader: JournalReader | null;
}

/**
 * For writing and reading; makes the folder (mode 0700) and the file (0600) where they are missing.
 *
 * Throws JournalOpenError where no journal can ever be kept. A full or failing disk is no such
 * thing: the store opens all the same, its appends fail until there is room.
 */
export async function openJournalStore(
  url: string,
  options: FileOptions = {},
): Promise<JournalStore> {
  const path = journalPath(url);
  const store = threadedJournal({ path, maxBytes: options.maxBytes });
  try {
    await store.open();
  } catch (error) {
    if (!mayPass(error)) {
      await store[Symbol.asyncDispose]();
      throw new JournalOpenError(explain(path, error, 'keep'), error);
    }
  }
  return store;
}

/** For reading only, on the calling thread; makes nothing. Throws JournalOpenError. */
export async function openJournalForReading(url: string): Promise<FoundJournal> {
  const where = journalPath(url);
  try {
    const file = openJournalFileForReading(where);
    if (!file) return { where, reader: null };
    const reader: JournalReader = {
      read: (query) =>
        readPages(async (after, limit) => {
          try {
            return file.page(query, after, limit);
          } catch (error) {
            throw new JournalReadError(error);
          }
        }),
      async [Symbol.asyncDispose]() {
        file[Symbol.dispose]();
      },
    };
    return { where, reader };
  } catch (error) {
    throw new JournalOpenError(explain(where, error, 'read'), error);
  }
}

/** Throws JournalOpenError; does not show the URL, which may hold a password. */
function journalPath(url: string): string {
  const [scheme = '', folder = ''] = divide(url);
  if (scheme === 'sqlite' && folder !== '' && !folder.includes('\0')) {
    return join(resolve(folder), 'journal.sqlite');
  }
  const found =
    scheme === 'sqlite' ? 'no folder behind sqlite:' : `something else (${shorten(scheme)})`;
  throw new JournalOpenError(
    `The store needs sqlite:FOLDER, for example sqlite:/var/lib/spillway, and found ${found}: change [store] url`,
  );
}

function divide(url: string): string[] {
  const colon = url.indexOf(':');
  return colon < 0 ? [] : [url.slice(0, colon), url.slice(colon + 1)];
}

function shorten(scheme: string): string {
  return scheme === '' ? 'no scheme' : `${printable(scheme, 20)}:`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Trouble that goes away without anybody touching the configuration. */
function mayPass(error: unknown): boolean {
  const { busy, locked, io, full } = resultCodes;
  return (
    ['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE'].includes(codeOf(error)) ||
    [busy, locked, io, full].includes(primaryCode(error))
  );
}

function explain(path: string, error: unknown, verb: 'keep' | 'read'): string {
  const what = error instanceof Error ? error.message : String(error);
  return `Cannot ${verb} the journal in ${printable(path)}: ${printable(what)}. ${advice(error, verb)}`;
}

function advice(error: unknown, verb: 'keep' | 'read'): string {
  const code = codeOf(error);
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
  if (code === 'JOURNAL_SCHEMA') return 'Use that version, or name another folder in [store] url';
  return 'Name another folder in [store] url, or mend this one';
}
