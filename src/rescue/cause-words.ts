/**
 * What a cause is, in sentences for an admin whose server is drowning.
 */
import type { Cause, Findings } from './cause.ts';

/** `now`: ms since 1970; times of that day are told without the date. */
export function describeCause(cause: Cause, now = Date.now()): readonly string[] {
  void now;
  return [cause.name];
}

/** Where the flood came from; nothing where nothing tells. */
export function describeSources(findings: Findings): readonly string[] {
  void findings;
  return [];
}
