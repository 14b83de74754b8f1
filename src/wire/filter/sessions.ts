/**
 * What smtpd has told of each SMTP session, as long as it lasts.
 */
import type { Client } from '../../mail/envelope.ts';
import { type FilterMessage, splitFields } from './messages.ts';

export interface FilterSession {
  readonly client: Client | null;
  /** See Circumstances; absent where its beginning was not heard, or it came over no connection. */
  readonly connection?: object;
  /** It came over the socket of the machine: `sendmail`, or smtpd's own notices. */
  readonly isLocal: boolean;
  /** Null before MAIL; '' is the null reverse-path. */
  readonly reversePath: string | null;
  /** smtpd's name for the message: the first half of its envelopes' names. */
  readonly queueId: string | null;
}

type Report = Extract<FilterMessage, { kind: 'report' }>;

const unknown: FilterSession = { client: null, isLocal: false, reversePath: null, queueId: null };
/** Longer than any address may be (RFC 5321 §4.5.3.1.3), so a cut one stays malformed. */
const pathLimit = 1000;

export class FilterSessions {
  private readonly sessions = new Map<string, FilterSession>();
  private readonly most: number;

  /** Of more than `most` sessions, the one that nothing was heard of for the longest time is forgotten. */
  constructor(most: number) {
    this.most = most;
  }

  get size(): number {
    return this.sessions.size;
  }

  /** One that nothing is known of may be an old one that was forgotten. */
  get(id: string): FilterSession {
    return this.sessions.get(id) ?? unknown;
  }

  hear({ event, session: id, rest }: Report): void {
    if (event === 'link-disconnect') {
      this.sessions.delete(id);
      return;
    }
    const next = advance(this.get(id), event, rest);
    this.sessions.delete(id);
    this.sessions.set(id, next);
    if (this.sessions.size <= this.most) return;
    const [oldest] = this.sessions.keys();
    if (oldest !== undefined) this.sessions.delete(oldest);
  }
}

function advance(session: FilterSession, event: string, rest: string): FilterSession {
  switch (event) {
    case 'link-connect': {
      const [name = '', , source = ''] = splitFields(rest, 4);
      const isLocal = source.startsWith('unix:') || source === 'local';
      if (isLocal) return { ...unknown, isLocal };
      return { ...unknown, client: clientOf(name, source), connection: {} };
    }
    case 'link-identify': {
      const [, helo = ''] = splitFields(rest, 2);
      const { client } = session;
      return client ? { ...session, client: { ...client, helo: textOf(helo) } } : session;
    }
    case 'tx-begin':
      return { ...session, reversePath: null, queueId: queueIdOf(rest) };
    case 'tx-mail': {
      const [queueId = '', result, path = ''] = splitFields(rest, 3);
      if (result !== 'ok') return session;
      return { ...session, reversePath: textOf(path), queueId: queueIdOf(queueId) };
    }
    case 'tx-reset':
    case 'tx-commit':
    case 'tx-rollback':
      return { ...session, reversePath: null, queueId: null };
    default:
      return session;
  }
}

/** `192.0.2.20:4711`, `[2001:db8::1]:4711`, or an IPv6 address without brackets. */
function clientOf(name: string, source: string): Client {
  const found = /^\[?([0-9a-fA-F.:]{2,45}?)\]?:\d{1,5}$/.exec(source);
  const known = name === '' || name.startsWith('<') ? null : textOf(name);
  return { address: found?.[1] ?? null, name: known, helo: null };
}

function queueIdOf(text: string): string | null {
  return /^[0-9a-f]{8}$/i.test(text) ? text : null;
}

/** Bytes, one per character, as the text that they are in UTF-8. */
export function textOf(bytes: string): string {
  return Buffer.from(bytes.slice(0, pathLimit), 'latin1').toString('utf8');
}
