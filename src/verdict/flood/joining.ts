/**
 * Whether one flood is part of another: seen apart first, because one is seen before the other.
 */
import { placeOf } from '../../mail/client-place.ts';
import type { Account } from './account.ts';
import { type IncidentCause, isWholeDomain } from './incident.ts';
import type { Named } from './named.ts';

export interface Flood {
  readonly cause: IncidentCause;
  readonly subject: Named;
  readonly account: Account;
}

/**
 * - part: the older one is part of the newer one, which counted most of it as well if it is narrow
 * - counted: all of the newer one was counted for the older one
 */
export type Relation = 'part' | 'counted';

/** Null: they have nothing to do with each other, but for their clients: see `isOfMany`. */
export function relate(older: Flood, newer: Flood): Relation | null {
  if (isExplained(older, newer)) return 'part';
  if (newer.cause !== 'harvest') return null;
  if (isExplained(newer, older)) return 'counted';
  const isPart =
    older.cause === 'harvest' && placeOf(older.subject.name).network === newer.subject.name;
  return isPart ? 'part' : null;
}

/** What an incident of these explains goes on to be counted for the sender: see `isExplained`. */
export function isNarrow(cause: IncidentCause): boolean {
  return cause === 'harvest' || cause === 'mail-loop';
}

/**
 * Floods by many clients: those by the same ones are one flood, whatever names they send in. Who harvests many
 * domains slowly is everybody, and not one crowd.
 */
export function isOfMany({ cause, subject }: Flood): boolean {
  return cause === 'forged-sender' || (cause === 'slow-harvest' && !subject.isEmpty);
}

/**
 * Whether most of the narrow flood belongs to the wide one. None does to a slow harvest: that goes on for weeks, and
 * with it would the brake of who harvested once.
 */
function isExplained({ cause, account, subject }: Flood, wide: Flood): boolean {
  if (wide.cause !== 'forged-sender') return false;
  // Of one name at the domain.
  if (cause === 'forged-sender')
    return isWholeDomain(wide.subject.name) && subject.name.endsWith(wide.subject.name);
  if (cause === 'harvest') return isMost(account.topSenders.countOf(wide.subject), account);
  return cause === 'mail-loop' && wide.subject.name.endsWith(`@${subject.name}`);
}

function isMost(count: number, account: Account): boolean {
  return count >= account.tried / 2;
}
