/**
 * What a thread of a survey and the main thread say to each other.
 */
import type { CausesState } from './causes.ts';
import type { SoFar, UnreadableFiles } from './survey-share.ts';
import type { PathAnswer, PathQuestion } from './verdict-desk.ts';

export type FromThread =
  | { readonly kind: 'ask'; readonly question: PathQuestion }
  | { readonly kind: 'progress'; readonly soFar: SoFar }
  | { readonly kind: 'end'; readonly causes: CausesState; readonly unreadable: UnreadableFiles }
  /** A queue folder cannot be read. */
  | { readonly kind: 'failed'; readonly path: string; readonly why: string };

/** To a question, by its key. */
export interface ToThread {
  readonly key: string;
  readonly answer: PathAnswer;
}
