/**
 * What a thread of a survey and the main thread say to each other.
 */
import type { CausesState } from '../causes/causes.ts';
import type { Parcel } from './parcels.ts';
import type { SoFar, UnreadableFiles } from './share.ts';
import type { PathAnswer, PathQuestion } from './verdict-desk.ts';

export type FromThread =
  /** For one more parcel. */
  | { readonly kind: 'take' }
  | { readonly kind: 'ask'; readonly question: PathQuestion }
  | { readonly kind: 'progress'; readonly soFar: SoFar }
  | { readonly kind: 'end'; readonly causes: CausesState; readonly unreadable: UnreadableFiles };

export type ToThread =
  /** Null: there are no more. */
  | { readonly kind: 'parcel'; readonly parcel: Parcel | null }
  /** To a question, by its key. */
  | { readonly kind: 'answer'; readonly key: string; readonly answer: PathAnswer };
