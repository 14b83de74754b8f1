/**
 * Clients that have shown good mail for a while: no brake is ever for them. Domains likewise: they are never
 * called forged.
 *
 * A name costs many recipients that exist, over time, and few that do not; whoever begins to try who
 * exists loses it. Memory is bounded: of those that are good, and apart from them of all others, the ones
 * that were not heard of for longest are forgotten. So a flood of strangers takes nobody's good name.
 */
import { detached } from '../../mail/detached.ts';
import { forgetOldest } from '../../mail/forget-oldest.ts';

export interface StandingLimits {
  /** Recipients that existed, old ones counting less... */
  readonly good: number;
  /** ...over at least so long, ms... */
  readonly age: number;
  /** ...and the most unknown ones among all. */
  readonly share: number;
  /** ms in which counts fall by half. */
  readonly halfLife: number;
  /** Most that are good, and most others. */
  readonly clients: number;
}

const day = 24 * 3_600_000;

export const defaultStandingLimits: StandingLimits = {
  good: 20,
  age: 3_600_000,
  share: 0.1,
  halfLife: 7 * day,
  clients: 10_000,
};

/** Times in ms since 1970. */
export interface Standing {
  readonly client: string;
  readonly since: number;
  /** Recipients that exist and that do not, at the time when it was last heard of. */
  readonly good: number;
  readonly unknown: number;
  readonly at: number;
}

export class Standings {
  private readonly limits: StandingLimits;
  /** In either those heard of last are last. */
  private readonly proven = new Map<string, Standing>();
  private readonly others = new Map<string, Standing>();

  constructor(limits: StandingLimits = defaultStandingLimits) {
    this.limits = limits;
  }

  /** A recipient of the client that exists, or does not. `now`: ms since 1970. */
  count(client: string, exists: boolean, now: number): void {
    const before = this.find(client) ?? unheardOf(client, now);
    const passed = now - before.at;
    const factor = 0.5 ** (Math.max(0, passed) / this.limits.halfLife);
    this.put({
      client: before.client,
      // A clock that was set back makes nobody younger.
      since: before.since + Math.min(0, passed),
      good: before.good * factor + (exists ? 1 : 0),
      unknown: before.unknown * factor + (exists ? 0 : 1),
      at: now,
    });
  }

  isGood(client: string, now: number): boolean {
    const standing = this.find(client);
    return standing !== undefined && this.isGoodAt(standing, now);
  }

  /** Those that are good. */
  good(): Standing[] {
    return [...this.proven.values()];
  }

  /** Goes on with what another run told: before anything is counted. */
  resume(standings: Iterable<Standing>): void {
    for (const standing of standings) this.put(standing);
  }

  private find(client: string): Standing | undefined {
    return this.proven.get(client) ?? this.others.get(client);
  }

  private put(standing: Standing): void {
    const { client, at } = standing;
    this.proven.delete(client);
    this.others.delete(client);
    const known = this.isGoodAt(standing, at) ? this.proven : this.others;
    known.set(client, standing);
    forgetOldest(known, this.limits.clients);
  }

  private isGoodAt({ good, unknown, since, at }: Standing, now: number): boolean {
    const { limits } = this;
    if (good < limits.good || Math.max(now, at) - since < limits.age) return false;
    return unknown <= limits.share * (good + unknown);
  }
}

/** It may be part of a request, of which nothing else is to stay in memory. */
function unheardOf(client: string, now: number): Standing {
  return { client: detached(client), since: now, good: 0, unknown: 0, at: now };
}
