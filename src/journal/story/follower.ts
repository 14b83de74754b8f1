/**
 * Follows the messages of one mail server through its log, and tells what happened to each: from the
 * client over its recipients to the notices about it, and what became of those.
 *
 * What is kept is bounded: a table of messages by their names, of which the oldest go first. A name that
 * comes again is a new message where its line of arrival says so, or where sender and size are others.
 */
import type { LogEvent } from '../../foreign/log-event.ts';
import { isLoopbackText } from '../../foreign/log-path.ts';
import type { Mta } from '../../foreign/queue-entry.ts';
import type { Observation } from '../../verdict/flood/observation.ts';
import { Message } from './message.ts';
import { WaitingRoom } from './waiting-room.ts';

export interface FollowerLimits {
  /** Messages, and sessions, whose names are remembered. */
  readonly names: number;
  /** ms of the log that an arrival waits for the line that names a recipient... */
  readonly patience: number;
  /** ...and for the lines of all recipients, where only they tell how many there are. */
  readonly countingPatience: number;
  /** Refusals of one message that wait for their sender. */
  readonly refused: number;
}

export const followerLimits: FollowerLimits = {
  names: 100_000,
  patience: 10_000,
  countingPatience: 300_000,
  refused: 1000,
};

type Event<Kind extends LogEvent['kind']> = Extract<LogEvent, { kind: Kind }>;

interface Session {
  readonly client: string | null;
  readonly isInner: boolean;
}

/** Most messages that failed and await their notice, and of one sender. */
const mostFailed = 100_000;
const mostOfSender = 1000;
/** Most refusals of one second. */
const mostDoubled = 10_000;

export class Follower {
  private readonly yield: (observation: Observation) => void;
  private readonly limits: FollowerLimits;
  private messages = new Map<string, Message>();
  private readonly sessions = new Map<string, Session>();
  /** Addresses by which the server came back to itself. */
  private readonly own = new Set<string>();
  /** Sender -> clients of messages that failed, where no line ties a notice to what it is about. */
  private readonly failed: Map<string, (string | null)[]> | null;
  private failedCount = 0;
  private hasReturns = false;
  /** Refusals of this second, where a server writes each of them into two logs that may have become one. */
  private readonly doubled: Set<string> | null;
  private readonly waiting: WaitingRoom;
  private readonly counting: WaitingRoom;
  private now = Number.NEGATIVE_INFINITY;

  constructor(
    server: Mta | 'spillway',
    yieldObservation: (observation: Observation) => void,
    limits: FollowerLimits = followerLimits,
  ) {
    this.yield = yieldObservation;
    this.limits = limits;
    this.waiting = new WaitingRoom(limits.patience);
    this.counting = new WaitingRoom(limits.countingPatience);
    this.failed = server === 'opensmtpd' ? new Map() : null;
    this.doubled = server === 'exim' ? new Set() : null;
  }

  take(at: number, event: LogEvent): void {
    if (at > this.now) {
      this.now = at;
      this.doubled?.clear();
      for (const room of [this.waiting, this.counting])
        for (let message = room.next(at); message; message = room.next(at)) {
          this.tell(message);
          this.tellRefused(message);
        }
    }
    switch (event.kind) {
      case 'origin':
        this.takeOrigin(event);
        break;
      case 'session':
        this.takeSession(event);
        break;
      case 'taken':
        this.takeTaken(at, event);
        break;
      case 'envelope':
        this.takeEnvelope(at, event);
        break;
      case 'fate':
        this.takeFate(at, event);
        break;
      case 'notice':
        this.takeNotice(at, event.id, this.begin(event.child));
        break;
      case 'attempt':
        this.takeAttempt(at, event);
        break;
      case 'end':
        this.takeEnd(event.id);
        break;
    }
  }

  /** The log is at its end: what still waits is told. */
  end(): void {
    for (const message of this.messages.values()) {
      // Where the server talks to itself, the line that would say so may not have been written yet.
      const isReturn = this.hasReturns && message.client !== null && isLoopbackText(message.client);
      if (!isReturn || message.isNotice) this.tell(message);
      this.tellRefused(message);
    }
    this.messages.clear();
  }

  private takeOrigin({ id, client, before }: Event<'origin'>): void {
    const message = this.renew(id);
    message.client = client;
    message.hasOrigin = true;
    const earlier = before === null ? undefined : this.messages.get(before);
    if (earlier) this.continue(earlier, message);
    else if (before !== null) message.isAgain = true;
  }

