/**
 * Takes judged entries together to causes, the largest first.
 *
 * Nothing of an entry is kept but its id, its fingerprint and some numbers, and what is counted of its
 * texts is bounded, whatever a flood consists of.
 */
import { type EntryKind, type Proposal, proposals } from '../verdict/entry.ts';
import { reasonWords } from '../verdict/reasons.ts';
import type { Cause, Findings, JudgedEntry, Ranking } from './cause.ts';
import { CauseFamily, type FamilyKey, type FamilyState, type Group } from './cause-family.ts';
import { EntryTable, type TableState } from './entry-table.ts';
import { type Rankings, TextTallies, type TextTalliesState, textsOf } from './entry-texts.ts';
import { topOf } from './ranking.ts';
import { fingerprintOf } from './reader.ts';

export interface Causes {
  /** An entry that was added before, by its id, is the same one seen again. */
  add(judged: JudgedEntry): void;
  /** Of what was added so far. */
  findings(): Findings;
  /** The largest so far, at no cost: their names may be others in the end. */
  largest(most: number): readonly CauseSoFar[];
  /** The same as plain data, for another thread. */
  readonly state: CausesState;
  /** What another thread has gathered of other entries. */
  absorb(state: CausesState): void;
}

/** A cause as far as it is known. */
export interface CauseSoFar {
  readonly name: string;
  readonly proposal: Proposal;
  readonly count: number;
}

export interface CausesState {
  readonly table: TableState;
  readonly families: readonly FamilyState[];
  readonly flood: TextTalliesState;
}

/** Domains of one kind and reason that are causes of their own; the others are taken together. */
const mostDomains = 20;
/** And only with one of so many entries of the queue, or more. */
const worthReading = 200;

/** Of these it is told where they came from. */
const ofTheFlood: ReadonlySet<EntryKind> = new Set(['lost-notice', 'waiting-notice', 'lost-mail']);
const none: ReadonlySet<number> = new Set();

/** A cause before its entries are gathered. */
interface Draft {
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

export function createCauses(): Causes {
  const table = new EntryTable();
  const families = new Map<string, CauseFamily>();
  /** Notices that are counted with other mail. */
  const flood = new TextTallies();
  let groups = 0;

  function familyOf({ kind, reason, proposal }: FamilyKey): CauseFamily {
    const name = `${kind} ${reason} ${proposal}`;
    const known = families.get(name);
    if (known) return known;
    const family = new CauseFamily({ kind, reason, proposal }, () => groups++);
    families.set(name, family);
    return family;
  }

  function wholeFlood(): Rankings {
    const whole = new TextTallies();
    whole.addAll(flood.state);
    for (const family of families.values())
      if (ofTheFlood.has(family.key.kind)) whole.addAll(family.talliesWithout(none).state);
    return whole.rankings();
  }

  return {
    add(judged) {
      const { entry, verdict } = judged;
      if (table.has(entry.id)) return;
      const texts = textsOf(judged);
      if (entry.notice !== null && !ofTheFlood.has(verdict.kind)) flood.add(texts);
      table.add({
        id: entry.id,
        fingerprint: fingerprintOf(entry),
        bytes: entry.size,
        arrivedAt: entry.arrivedAt,
        tries: entry.tries,
        group: familyOf(verdict).add(judged, texts),
      });
    },
    get state() {
      const all = [...families.values()].map((family) => family.state);
      return { table: table.state, families: all, flood: flood.state };
    },
    absorb(state) {
      const ours = new Map<number, number>();
      for (const family of state.families)
        familyOf(family.key).absorb(family, (their, own) => ours.set(their, own));
      table.absorb(state.table, (their) => ours.get(their) ?? 0);
      flood.addAll(state.flood);
    },
    largest(most) {
      const all = [...families.values()].flatMap((family) =>
        draftsOf(family, table.size).map(({ draft, members }) => ({
          name: nameOf(draft),
          proposal: family.key.proposal,
          count: members.reduce((sum, { count }) => sum + count, 0),
        })),
      );
      return all.sort((a, b) => b.count - a.count).slice(0, most);
    },
    findings() {
      const drafts: Draft[] = [];
      const draftOf = new Uint32Array(groups);
      for (const family of families.values())
        for (const { draft, members } of draftsOf(family, table.size)) {
          for (const { number } of members) draftOf[number] = drafts.length;
          drafts.push(draft);
        }
      gather(table, drafts, draftOf);
      const { clients, senders, sites } = wholeFlood();
      return {
        causes: finish(drafts),
        entries: table.size,
        bytes: drafts.reduce((sum, { bytes }) => sum + bytes, 0),
        clients,
        senders,
        sites,
      };
    },
  };
}

/** The largest domains for themselves, the rest together; `entries`: of the whole queue. */
function draftsOf(family: CauseFamily, entries: number): { draft: Draft; members: Group[] }[] {
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

function gather(table: EntryTable, drafts: readonly Draft[], draftOf: Uint32Array): void {
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

function finish(drafts: readonly Draft[]): Cause[] {
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
function nameOf({ key: { kind, reason }, domain }: Draft): string {
  if (domain === null) return `${kind}:${reason}`;
  return Object.hasOwn(reasonWords, domain) ? `${kind}:${domain}:${reason}` : `${kind}:${domain}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
