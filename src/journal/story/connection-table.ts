/**
 * The connections of a server whose lines name them by numbers that come again, as pids do: each gets one that no other
 * has. So many are remembered, those that began first are forgotten first.
 */
import type { ConnectionNumber } from '../../foreign/log-event.ts';
import { forgetOldest } from '../../mail/forget-oldest.ts';

interface Connection {
  /** IP address; null: not told yet. */
  client: string | null;
  readonly number: number;
}

export class ConnectionTable {
  private readonly most: number;
  private readonly next: () => number;
  private readonly connections = new Map<ConnectionNumber, Connection>();

  /** `next`: a number that no other connection has, whichever server's. */
  constructor(most: number, next: () => number) {
    this.most = most;
    this.next = next;
  }

  begin(named: ConnectionNumber, client: string | null = null): Connection {
    const connection = { client, number: this.next() };
    this.connections.delete(named);
    this.connections.set(named, connection);
    if (this.connections.size > this.most) forgetOldest(this.connections, this.most);
    return connection;
  }

  /**
   * `client`: null where the line does not tell it. Of one the beginning may stand in no line; another client comes
   * over another one.
   */
  numberOf(named: ConnectionNumber, client: string | null): number {
    const known = this.connections.get(named);
    const isOther = known && client !== null && known.client !== null && known.client !== client;
    if (!known || isOther) return this.begin(named, client).number;
    known.client ??= client;
    return known.number;
  }
}
