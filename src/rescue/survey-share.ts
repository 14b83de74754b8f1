/**
 * What the threads of a survey and its main thread say to each other.
 */
import type { Proposal } from '../verdict/entry.ts';
import type { CausesState } from './causes.ts';
import type { QueueSource, Unreadable } from './reader.ts';
import type { PathAnswer, PathQuestion } from './verdict-desk.ts';

/** The part of a thread. */
export interface SurveyShare {
  readonly source: QueueSource;
  /** It reads the entries whose id falls to `share` of `shares`. */
  readonly share: number;
  readonly shares: number;
  /** Which entries count, as for parseWhere; '' for all. */
  readonly where: string;
  /** For their age, ms since 1970. */
  readonly now: number;
}

/** A cause as far as it is known. */
export interface CauseSoFar {
  readonly name: string;
  readonly proposal: Proposal;
  readonly count: number;
}

export type FromThread =
  | { readonly kind: 'ask'; readonly question: PathQuestion }
  | { readonly kind: 'progress'; readonly read: number; readonly largest: readonly CauseSoFar[] }
  | {
      readonly kind: 'end';
      readonly read: number;
      readonly causes: CausesState;
      /** The first ones. */
      readonly unreadable: readonly Unreadable[];
      readonly unreadableCount: number;
    }
  /** A queue folder cannot be read. */
  | { readonly kind: 'failed'; readonly path: string; readonly why: string };

/** To a question, by its key. */
export interface ToThread {
  readonly key: string;
  readonly answer: PathAnswer;
}

export const mostUnreadable = 1000;
