/**
 * Opens the journal that a URL names: `sqlite:FOLDER`, with the file journal.sqlite in the folder.
 */
import { JournalOpenError, JournalReadError } from './errors.ts';
import type {
  IncidentQuery,
  JournalStore,
  ReceiptQuery,
  StoredIncident,
  StoredReceipt,
} from './journal-store.ts';
import { readPages } from './pages.ts';
import type { FileOptions } from './sqlite-file.ts';
import { openJournalFileForReading } from './sqlite-journal.ts';
import { explainPlace, mayPass, placeOf } from './store-place.ts';
import { threadedJournal } from './threaded-journal.ts';

export interface JournalReader extends AsyncDisposable {
  /** As JournalStore.read. Throws JournalReadError. */
  read(query: ReceiptQuery): AsyncIterable<StoredReceipt>;
  /** As JournalStore.incidents. Throws JournalReadError. */
  incidents(query: IncidentQuery): Promise<StoredIncident[]>;
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
      throw new JournalOpenError(explainPlace('journal', path, error, 'keep'), error);
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
      async incidents(query) {
        try {
          return file.incidents(query);
        } catch (error) {
          throw new JournalReadError(error);
        }
      },
      async [Symbol.asyncDispose]() {
        file[Symbol.dispose]();
      },
    };
    return { where, reader };
  } catch (error) {
    throw new JournalOpenError(explainPlace('journal', where, error, 'read'), error);
  }
}

/** Throws JournalOpenError. */
function journalPath(url: string): string {
  const place = placeOf(url, 'journal.sqlite');
  if ('problem' in place) throw new JournalOpenError(place.problem);
  return place.path;
}
