/**
 * Which entries are to be changed, and how: the proposals of the causes, as far as the admin chose them.
 */
import type { Cause } from './cause.ts';

export interface PlannedEntry {
  readonly id: string;
  /** Of the entry that was judged; another one under the same name is left alone. */
  readonly fingerprint: number;
  readonly action: 'purge' | 'hold';
  readonly cause: Cause;
}

/** What became of the plan. */
export interface Outcome {
  readonly removed: number;
  readonly held: number;
  /** Delivered or removed by others meanwhile. */
  readonly gone: number;
  /** Being delivered at the moment: for the next run. */
  readonly busy: number;
  /** Not what it was when it was judged any more: for the next run. */
  readonly changed: number;
  /** The first 100. */
  readonly problems: readonly { readonly id: string; readonly problem: string }[];
  readonly problemCount: number;
}