  private takeSession({ id, client, isInner }: Event<'session'>): void {
    this.sessions.delete(id);
    this.sessions.set(id, { client, isInner });
    if (this.sessions.size <= this.limits.names) return;
    for (const oldest of this.sessions.keys()) {
      this.sessions.delete(oldest);
      break;
    }
  }

  private takeTaken(at: number, event: Event<'taken'>): void {
    const { id, client, session, reversePath, bytes, recipients, about } = event;
    let message = this.messages.get(id);
    if (message?.isTaken) {
      // Postfix says it each time it takes it up; another size is another message.
      if (message.bytes === bytes && message.reversePath === reversePath && client === undefined)
        return;
      message = this.renew(id);
    }
    message ??= this.renew(id);
    message.isTaken = true;
    message.bytes = bytes;
    message.recipients = recipients ?? 0;
    message.isCounted = recipients !== null;
    if (message.untold !== 'notice') message.at = at;
    if (client !== undefined || session !== null) {
      message.hasOrigin = true;
      message.client =
        client ?? (session === null ? null : (this.sessions.get(session)?.client ?? null));
    }
    if (!message.isNotice || message.isAgain) message.reversePath = reversePath;
    this.tellRefused(message);
    if (recipients === 0) this.messages.delete(id);
    else if (about !== null) this.takeNotice(at, about, message);
    else if (message.hasOrigin && !message.isNotice && !message.isAgain)
      this.wait(message, 'received');
  }

  private takeEnvelope(at: number, event: Event<'envelope'>): void {
    const { id, session, reversePath, forwardPath } = event;
    const message = this.messages.get(id);
    if (!message) return;
    message.forwardPath ??= forwardPath;
    if (message.reversePath !== null) return;
    message.reversePath = reversePath;
    const isOwn = reversePath === '' && this.sessions.get(session)?.client === null;
    const clients = isOwn ? this.failed?.get(forwardPath) : undefined;
    if (!clients) return;
    message.client = clients.shift() ?? null;
    this.failedCount--;
    if (clients.length === 0) this.failed?.delete(forwardPath);
    message.aboutSender = forwardPath;
    message.isNotice = true;
    message.at = at;
    message.untold = 'notice';
  }

  private takeFate(at: number, event: Event<'fate'>): void {
    const { id, forwardPaths, nextHop, peer, session, child } = event;
    const message = this.messages.get(id) ?? new Message();
    const [first = null] = forwardPaths;
    message.forwardPath ??= first;
    if (message.isCounted) this.tell(message);
    else if (event.outcome !== 'deferred') message.recipients += forwardPaths.length;
    this.tellRefused(message);
    let outcome = event.outcome;
    if (child !== null && outcome === 'delivered') {
      const isInner =
        event.isInner || (session !== null && this.sessions.get(session)?.isInner === true);
      const next = this.messages.get(child);
      if (next && next !== message && (isInner || this.isOwn(next, peer))) {
        this.continue(message, next);
        if (isInner) return;
        outcome = 'returned';
        this.hasReturns = true;
        if (message.bytes === 0) message.bytes = next.bytes;
      }
    }
    const isSent = outcome === 'delivered' || outcome === 'returned';
    let bytes = isSent && this.isNewTransmission(message, event) ? message.bytes : 0;
    for (const forwardPath of forwardPaths.length === 0 ? [null] : forwardPaths) {
      this.yield({
        kind: 'fate',
        at,
        client: clientOf(message),
        reversePath: message.reversePath,
        forwardPath,
        outcome,
        bytes,
        nextHop,
      });
      bytes = 0;
    }
    if (outcome === 'unknown' || outcome === 'failed' || outcome === 'expired')
      this.remember(message);
    message.hasFate = true;
  }

  private isNewTransmission(message: Message, { reply, nextHop, isMore }: Event<'fate'>): boolean {
    if (reply === null) return !isMore;
    const whole = `${nextHop} ${reply}`;
    if (message.lastReply === whole) return false;
    message.lastReply = whole;
    return true;
  }

  /** `message`: the notice about the message of that name. */
  private takeNotice(at: number, about: string, message: Message): void {
    const parent = this.messages.get(about);
    message.client = parent?.client ?? null;
    message.aboutSender = parent?.reversePath || null;
    message.forwardPath ??= message.aboutSender;
    message.reversePath = '';
    message.isNotice = true;
    message.at = at;
    this.wait(message, 'notice');
  }

