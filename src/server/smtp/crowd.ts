/**
 * Who is connected, how each behaved of late, and what all of them hold in memory: what the limits on
 * clients are measured by. One for all SMTP listeners; it outlives a reload.
 *
 * A client is an IPv4 address or an IPv6 /64, which is what one customer has. Memory is bounded: who
 * is not connected and did nothing wrong is forgotten.
 */
import { placeOf } from '../../mail/client-place.ts';

interface Standing {
  connections: number;
  /** Start of the window that the counts are of, in ms since 1970. */
  since: number;
  unknown: number;
  failedLogins: number;
  greeted: number;
}

/** ms after which the counts of a client start anew. */
const window = 600_000;
/** Clients that are remembered though they are gone; the oldest make room. */
const maxRemembered = 50_000;

export class Crowd {
  /** Connections of all listeners. */
  connections = 0;
  /** Octets in memory of messages that are on their way in. */
  bytes = 0;
  private readonly standings = new Map<string, Standing>();

  enter(client: string, now: number): void {
    this.connections++;
    const standing = this.standingOf(client, now);
    standing.greeted++;
    standing.connections++;
  }

  leave(client: string): void {
    this.connections--;
    const standing = this.standings.get(client);
    if (!standing) return;
    standing.connections--;
    if (standing.connections > 0) return;
    if (standing.unknown === 0 && standing.failedLogins === 0 && standing.greeted < 10)
      this.standings.delete(client);
  }

  connectionsOf(client: string): number {
    return this.standings.get(client)?.connections ?? 0;
  }

  /** Connections of a client within the window. */
  arrivals(client: string): number {
    return this.standings.get(client)?.greeted ?? 0;
  }

  /** A recipient that does not exist; gives their number within the window. */
  addUnknown(client: string, now: number): number {
    return ++this.standingOf(client, now).unknown;
  }

  addFailedLogin(client: string, now: number): number {
    return ++this.standingOf(client, now).failedLogins;
  }

  failedLogins(client: string, now: number): number {
    return this.standings.has(client) ? this.standingOf(client, now).failedLogins : 0;
  }

  private standingOf(client: string, now: number): Standing {
    const known = this.standings.get(client);
    if (known) {
      if (now - known.since >= window)
        Object.assign(known, { since: now, unknown: 0, failedLogins: 0, greeted: 0 });
      return known;
    }
    if (this.standings.size >= maxRemembered) this.forgetSome();
    const standing = { connections: 0, since: now, unknown: 0, failedLogins: 0, greeted: 0 };
    this.standings.set(client, standing);
    return standing;
  }

  /** Oldest first, as the map holds them; who is connected stays. */
  private forgetSome(): void {
    let left = maxRemembered / 10;
    for (const [client, { connections }] of this.standings) {
      if (connections === 0) this.standings.delete(client);
      if (--left <= 0) break;
    }
  }
}

/** By what a client is known: its IPv4 address, its IPv6 /64, or `local` for a unix socket. */
export function clientKey(address: string | null): string {
  return address === null ? 'local' : placeOf(address).client;
}
