/**
 * Clients that have shown good mail for a while: no brake is ever for them.
 *
 * A name costs many recipients that exist, over time, and few that do not; whoever begins to try who
 * exists loses it. Memory is bounded: the ones that were not heard of for longest are forgotten.
 */
export interface StandingLimits {
  /** Recipients that existed, old ones counting less... */
  readonly good: number;
  /** ...over at least so long, ms... */
  readonly age: number;
  /** ...and the most unknown ones among all. */
  readonly share: number;
  /** ms in which counts fall by half. */
  readonly halfLife: number;
  readonly clients: number;
}

const day = 24 * 3_600_000;

export const defaultStandingLimits: StandingLimits = {
  good: 20,
  age: 3_600_000,
  share: 0.1,
  halfLife: 7 * day,
  clients: 20_000,
};

interface Standing {
  readonly since: number;
  good: number;
  unknown: number;
  at: number;
}

export class Standings {
  private readonly limits: StandingLimits;
  /** Those heard of last are last. */
  private readonly known = new Map<string, Standing>();

  constructor(limits: StandingLimits = defaultStandingLimits) {
    this.limits = limits;
  }

  /** A recipient of the client that exists, or does not. `now`: ms since 1970. */
  count(client: string, exists: boolean, now: number): void {
    const standing = this.known.get(client) ?? { since: now, good: 0, unknown: 0, at: now };
    const factor = 0.5 ** (Math.max(0, now - standing.at) / this.limits.halfLife);
    standing.good = standing.good * factor + (exists ? 1 : 0);
    standing.unknown = standing.unknown * factor + (exists ? 0 : 1);
    standing.at = now;
    this.known.delete(client);
    this.known.set(client, standing);
    if (this.known.size > this.limits.clients) this.forgetOldest();
  }

  isGood(client: string, now: number): boolean {
    const standing = this.known.get(client);
    if (!standing) return false;
    const { good, unknown, since } = standing;
    const { limits } = this;
    if (good < limits.good || now - since < limits.age) return false;
    return unknown <= limits.share * (good + unknown);
  }

  private forgetOldest(): void {
    for (const client of this.known.keys()) {
      this.known.delete(client);
      return;
    }
  }
}
