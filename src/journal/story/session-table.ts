/**
 * The connections of one server, of which later lines name only the id; it may come again for another one. So many are
 * remembered, the oldest are forgotten first.
 */
import { forgetOldest } from '../../mail/forget-oldest.ts';

interface Session {
  /** IP address; null: the server itself; undefined: not told yet. */
  client: string | null | undefined;
  readonly isInner: boolean;
  /** No other has it. */
  readonly connection: number;
}

export class SessionTable {
  private readonly most: number;
  private readonly nextConnection: () => number;
  private readonly sessions = new Map<string, Session>();

  /** `nextConnection`: a number that no other connection has, whichever server's. */
  constructor(most: number, nextConnection: () => number) {
    this.most = most;
    this.nextConnection = nextConnection;
  }

  begin(id: string, client: string | null | undefined, isInner: boolean): Session {
    const session = { client, isInner, connection: this.nextConnection() };
    this.sessions.delete(id);
    this.sessions.set(id, session);
    if (this.sessions.size > this.most) forgetOldest(this.sessions, this.most);
    return session;
  }

  end(id: string): void {
    this.sessions.delete(id);
  }

  /** IP address; null: it came from the server itself, or nothing is known of it. */
  clientOf(id: string | null): string | null {
    return id === null ? null : (this.sessions.get(id)?.client ?? null);
  }

  /**
   * Its number; null: it came over none. `client`: null where the line does not tell it. One whose beginning the log
   * does not tell is known from now on; another client comes over another connection.
   */
  connectionOf(id: string | null, client: string | null): number | null {
    if (id === null) return null;
    const known = this.sessions.get(id);
    if (!known || (known.client && client !== null && known.client !== client))
      return this.begin(id, client ?? undefined, false).connection;
    if (known.client === undefined && client !== null) known.client = client;
    return known.client === null ? null : known.connection;
  }

  /** Whether it is known, and came from the server itself. */
  isOwn(id: string): boolean {
    return this.sessions.get(id)?.client === null;
  }

  /** Whether it only led to a filter on this machine. */
  isInner(id: string | null): boolean {
    return id !== null && this.sessions.get(id)?.isInner === true;
  }
}
