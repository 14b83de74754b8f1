/**
 * What checks that only watch would have done, grouped so that an operator dares to enforce them.
 *
 * Groups are kinds of verdicts: a check, what it would have done, and why. In each, domains, or clients
 * where there is no domain. Memory is bounded: beyond so many domains the smallest are only
 * counted together; one that comes again after that counts from then on.
 */
import type { Receipt } from '../verdict/verdict.ts';

export interface WouldPart {
  /** Domain or address of a client; null: neither was known. */
  readonly subject: string | null;
  readonly count: number;
  /** ms since 1970. */
  readonly from: number;
  readonly until: number;
  /** A few of the addresses: reverse-paths of the check `sender`, forward-paths of the others. */
  readonly samples: readonly string[];
}

export interface WouldGroup {
  readonly check: Receipt['check'];
  readonly action: Receipt['action'];
  readonly reason: Receipt['reason'];
  readonly count: number;
  readonly from: number;
  readonly until: number;
  /** The largest first. */
  readonly parts: readonly WouldPart[];
  /** Verdicts and domains or clients that are in no part. */
  readonly rest: { readonly count: number; readonly subjects: number | null };
}

export interface WouldLimits {
  /** Domains and clients told apart in all groups together. */
  readonly subjects: number;
  /** Parts of one group that are told. */
  readonly parts: number;
  readonly samples: number;
}

export const defaultWouldLimits: WouldLimits = { subjects: 20_000, parts: 10, samples: 3 };

export interface WouldTally {
  add(receipt: Receipt): void;
  /** The largest first. */
  groups(): WouldGroup[];
}

interface Part {
  subject: string | null;
  count: number;
  from: number;
  until: number;
  samples: string[];
}

interface Group extends Omit<Part, 'subject' | 'samples'> {
  readonly receipt: Receipt;
  readonly parts: Map<string | null, Part>;
  /** Verdicts of parts that had to make room. */
  untold: number;
}

export function createWouldTally(limits: WouldLimits = defaultWouldLimits): WouldTally {
  /** Keys come from closed lists, so there are few. */
  const groups = new Map<string, Group>();
  let subjects = 0;

  function groupOf(receipt: Receipt): Group {
    const key = `${receipt.check} ${receipt.action} ${receipt.reason}`;
    let group = groups.get(key);
    if (!group) {
      const { from, until } = receipt;
      group = { receipt, parts: new Map(), count: 0, from, until, untold: 0 };
      groups.set(key, group);
    }
    return group;
  }

  /** The smaller half is forgotten: what is large stays, whenever it comes. */
  function makeRoom(): void {
    const parts = [...groups.values()].flatMap((group) =>
      Array.from(group.parts.values(), (part) => ({ group, part })),
    );
    parts.sort((a, b) => b.part.count - a.part.count);
    for (const { group, part } of parts.slice(Math.floor(limits.subjects / 2))) {
      group.parts.delete(part.subject);
      group.untold += part.count;
      subjects -= 1;
    }
  }

  return {
    add(receipt) {
      const group = groupOf(receipt);
      extend(group, receipt);
      const subject = receipt.domain ?? receipt.client?.address ?? null;
      let part = group.parts.get(subject);
      if (!part) {
        if (subjects >= limits.subjects) makeRoom();
        subjects += 1;
        part = { subject, count: 0, from: receipt.from, until: receipt.until, samples: [] };
        group.parts.set(subject, part);
      }
      extend(part, receipt);
      const sample = receipt.check === 'sender' ? receipt.reversePath : receipt.forwardPath;
      if (sample === null || part.samples.length >= limits.samples) return;
      if (!part.samples.includes(sample)) part.samples.push(sample);
    },
    groups: () => [...groups.values()].map((group) => told(group, limits)).toSorted(byCount),
  };
}

function extend(sum: { count: number; from: number; until: number }, receipt: Receipt): void {
  sum.count += receipt.count;
  sum.from = Math.min(sum.from, receipt.from);
  sum.until = Math.max(sum.until, receipt.until);
}

function told({ receipt, parts, untold, count, from, until }: Group, limits: WouldLimits) {
  const sorted = [...parts.values()].toSorted(byCount);
  const shown = sorted.slice(0, limits.parts);
  const rest = {
    count: count - shown.reduce((sum, part) => sum + part.count, 0),
    // Nobody counts those that made room: they may have come again.
    subjects: untold > 0 ? null : sorted.length - shown.length,
  };
  const { check, action, reason } = receipt;
  return { check, action, reason, count, from, until, parts: shown, rest };
}

function byCount(a: { readonly count: number }, b: { readonly count: number }): number {
  return b.count - a.count;
}
