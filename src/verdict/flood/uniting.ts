/**
 * Which incidents a flood is one with that has just been seen: those that are part of it, one by the same
 * clients, and those of the same kind that are so many at once that they are one.
 */
import { Account } from './account.ts';
import { isAboutMany } from './incident.ts';
import { type Flood, isNarrow, isOfMany, relate } from './joining.ts';
import type { FloodLimits } from './limits.ts';
import { nobody } from './named.ts';
import type { OpenIncident } from './open-incident.ts';

export interface Union {
  /** What they are together. */
  readonly flood: Flood;
  /** In the order of `recent`. */
  readonly members: readonly OpenIncident[];
}

/** Clients of a flood whose other floods are looked for. */
const mostCompared = 32;

/** `recent`: the oldest first. The account of the newer flood becomes that of all. */
export function unite(newer: Flood, recent: readonly OpenIncident[], limits: FloodLimits): Union {
  const members = new Set(recent.filter((older) => relate(older, newer) === 'part'));
  addParts(newer.account, members);
  let flood = newer;
  const same = findByClientsOf(
    flood,
    recent.filter((older) => !members.has(older)),
  );
  if (same) {
    members.add(same);
    flood = together(same, flood);
  }
  const others = recent.filter((older) => !members.has(older));
  for (const like of likeThat(flood, others, limits)) {
    members.add(like);
    flood = together(like, flood);
  }
  return { flood, members: recent.filter((older) => members.has(older)) };
}

/** What of them the newer flood did not count as well. */
function addParts(account: Account, parts: Iterable<OpenIncident>): void {
  const counted = new Account('many');
  const apart = new Account('many');
  for (const part of parts) (isNarrow(part.cause) ? counted : apart).addAll(part.account);
  account.join(counted);
  account.addAll(apart);
}

/**
 * The first of them whose clients are most of those of the newer flood. A slow harvest has counted all who came to its
 * domain meanwhile: so another flood there always has its clients, and is none of it for that.
 */
export function findByClientsOf(
  newer: Flood,
  olderOnes: readonly OpenIncident[],
): OpenIncident | undefined {
  if (!isOfMany(newer)) return undefined;
  const clients = newer.account.topClients.top(mostCompared);
  const hashes = clients.map(({ named }) => named.hash);
  return olderOnes.find(
    (older) =>
      isOfMany(older) &&
      (older.cause !== 'slow-harvest' || newer.cause === 'slow-harvest') &&
      older.crowd.shareOf(hashes) >= 0.5,
  );
}

/** Floods that counted different things, as one: it is about what the older one was, or about many. */
export function together(older: Flood, newer: Flood): Flood {
  newer.account.addAll(older.account);
  const { cause } = older;
  const isSlow = cause === 'slow-harvest' && newer.cause === 'slow-harvest';
  return { cause, subject: isSlow ? nobody : older.subject, account: newer.account };
}

/**
 * Of several domains that are harvested slowly each may have been chosen by others. So many at the same time
 * are what the server is to everybody, and one thing to read about.
 */
export function likeThat<Other extends OpenIncident>(
  { cause }: Flood,
  recent: readonly Other[],
  { slowHarvest }: FloodLimits,
): Other[] {
  if (cause !== 'slow-harvest') return [];
  const likes = recent.filter(
    (one) => one.cause === cause && (one.isOpen || !isAboutMany(one.about)),
  );
  const isOne = likes.some(({ about }) => isAboutMany(about));
  return isOne || likes.length + 1 >= slowHarvest.sites ? likes : [];
}
