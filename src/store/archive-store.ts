/**
 * What a rescue took out of a queue or held in it, kept whole: one file for each run, its receipt.
 *
 * An entry is written down before anybody touches it, and again with its files before it is removed, so
 * that a run that dies at any moment leaves nothing that no receipt knows of.
 */
import type { Mta } from '../foreign/queue-entry.ts';
import type { EntryKind, Proposal } from '../verdict/entry.ts';
import type { Reason } from '../verdict/reasons.ts';

/** Which queue it was, and what the admin asked for. */
export interface ArchivedRun {
  readonly mta: Mta;
  /** `Postfix 3.7.11` */
  readonly title: string;
  /** The queue folder as the admin calls it. */
  readonly queue: string;
  /** As they are called out here. */
  readonly folders: readonly string[];
  /** Folder that holds the root of the server's machine: `/` as a rule. */
  readonly root: string;
  /** ms since 1970. */
  readonly startedAt: number;
  /** As it was typed: `--apply`, `--where 'sender=<>'`. */
  readonly chosen: string;
}

export interface ArchivedCause {
  /** As the run showed it, unless several rounds gave the same number to different causes. */
  readonly number: number;
  readonly name: string;
  readonly kind: EntryKind;
  readonly reason: Reason;
  readonly proposal: Proposal;
  readonly domain: string | null;
  readonly steps: readonly string[];
}

/**
 * `seizing`: about to be seized, no files yet. `archived`: whole in here; whether it was removed was not
 * written down any more. `removed`. `gone`: archived, and found missing after its run had died: removed,
 * or delivered by the server. `left`: archived, but the server has it still. `holding`: about to be held.
 * `held`. `restoring`: about to be put back. `restored`. `released`: held no more.
 */
export const entryStates = [
  'seizing',
  'archived',
  'removed',
  'gone',
  'left',
  'holding',
  'held',
  'restoring',
  'restored',
  'released',
] as const;
export type StoredState = (typeof entryStates)[number];

export interface AnnouncedEntry {
  readonly id: string;
  /** Of a cause that was put in here. */
  readonly cause: number;
  /** By the server or its admin, before we came. */
  readonly wasHeld: boolean;
  readonly reversePath: string;
  /** At most the first 100 are kept. */
  readonly recipients: readonly string[];
  /** ms since 1970. */
  readonly arrivedAt: number;
  /** Octets of the message. */
  readonly size: number;
  readonly fingerprint: number;
}

export interface StoredEntry extends AnnouncedEntry {
  /** Grows with every entry; unique in one archive. */
  readonly number: number;
  readonly state: StoredState;
  readonly recipientCount: number;
  /** What it is called since it was put back. */
  readonly restoredAs: string | null;
  /** Why it could not be put back. */
  readonly problem: string | null;
}

/** `forgotten`: nothing was done to it after all. */
export interface StateChange {
  readonly number: number;
  readonly state: StoredState | 'forgotten';
  readonly restoredAs?: string | null;
  readonly problem?: string | null;
}

export interface FileFacts {
  /** Absolute, as it is called out here. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** ms since 1970. */
  readonly modifiedAt: number;
  readonly size: number;
}

export interface NewFile extends FileFacts {
  /** As many octets as `size` says; what it throws ends the entry, not the batch. */
  chunks(): Iterable<Uint8Array>;
}

export interface StoredFile extends FileFacts {
  /** Throws ArchiveReadError. */
  content(): AsyncIterable<Uint8Array>;
}

/** Entries whose files are written together: on disk when `commit` returns, or not at all. */
export interface ArchiveBatch extends Disposable {
  /** Throws ArchiveWriteError, or what reading the files throws: then the entry has no files in here. */
  add(number: number, wasHeld: boolean, files: readonly NewFile[]): void;
  commit(): void;
}

/** All calls are synchronous; whatever changes the archive is on disk when it returns, or throws ArchiveWriteError. */
export interface ArchiveStore extends Disposable {
  /** `2026-11-22.1` */
  readonly name: string;
  readonly path: string;
  readonly run: ArchivedRun;
  /** The number under which it is kept; it is kept once, by its name. */
  putCause(cause: ArchivedCause): number;
  causes(): readonly ArchivedCause[];
  /** In the order given. */
  announce(
    entries: readonly AnnouncedEntry[],
    state: 'seizing' | 'holding',
  ): readonly StoredEntry[];
  /** One at a time. */
  begin(): ArchiveBatch;
  settle(changes: readonly StateChange[]): void;
  /** In order of their numbers, in pages; all of them where no states are named. */
  entries(states?: readonly StoredState[]): Iterable<StoredEntry>;
  counts(): { readonly [state in StoredState]: number };
  /** Of an entry, in the order in which they may be put back. */
  filesOf(number: number): readonly StoredFile[];
}
