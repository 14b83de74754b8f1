/**
 * Counts what becomes of a plan.
 */
import type { Missed } from '../mail-server.ts';
import type { Outcome } from './plan.ts';

const shownProblems = 100;

export interface OutcomeCounter {
  add(what: 'removed' | 'held' | 'gone' | 'busy' | 'changed', count?: number): void;
  problem(id: string, problem: string): void;
  missed(id: string, missed: Missed): void;
  readonly outcome: Outcome;
}

export function countOutcome(): OutcomeCounter {
  const counts = { removed: 0, held: 0, gone: 0, busy: 0, changed: 0 };
  const problems: { readonly id: string; readonly problem: string }[] = [];
  let problemCount = 0;
  const counter: OutcomeCounter = {
    add(what, count = 1) {
      counts[what] += count;
    },
    problem(id, problem) {
      problemCount++;
      if (problems.length < shownProblems) problems.push({ id, problem });
    },
    missed(id, missed) {
      if (typeof missed === 'string') counts[missed]++;
      else counter.problem(id, missed.problem);
    },
    get outcome() {
      return { ...counts, problems: [...problems], problemCount };
    },
  };
  return counter;
}
