/**
 * The queue of a mail server on disk, read without asking the server.
 *
 * A reader touches nothing, takes no lock and trusts nothing: files come, change and go while it works.
 */
import { hash } from 'node:crypto';
import type { Mta, QueueEntry } from '../foreign/queue-entry.ts';
import { errorText } from '../mail/error-text.ts';

/** Which folders hold a queue; plain data, so that threads can be told. */
export interface QueueSource {
  readonly mta: Mta;
  /** As they are called out here: all queue folders of sendmail, the one spool of the others. */
  readonly folders: readonly string[];
}

/** An entry by its control file. */
export interface EntryPlace {
  readonly id: string;
  /** The absolute path of the file that makes it an entry: qf, -H, Postfix's file, an envelope. */
  readonly path: string;
  /** The listing saw nothing beside it but its body: nobody needs to look. Left out where nobody knows. */
  readonly isAlone?: boolean;
}

/** A file of the queue that cannot be understood, or does not belong there. */
export interface Unreadable {
  readonly path: string;
  /** What was expected, what was found, and where in the file. */
  readonly problem: string;
}

export type Listed =
  | { readonly kind: 'entry'; readonly place: EntryPlace }
  | ({ readonly kind: 'unreadable' } & Unreadable);

export type PlaceRead =
  | { readonly kind: 'entry'; readonly entry: QueueEntry }
  | ({ readonly kind: 'unreadable' } & Unreadable)
  /** Gone by now, or not complete yet. */
  | { readonly kind: 'absent' };

/** All calls are synchronous: they run on threads of their own, where that is fastest. */
export interface QueueReader {
  /**
   * What looks like an entry, by names alone, and what has no business there. An entry that moves
   * meanwhile may be listed twice. Throws QueueFolderError where a queue folder itself cannot be read.
   */
  list(): Iterable<Listed>;
  read(place: EntryPlace): PlaceRead;
  /** Where the entry is now; null if it is gone. */
  find(id: string): EntryPlace | null;
  /** All its files, absolute, in the order in which they may be put back: what makes it count is last. */
  filesOf(place: EntryPlace): readonly string[];
}

export interface ReaderOptions {
  /**
   * Leaves out what stands in files of its own and makes no difference to a verdict: complaints, and when
   * an entry was tried last.
   */
  readonly brief?: boolean;
}

export class QueueFolderError extends Error {
  readonly code = 'QUEUE_FOLDER';
  readonly path: string;
  readonly why: string;
  constructor(path: string, cause: unknown) {
    const why = errorText(cause);
    super(`cannot read the queue folder ${path}: ${why}`, { cause });
    this.path = path;
    this.why = why;
  }
}

/**
 * Tells an entry from another one that got the same name later, as Postfix's do, and from itself with
 * other recipients. Whether it is held, and how often it was tried, make no difference.
 */
export function fingerprintOf({ id, arrivedAt, reversePath, recipients }: QueueEntry): number {
  const waiting = recipients.filter(({ isDone }) => !isDone).map(({ forwardPath }) => forwardPath);
  if (waiting.length > 1) waiting.sort();
  const text = [id, arrivedAt, reversePath, ...waiting].join('\0');
  // Six octets are what a number holds exactly.
  return Number.parseInt(hash('sha1', text, 'hex').slice(0, 12), 16);
}