  private takeAttempt(at: number, event: Event<'attempt'>): void {
    const { id, session } = event;
    if (this.doubled && this.isDouble(this.doubled, event)) return;
    if (event.reversePath === null && id !== null) {
      const message = this.messages.get(id) ?? this.renew(id);
      message.refused ??= [];
      message.refused.push({ at, event });
      if (message.refused.length === 1) this.waiting.add(message);
      if (message.refused.length >= this.limits.refused) this.tellRefused(message);
      if (message.at === 0) message.at = at;
      return;
    }
    const client =
      event.client ?? (session === null ? null : (this.sessions.get(session)?.client ?? null));
    this.yield({
      kind: 'attempt',
      at,
      client: client !== null && isLoopbackText(client) ? null : client,
      reversePath: event.reversePath,
      forwardPath: event.forwardPath,
      outcome: event.outcome,
    });
  }

  /** The main log and the reject log of Exim tell the same, and by syslog both are one. */
  private isDouble(doubled: Set<string>, event: Event<'attempt'>): boolean {
    const { client, reversePath, forwardPath } = event;
    const key = `${client} ${reversePath} ${forwardPath}`;
    if (doubled.delete(key)) return true;
    if (doubled.size < mostDoubled) doubled.add(key);
    return false;
  }

  private takeEnd(id: string): void {
    this.sessions.delete(id);
    const message = this.messages.get(id);
    if (!message) return;
    this.tell(message);
    this.tellRefused(message);
    this.messages.delete(id);
  }

  /** Whether it came from the server itself, to which it was handed at that address. */
  private isOwn(next: Message, peer: string | null): boolean {
    const { client } = next;
    if (next.isAgain || client === null) return false;
    if (isLoopbackText(client)) return true;
    if (client !== peer) return false;
    if (this.own.size < 100) this.own.add(client);
    return true;
  }

  /** The same mail under another name. */
  private continue(message: Message, next: Message): void {
    next.client = message.client;
    next.isNotice = message.isNotice;
    next.isAgain = true;
    next.untold = null;
  }

  /** A notice about it will come. */
  private remember(message: Message): void {
    const { failed } = this;
    const { reversePath, client, hasFailed } = message;
    message.hasFailed = true;
    if (!failed || !reversePath || hasFailed) return;
    if (this.failedCount >= mostFailed) {
      failed.clear();
      this.failedCount = 0;
    }
    let clients = failed.get(reversePath);
    if (!clients) {
      clients = [];
      failed.set(reversePath, clients);
    }
    if (clients.length >= mostOfSender) return;
    clients.push(client);
    this.failedCount++;
  }

  /** A new message of that name, whatever had it before. */
  private renew(id: string): Message {
    const before = this.messages.get(id);
    if (before) {
      this.tell(before);
      this.tellRefused(before);
      this.messages.delete(id);
    }
    const message = new Message();
    this.messages.set(id, message);
    if (this.messages.size > this.limits.names) this.forgetOldest();
    return message;
  }

  /** The message of that name, unless it is an earlier one. */
  private begin(id: string): Message {
    const known = this.messages.get(id);
    return known &&
      !known.hasOrigin &&
      known.untold === null &&
      !known.hasFate &&
      known.reversePath === ''
      ? known
      : this.renew(id);
  }

  private forgetOldest(): void {
    for (const [id, message] of this.messages) {
      this.tell(message);
      this.tellRefused(message);
      this.messages.delete(id);
      return;
    }
  }

  private wait(message: Message, untold: 'received' | 'notice'): void {
    message.untold = untold;
    (message.isCounted ? this.waiting : this.counting).add(message);
  }

  /** What came in, or that a notice was written: once. */
  private tell(message: Message): void {
    const { untold, at, bytes, forwardPath } = message;
    if (untold === null) return;
    const recipients = Math.max(1, message.recipients);
    message.untold = null;
    const client = clientOf(message);
    if (untold === 'received') {
      const { reversePath } = message;
      this.yield({ kind: 'received', at, client, reversePath, forwardPath, bytes, recipients });
    } else {
      const reversePath = message.aboutSender;
      this.yield({ kind: 'notice', at, client, reversePath, forwardPath, bytes });
    }
  }

  private tellRefused(message: Message): void {
    const { refused } = message;
    if (!refused) return;
    message.refused = null;
    for (const { at, event } of refused) {
      const client = event.client ?? message.client;
      this.yield({
        kind: 'attempt',
        at,
        client: client !== null && isLoopbackText(client) ? null : client,
        reversePath: message.reversePath,
        forwardPath: event.forwardPath,
        outcome: event.outcome,
      });
    }
  }
}

function clientOf({ client }: Message): string | null {
  return client !== null && isLoopbackText(client) ? null : client;
}
