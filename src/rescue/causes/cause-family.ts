/**
 * Entries of one kind, reason and proposal, apart by domain where that matters.
 *
 * A flood may name as many domains as it has messages. So every domain has its number, and only the
 * largest have rankings of their own; the others share one.
 */
import type { EntryKind, Proposal } from '../../verdict/entry.ts';
import type { Reason } from '../../verdict/reasons.ts';
import type { JudgedEntry } from './cause.ts';
import { type EntryTexts, TextTallies, type TextTalliesState } from './entry-texts.ts';
import { mostTexts } from './ranking.ts';

/** More than become causes of their own, so that who is large late still gets in. */
const mostRanked = 120;
/** The first ones are the largest as a rule; of the others not so many texts are counted. */
const mostDetailed = 20;
const fewTexts = 500;

export interface FamilyKey {
  readonly kind: EntryKind;
  readonly reason: Reason;
  readonly proposal: Proposal;
}

/** A domain with rankings of its own. */
interface RankedDomain {
  readonly tallies: TextTallies;
  readonly steps: readonly string[];
}

export interface Group {
  readonly number: number;
  /** Null: no domain, or all domains of the family. */
  readonly domain: string | null;
  readonly count: number;
}

/** A family as plain data, for another thread. */
export interface FamilyState {
  readonly key: FamilyKey;
  readonly groups: readonly (Group & {
    readonly ranked: {
      readonly tallies: TextTalliesState;
      readonly steps: readonly string[];
    } | null;
  })[];
  readonly shared: TextTalliesState;
}

export class CauseFamily {
  readonly key: FamilyKey;
  /** Whether its domains are apart. */
  readonly isByDomain: boolean;
  private readonly nextGroup: () => number;
  private readonly numbers = new Map<string | null, number>();
  private readonly counts = new Map<number, number>();
  private readonly ranked = new Map<number, RankedDomain>();
  private readonly shared = new TextTallies();

  /** `nextGroup` gives numbers that no other family has. */
  constructor(key: FamilyKey, nextGroup: () => number) {
    this.key = key;
    this.isByDomain = areDomainsApart.has(key.kind);
    this.nextGroup = nextGroup;
  }

  /** The number of the group that the entry belongs to. */
  add({ domain: decisive, steps }: JudgedEntry, texts: EntryTexts): number {
    const domain = this.isByDomain ? decisive : null;
    const group = this.numberOf(domain);
    const count = (this.counts.get(group) ?? 0) + 1;
    this.counts.set(group, count);
    const own = this.ranked.get(group);
    if (own) own.tallies.add(texts);
    else if (domain !== null && this.makeRoomFor(count)) this.rank(group, count, steps).add(texts);
    else this.shared.add(texts, this.isByDomain ? null : decisive);
    return group;
  }

  get state(): FamilyState {
    const groups = this.groups().map((group) => {
      const own = this.ranked.get(group.number);
      const ranked = own ? { tallies: own.tallies.state, steps: own.steps } : null;
      return { ...group, ranked };
    });
    return { key: this.key, groups, shared: this.shared.state };
  }

  /** What another thread has gathered; gives our numbers of its groups to `onGroup`. */
  absorb({ groups, shared }: FamilyState, onGroup: (theirs: number, ours: number) => void): void {
    this.shared.addAll(shared);
    for (const { number, domain, count, ranked } of groups) {
      const group = this.numberOf(domain);
      onGroup(number, group);
      const before = this.counts.get(group) ?? 0;
      this.counts.set(group, before + count);
      const own = this.ranked.get(group)?.tallies;
      if (!ranked) own?.markIncomplete();
      else if (own) own.addAll(ranked.tallies);
      else if (this.ranked.size < mostRanked) {
        const tallies = this.rank(group, before + 1, ranked.steps);
        tallies.addAll(ranked.tallies);
      } else this.shared.addAll(ranked.tallies);
    }
  }

  groups(): readonly Group[] {
    return [...this.numbers].map(([domain, number]) => ({
      number,
      domain,
      count: this.counts.get(number) ?? 0,
    }));
  }

  stepsOf(group: number): readonly string[] {
    return this.ranked.get(group)?.steps ?? [];
  }

  talliesOf(group: number): TextTallies {
    const found = this.ranked.get(group)?.tallies;
    if (found) return found;
    const none = new TextTallies();
    none.markIncomplete();
    return none;
  }

  /** Of all domains but these. */
  talliesWithout(groups: ReadonlySet<number>): TextTallies {
    const tallies = new TextTallies();
    tallies.addAll(this.shared.state);
    for (const [group, own] of this.ranked)
      if (!groups.has(group)) tallies.addAll(own.tallies.state);
    return tallies;
  }

  private numberOf(domain: string | null): number {
    const known = this.numbers.get(domain);
    if (known !== undefined) return known;
    const number = this.nextGroup();
    this.numbers.set(domain, number);
    return number;
  }

  private rank(group: number, count: number, steps: readonly string[]): TextTallies {
    const tallies = new TextTallies(this.ranked.size < mostDetailed ? mostTexts : fewTexts);
    if (count > 1) {
      // The first ones are among the shared, and cannot be taken out again.
      tallies.markIncomplete();
      this.shared.markIncomplete();
    }
    this.ranked.set(group, { tallies, steps });
    return tallies;
  }

  /** Whether a domain of so many entries may have rankings: then the smallest one gives up its place. */
  private makeRoomFor(count: number): boolean {
    if (this.ranked.size < mostRanked) return true;
    // Looking for the smallest at every entry would be slow.
    if (count < 2 || (count & (count - 1)) !== 0) return false;
    let [smallest, least] = [-1, count / 2];
    for (const group of this.ranked.keys()) {
      const found = this.counts.get(group) ?? 0;
      if (found <= least) [smallest, least] = [group, found];
    }
    const given = this.ranked.get(smallest);
    if (!given) return false;
    this.shared.addAll(given.tallies.state);
    this.ranked.delete(smallest);
    return true;
  }
}

/** What the domain itself is at fault for; the rest waits for one thing or another. */
const areDomainsApart: ReadonlySet<EntryKind> = new Set(['lost-notice', 'lost-mail', 'stray-mail']);
