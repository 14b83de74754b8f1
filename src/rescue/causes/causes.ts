/**
 * Takes judged entries together to causes, the largest first.
 *
 * Nothing of an entry is kept but its id, its fingerprint and some numbers, and what is counted of its
 * texts is bounded, whatever a flood consists of.
 */
import type { EntryKind, Proposal } from '../../verdict/entry.ts';
import { fingerprintOf } from '../reader.ts';
import type { Findings, JudgedEntry } from './cause.ts';
import { type Draft, draftsOf, finish, gather, nameOf } from './cause-drafts.ts';
import { CauseFamily, type FamilyKey, type FamilyState } from './cause-family.ts';
import { EntryTable, type TableState } from './entry-table.ts';
import { type Rankings, TextTallies, type TextTalliesState, textsOf } from './entry-texts.ts';

export interface Causes {
  /** Each entry once. */
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

/** Of these it is told where they came from. */
const ofTheFlood: ReadonlySet<EntryKind> = new Set(['lost-notice', 'waiting-notice', 'lost-mail']);
const none: ReadonlySet<number> = new Set();

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
