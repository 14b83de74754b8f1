/**
 * Why a queue is full: entries that wait for the same reason, taken together.
 */
import type { QueueEntry } from '../../foreign/queue-entry.ts';
import type { EntryKind, EntryVerdict, Proposal } from '../../verdict/entry.ts';
import type { Reason } from '../../verdict/reasons.ts';
import type { EntryPlace } from '../reader.ts';

/** An entry with its verdict, on its way into a cause. */
export interface JudgedEntry {
  readonly place: EntryPlace;
  readonly entry: QueueEntry;
  readonly verdict: EntryVerdict;
  /** Of the recipient that decided; null where none did. */
  readonly domain: string | null;
  /** The way to the verdict on that recipient, in sentences; texts of strangers, unescaped. */
  readonly steps: readonly string[];
}

export interface Cause {
  /** From 1, the largest first. */
  readonly number: number;
  /** The same in every run: `lost-notice:seaton.biz`; `lost-notice:loopback` where domains are joined. */
  readonly name: string;
  readonly kind: EntryKind;
  readonly reason: Reason;
  readonly proposal: Proposal;
  /** Null: several domains, or none. */
  readonly domain: string | null;
  readonly steps: readonly string[];
  readonly count: number;
  /** Octets of the messages. */
  readonly bytes: number;
  /** Arrival, ms since 1970. */
  readonly oldest: number;
  readonly newest: number;
  /** Most tries of one entry; null where the server does not tell. */
  readonly tries: number | null;
  /** Of the recipients that decided. */
  readonly domains: Ranking;
  /** Forward-paths that wait. */
  readonly recipients: Ranking;
  /** Reverse-paths; for notices those of the reported messages. */
  readonly senders: Ranking;
  /** IP addresses that brought the messages, or those that the notices report. */
  readonly clients: Ranking;
  /** For notices: domains of the mailboxes that could not be reached, ours as a rule. */
  readonly sites: Ranking;
  /** Parallel to each other, in order of arrival in the scan. */
  readonly ids: readonly string[];
  readonly fingerprints: readonly number[];
}

/** What occurs most, of more than can be counted one by one. */
export interface Ranking {
  /** Different ones; at least so many where `isExact` is false. */
  readonly distinct: number;
  readonly isExact: boolean;
  /** The most frequent first, at most ten. */
  readonly top: readonly { readonly text: string; readonly count: number }[];
}

/** What a whole queue comes to. */
export interface Findings {
  readonly causes: readonly Cause[];
  readonly entries: number;
  readonly bytes: number;
  /** Over all notices and lost mail: where the flood came from. */
  readonly clients: Ranking;
  readonly senders: Ranking;
  readonly sites: Ranking;
}
