/**
 * What a filter that comes late has to be told, so that it knows the sessions that are under way.
 */
import type { FilterMessage } from './messages.ts';

type Heard = Extract<FilterMessage, { kind: 'config' | 'report' }>;

/** Lines of one session: by event, in the order in which they came. */
type Events = Map<string, string>;

const mostConfig = 50;
const longest = 4096;
const ofTransaction = ['tx-begin', 'tx-mail'];

export class Retelling {
  private readonly config: string[] = [];
  private readonly sessions = new Map<string, Events>();
  private readonly most: number;

  /** Of more than `most` sessions, the oldest is forgotten. */
  constructor(most: number) {
    this.most = most;
  }

  get size(): number {
    return this.sessions.size;
  }

  hear(message: Heard, line: string): void {
    if (line.length > longest) return;
    if (message.kind === 'config') {
      if (this.config.length < mostConfig) this.config.push(line);
      return;
    }
    const { event, session } = message;
    const events = this.sessions.get(session);
    switch (event) {
      case 'link-disconnect':
        this.sessions.delete(session);
        break;
      case 'link-connect':
        this.sessions.set(session, new Map([[event, line]]));
        this.forgetOldest();
        break;
      case 'tx-reset':
      case 'tx-commit':
      case 'tx-rollback':
        for (const gone of ofTransaction) events?.delete(gone);
        break;
      default:
        events?.set(event, line);
    }
  }

  *lines(): Generator<string> {
    yield* this.config;
    for (const events of this.sessions.values()) yield* events.values();
  }

  private forgetOldest(): void {
    if (this.sessions.size <= this.most) return;
    const [oldest] = this.sessions.keys();
    if (oldest !== undefined) this.sessions.delete(oldest);
  }
}
