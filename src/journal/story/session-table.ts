/**
 * The sessions of one server, of which later lines name only the id. So many are remembered, the oldest are
 * forgotten first.
 */
import { forgetOldest } from '../../mail/forget-oldest.ts';

interface Session {
  readonly client: string | null;
  readonly isInner: boolean;
}

export class SessionTable {
  private readonly most: number;
  private readonly sessions = new Map<string, Session>();

  constructor(most: number) {
    this.most = most;
  }

  begin(id: string, client: string | null, isInner: boolean): void {
    this.sessions.delete(id);
    this.sessions.set(id, { client, isInner });
    if (this.sessions.size > this.most) forgetOldest(this.sessions, this.most);
  }

  end(id: string): void {
    this.sessions.delete(id);
  }

  /** IP address; null: it came from the server itself, or nothing is known of it. */
  clientOf(id: string | null): string | null {
    return id === null ? null : (this.sessions.get(id)?.client ?? null);
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
