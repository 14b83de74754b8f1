/**
 * A mail server as the rescue meets it: where its queue is, where it would send, and its own means of
 * holding, removing and taking back.
 *
 * Nothing here decides what becomes of an entry; verdict/ does.
 */
import type { NextHop } from '../mail/envelope.ts';
import type { EntryPlace, QueueSource } from './reader.ts';

export interface MailServer {
  /** `Postfix 3.7.11`, for people. */
  readonly title: string;
  readonly source: QueueSource;
  /** Where its queue is as the admin calls it: the folder inside of its own root. */
  readonly queue: string;
  isRunning(): Promise<boolean>;
  /**
   * Where it would send mail for these addresses by its own tables. What it cannot tell is left out,
   * as everything is where its programs cannot be run. Never rejects.
   */
  nextHops(addresses: readonly string[]): Promise<ReadonlyMap<string, NextHop>>;
  /** Null: nobody may change this queue, and `whyNoHand` says why. */
  readonly hand: QueueHand | null;
  readonly whyNoHand: string | null;
}

/** A refusal of one entry, in words; `gone`: it is in the queue no more; `busy`: it is being delivered. */
export type Missed = 'gone' | 'busy' | { readonly problem: string };

/** Changes a queue by the server's own means, while the server runs or does not. Batches of some 100 entries. */
export interface QueueHand {
  /** Keeps the server from touching the entries until they are removed or let go. */
  seize(places: readonly EntryPlace[]): Promise<Seizure>;
  /** By the server's own hold, freeze or quarantine, for `reason`. What is held already is well. */
  hold(
    places: readonly EntryPlace[],
    reason: string,
  ): Promise<ReadonlyMap<string, Missed | 'held'>>;
  /** Takes hold() back, and what was left of a seizure whose process died. */
  release(ids: readonly string[]): Promise<ReadonlyMap<string, Missed | 'released'>>;
  /** Puts entries back so that the server delivers them as before; synced to disk when it resolves. */
  restore(entries: readonly ArchivedEntry[]): Promise<ReadonlyMap<string, Restored>>;
}

/** Leaving scope lets go of what was not removed: the server may deliver it again, as before. */
export interface Seizure extends AsyncDisposable {
  /** By id, with the place where each is now. Only these may be read, archived and removed. */
  readonly seized: ReadonlyMap<string, SeizedEntry>;
  readonly missed: ReadonlyMap<string, Missed>;
  /** Removes seized entries for good, by the server's own means. */
  remove(ids: readonly string[]): Promise<ReadonlyMap<string, Missed | 'removed'>>;
}

export interface SeizedEntry {
  readonly place: EntryPlace;
  /** Whether it was held before we seized it, so that undo leaves it as it was. */
  readonly wasHeld: boolean;
}

/** A file as it was. */
export interface ArchivedFile {
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** ms since 1970. */
  readonly modifiedAt: number;
  readonly size: number;
  content(): AsyncIterable<Uint8Array>;
}

export interface ArchivedEntry {
  readonly id: string;
  readonly wasHeld: boolean;
  /** In the order in which they may be put back. */
  readonly files: readonly ArchivedFile[];
}

export type Restored =
  /** `id`: its name now, which is another one where the server makes names of inodes. */
  | { readonly kind: 'restored'; readonly id: string }
  /** An entry of that name is in the queue already, or, where `id` is told, this very one under that name. */
  | { readonly kind: 'present'; readonly id?: string }
  | { readonly kind: 'fault'; readonly problem: string };
