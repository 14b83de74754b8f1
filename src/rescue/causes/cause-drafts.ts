/**
 * Which causes there are: the largest domains of a family for themselves, the others together; and how
 * they are called.
 */
import { proposals } from '../../verdict/entry.ts';
import { reasonWords } from '../../verdict/reasons.ts';
import type { Cause, Ranking } from './cause.ts';
import type { CauseFamily, FamilyKey, Group } from './cause-family.ts';
import type { EntryTable } from './entry-table.ts';
import type { Rankings } from './entry-texts.ts';
import { topOf } from './ranking.ts';

/** Domains of one kind and reason that are causes of their own; the others are taken together. */
const mostDomains = 20;
/** And only with one of so many entries of the queue, or more. */
const worthReading = 200;

/** A cause before its entries are gathered. */
export interface Draft {
  readonly key: FamilyKey;
  readonly domain: string | null;
  readonly steps: readonly string[];
  readonly rankings: () => Rankings;
  readonly ids: string[];
  readonly fingerprints: number[];
  bytes: number;
  oldest: number;
  newest: number;
  tries: number;
}

/** The largest domains for themselves, the rest together; `entries`: of the whole queue. */
export function draftsOf(
  family: CauseFamily,
  entries: number,
): { draft: Draft; members: Group[] }[] {
  const groups = family.groups();
  const own = new Set(largestOf(groups, entries));
  const rest = groups.filter((group) => !own.has(group));
  const [last] = rest;
  // A single one is no bunch.
  if (rest.length === 1 && last && last.domain !== null) own.add(rest.pop() ?? last);
  const drafts = [...own].map((group) => {
    const { number, domain } = group;
    const rankings = () => ({
      ...family.talliesOf(number).rankings(),
      domains: rankDomains([group]),
    });
    return {
      draft: draftCause(family.key, domain, family.stepsOf(number), rankings),
      members: [group],
    };
  });
  if (rest.length === 0) return drafts;
  const ownNumbers = new Set([...own].map(({ number }) => number));
  const joined = draftCause(family.key, null, [], () => {
    const rankings = family.talliesWithout(ownNumbers).rankings();
    return family.isByDomain ? { ...rankings, domains: rankDomains(rest) } : rankings;
  });
  return [...drafts, { draft: joined, members: rest }];
}

/** Those that an admin wants to read of one by one. */
function largestOf(groups: readonly Group[], entries: number): Group[] {
  return groups
    .filter(({ domain, count }) => domain !== null && count * worthReading >= entries)
    .sort(bySize)
    .slice(0, mostDomains);
}

function rankDomains(groups: readonly Group[]): Ranking {
  const counted = groups.flatMap(({ domain: text, count }) =>
    text === null ? [] : [{ text, count }],
  );
  return { distinct: counted.length, isExact: true, top: topOf(counted) };
}

function bySize(a: Group, b: Group): number {
  return b.count - a.count || compareText(a.domain ?? '', b.domain ?? '');
}

function draftCause(
  key: FamilyKey,
  domain: string | null,
  steps: readonly string[],
  rankings: () => Rankings,
): Draft {
  return {
    key,
    domain,
    steps,
    rankings,
    ids: [],
    fingerprints: [],
    bytes: 0,
    oldest: Number.POSITIVE_INFINITY,
    newest: Number.NEGATIVE_INFINITY,
    tries: -1,
  };
}

/** Gives each draft its entries; `draftOf`: by the number of a group. */
export function gather(table: EntryTable, drafts: readonly Draft[], draftOf: Uint32Array): void {
  const { ids, fingerprints, bytes, arrivals, tries, groups } = table;
  for (let at = 0; at < ids.length; at++) {
    const draft = drafts[draftOf[groups[at] ?? 0] ?? 0];
    const id = ids[at];
    if (!draft || id === undefined) continue;
    const arrivedAt = arrivals[at] ?? 0;
    draft.ids.push(id);
    draft.fingerprints.push(fingerprints[at] ?? 0);
    draft.bytes += bytes[at] ?? 0;
    draft.oldest = Math.min(draft.oldest, arrivedAt);
    draft.newest = Math.max(draft.newest, arrivedAt);
    draft.tries = Math.max(draft.tries, tries[at] ?? -1);
  }
}

/** The largest first. */
export function finish(drafts: readonly Draft[]): Cause[] {
  const names = new Map(drafts.map((draft) => [draft, nameOf(draft)]));
  const taken = new Set<string>();
  // Of two that would be called alike, the one that asks for more has the name.
  const byWeight = drafts.toSorted(
    (a, b) =>
      proposals.indexOf(a.key.proposal) - proposals.indexOf(b.key.proposal) ||
      b.ids.length - a.ids.length ||
      compareText(a.key.reason, b.key.reason),
  );
  for (const draft of byWeight) {
    const { reason, proposal } = draft.key;
    const name = names.get(draft) ?? '';
    const free = [name, `${name}:${reason}`, `${name}:${reason}:${proposal}`];
    const chosen = free.find((one) => !taken.has(one)) ?? name;
    taken.add(chosen);
    names.set(draft, chosen);
  }
  return drafts
    .map((draft) => ({ draft, name: names.get(draft) ?? '' }))
    .sort((a, b) => b.draft.ids.length - a.draft.ids.length || compareText(a.name, b.name))
    .map(({ draft, name }, at) => causeOf(draft, name, at + 1));
}

function causeOf(draft: Draft, name: string, number: number): Cause {
  const { key, domain, steps, rankings, ids, fingerprints, bytes, oldest, newest, tries } = draft;
  return {
    number,
    name,
    ...key,
    domain,
    steps,
    count: ids.length,
    bytes,
    oldest,
    newest,
    tries: tries < 0 ? null : tries,
    ...rankings(),
    ids,
    fingerprints,
  };
}

/** A domain that is called like a reason must not be taken for all domains. */
export function nameOf({ key: { kind, reason }, domain }: Draft): string {
  if (domain === null) return `${kind}:${reason}`;
  return Object.hasOwn(reasonWords, domain) ? `${kind}:${domain}:${reason}` : `${kind}:${domain}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
