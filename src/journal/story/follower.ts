/**
 * Follows the messages of one mail server through its log, and tells what happened to each: from the
 * client over its recipients to the notices about it, and what became of those.
 *
 * What is kept is bounded. A name that comes again is a new message where its line of arrival says so, or where
 * sender and size are others.
 */
import type { ConnectionNumber, LogEvent } from '../../foreign/log-event.ts';
import { isLoopbackText } from '../../foreign/log-path.ts';
import type { Mta } from '../../foreign/queue-entry.ts';
import type { Observation } from '../../verdict/flood/observation.ts';
import { ConnectionTable } from './connection-table.ts';
import { DoubledRefusals } from './doubled-refusals.ts';
import { FailedSenders } from './failed-senders.ts';
import { Message, type RefusedLine } from './message.ts';
import { MessageTable } from './message-table.ts';
import { MessageTeller } from './message-teller.ts';
import { SessionTable } from './session-table.ts';
import { WaitingRoom } from './waiting-room.ts';

export interface FollowerLimits {
  /** Messages, and sessions, whose names are remembered, and messages that wait. */
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

export class Follower {
  private readonly teller: MessageTeller;
  private readonly limits: FollowerLimits;
  private readonly messages: MessageTable;
  private readonly sessions: SessionTable;
  /** Where the numbers of connections come again. */
  private readonly connections: ConnectionTable | null;
  /** Elsewhere another host may still have given the same one. */
  private readonly seed: number;
  /** Where no line ties a notice to what it is about. */
  private readonly failed: FailedSenders | null;
  private hasReturns = false;
  /** Where a server writes each refusal into two logs that may have become one. */
  private readonly doubled: DoubledRefusals | null;
  private readonly waiting: WaitingRoom;
  private readonly counting: WaitingRoom;
  private now = Number.NEGATIVE_INFINITY;

  /** `nextConnection`: as for ConnectionTable. */
  constructor(
    server: Mta | 'spillway',
    yieldObservation: (observation: Observation) => void,
    nextConnection: () => number,
    limits: FollowerLimits = followerLimits,
  ) {
    const teller = new MessageTeller(yieldObservation);
    this.teller = teller;
    this.limits = limits;
    this.messages = new MessageTable(limits.names, (message) => teller.tellAll(message));
    this.sessions = new SessionTable(limits.names);
    this.connections =
      server === 'postfix' ? new ConnectionTable(limits.names, nextConnection) : null;
    this.seed = nextConnection();
    this.waiting = new WaitingRoom(limits.patience, limits.names);
    this.counting = new WaitingRoom(limits.countingPatience, limits.names);
    this.failed = server === 'opensmtpd' ? new FailedSenders() : null;
    this.doubled = server === 'exim' ? new DoubledRefusals() : null;
  }

  take(at: number, event: LogEvent): void {
    if (at > this.now) {
      this.now = at;
      this.doubled?.clear();
      this.tellPatient(this.waiting);
      this.tellPatient(this.counting);
    }
    switch (event.kind) {
      case 'origin':
        this.takeOrigin(event);
        break;
      case 'session':
        this.sessions.begin(event.id, event.client, event.isInner);
        break;
      case 'connect':
        this.connections?.begin(event.connection);
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
        this.takeNotice(at, event.id, this.messages.notice(event.child));
        break;
      case 'attempt':
        this.takeAttempt(at, event);
        break;
      case 'end':
        this.sessions.end(event.id);
        this.messages.end(event.id);
        break;
    }
  }

  /** The log is at its end: what still waits is told. */
  end(): void {
    for (const message of this.messages.values()) {
      // Where the server talks to itself, the line that would say so may not have been written yet.
      const isReturn = this.hasReturns && message.client !== null && isLoopbackText(message.client);
      if (!isReturn || message.isNotice) this.teller.tellComing(message);
      this.teller.tellRefused(message);
    }
    this.messages.clear();
  }

  private tellPatient(room: WaitingRoom): void {
    for (let message = room.next(this.now); message; message = room.next(this.now))
      this.teller.tellAll(message);
  }

  private takeOrigin({ id, client, connection, before }: Event<'origin'>): void {
    const message = this.messages.renew(id);
    message.client = client;
    message.connection = this.connectionOf(connection, null, client);
    message.hasOrigin = true;
    const earlier = before === null ? undefined : this.messages.get(before);
    if (earlier) this.continue(earlier, message);
    else if (before !== null) message.isAgain = true;
  }

  private takeTaken(at: number, event: Event<'taken'>): void {
    const { id, client, session, reversePath, bytes, recipients, about } = event;
    let message = this.messages.get(id);
    // Postfix says it each time it takes it up; another size is another message.
    const isSame = message?.bytes === bytes && message.reversePath === reversePath;
    if (message?.isTaken && isSame && client === undefined) return;
    if (!message || message.isTaken) message = this.messages.renew(id);
    message.isTaken = true;
    message.bytes = bytes;
    message.recipients = recipients ?? 0;
    message.isCounted = recipients !== null;
    if (message.untold !== 'notice') message.at = at;
    if (client !== undefined || session !== null) {
      message.hasOrigin = true;
      message.client = client ?? this.sessions.clientOf(session);
      message.connection = this.connectionOf(event.connection, session, message.client);
    }
    if (!message.isNotice || message.isAgain) message.reversePath = reversePath;
    this.teller.tellRefused(message);
    if (recipients === 0) this.messages.drop(id);
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
    if (reversePath !== '' || !this.sessions.isOwn(session)) return;
    const client = this.failed?.take(forwardPath);
    if (client === undefined) return;
    message.client = client;
    message.aboutSender = forwardPath;
    message.isNotice = true;
    message.at = at;
    message.untold = 'notice';
  }

  private takeFate(at: number, event: Event<'fate'>): void {
    const { id, forwardPaths } = event;
    const message = this.messages.get(id) ?? new Message();
    const [first = null] = forwardPaths;
    message.forwardPath ??= first;
    if (message.isCounted) this.teller.tellComing(message);
    else if (event.outcome !== 'deferred') message.recipients += forwardPaths.length;
    this.teller.tellRefused(message);
    const way = this.followOn(message, event);
    if (way === 'inner') return;
    const outcome = way ?? event.outcome;
    const isSent = outcome === 'delivered' || outcome === 'returned';
    const bytes = isSent && this.isNewTransmission(message, event) ? message.bytes : 0;
    this.teller.tellFate(at, message, event, outcome, bytes);
    if (outcome === 'unknown' || outcome === 'failed' || outcome === 'expired')
      this.remember(message);
    message.hasFate = true;
  }

  /** How what was delivered goes on in this log under another name; null: it does not. */
  private followOn(message: Message, event: Event<'fate'>): 'inner' | 'returned' | null {
    const { child, session, peer } = event;
    if (child === null || event.outcome !== 'delivered') return null;
    const next = this.messages.get(child);
    if (!next || next === message) return null;
    const isInner = event.isInner || this.sessions.isInner(session);
    if (!isInner && !this.isOwn(next, peer)) return null;
    this.continue(message, next);
    if (isInner) return 'inner';
    this.hasReturns = true;
    if (message.bytes === 0) message.bytes = next.bytes;
    return 'returned';
  }

  private isNewTransmission(message: Message, { answer, nextHop, isMore }: Event<'fate'>): boolean {
    if (answer === null) return !isMore;
    const isSame = message.lastAnswer === answer && message.lastHop === nextHop;
    message.lastAnswer = answer;
    message.lastHop = nextHop;
    return !isSame;
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
    const { id, session, reversePath } = event;
    if (this.doubled?.isDouble(event)) return;
    const client = event.client ?? this.sessions.clientOf(session);
    const connection = this.connectionOf(event.connection, session, client);
    const line = { at, event, client, connection };
    const message = id === null ? undefined : this.messages.get(id);
    if (reversePath !== null || id === null) this.teller.tellAttempt(line, message, reversePath);
    else this.letWait(line, message ?? this.messages.renew(id));
  }

  /** No other has it, but by chance, whichever server's; null: not known, or none. */
  private connectionOf(
    named: ConnectionNumber | null,
    session: string | null,
    client: string | null,
  ): number | null {
    if (named === null || (session !== null && this.sessions.isOwn(session))) return null;
    return this.connections?.numberOf(named, client) ?? named ^ this.seed;
  }

  /** Another line of this message may tell its sender. */
  private letWait(line: RefusedLine, message: Message): void {
    message.refused ??= [];
    message.refused.push(line);
    if (message.refused.length === 1) this.enter(this.waiting, message);
    if (message.refused.length >= this.limits.refused) this.teller.tellRefused(message);
    if (message.at === 0) message.at = line.at;
  }

  /** Whether it came from the server itself, to which it was handed at that address. */
  private isOwn(next: Message, peer: string | null): boolean {
    const { client } = next;
    if (next.isAgain || client === null) return false;
    return isLoopbackText(client) || client === peer;
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
    const { reversePath, client, hasFailed } = message;
    message.hasFailed = true;
    if (reversePath && !hasFailed) this.failed?.add(reversePath, client);
  }

  private wait(message: Message, untold: 'received' | 'notice'): void {
    message.untold = untold;
    this.enter(message.isCounted ? this.waiting : this.counting, message);
  }

  private enter(room: WaitingRoom, message: Message): void {
    const tooMany = room.add(message);
    if (tooMany) this.teller.tellAll(tooMany);
  }
}
