/**
 * The connections that one shipment may use, one after the other: those that wait, then new ones to
 * each address in turn, until there is no more.
 */
import type { Reply } from '../mail/reply.ts';
import type { PeerFacts } from '../verdict/loop-facts.ts';
import type { Reason } from '../verdict/reasons.ts';
import { clientWords } from '../wire/smtp/client-words.ts';
import { formatDoor } from './connect.ts';
import type { FailureMemory } from './connect-memory.ts';
import { orderTargets, type Target } from './connect-order.ts';
import type { ConnectionPool } from './connection-pool.ts';
import type { SmtpConnection } from './smtp-connection.ts';
import type { SmtpHop } from './smtp-hop.ts';
import type { OpenConnection } from './smtp-opener.ts';
import { ourselves, type PeerJudge } from './smtp-peer.ts';
import type { Shipment } from './transport.ts';

export interface LineParts {
  readonly pool: ConnectionPool<SmtpConnection>;
  readonly open: OpenConnection;
  readonly peers: PeerJudge;
  /** Servers that did not answer lately, by formatDoor. */
  readonly away: FailureMemory;
  readonly random: () => number;
  /** Messages on one connection. */
  readonly maxMessages: number;
}

export type Line =
  | { readonly kind: 'open'; readonly connection: SmtpConnection }
  /** There is no (other) way. `isDown`: the servers are in trouble, and not only this message. */
  | {
      readonly kind: 'nowhere';
      readonly outcome: 'failed' | 'deferred';
      readonly reply: Reply;
      readonly reason: Reason | null;
      readonly isDown: boolean;
    };

type Nowhere = Extract<Line, { kind: 'nowhere' }>;

export class SmtpLines {
  /** Who answered last. */
  peer: string | null = null;
  private readonly hop: SmtpHop;
  private readonly parts: LineParts;
  private readonly shipment: Shipment | null;
  private targets: Target[];
  private current: Target | null = null;
  private mayReuse = true;
  /** The last trouble that may pass, and whether all servers so far turned us away for good. */
  private passing: Nowhere | null = null;
  private final: Nowhere | null = null;
  /** A server that is ourselves: it, and all that is worse, is no way. */
  private loop: Nowhere | null = null;

  /** `shipment`: null for a question that carries no message, which closes no circle. */
  constructor(hop: SmtpHop, shipment: Shipment | null, parts: LineParts) {
    this.hop = hop;
    this.shipment = shipment;
    this.parts = parts;
    this.targets = this.order();
  }

  /** At once where a connection waits. */
  async next(signal: AbortSignal): Promise<Line> {
    const waiting = this.mayReuse ? this.takeWaiting() : null;
    if (waiting && (await this.isWelcome(waiting))) return { kind: 'open', connection: waiting };
    for (;;) {
      const target = this.targets.shift();
      if (!target) return this.end();
      this.current = target;
      if (this.parts.peers.isOurselves(target.door) && (await this.refuses(ourselves, target)))
        continue;
      const opened = await this.parts.open(this.hop, target, signal);
      if (signal.aborted) return this.stopped(opened.kind === 'open' ? opened.connection : null);
      const isAway = opened.kind === 'closed' && opened.trouble === 'away';
      this.parts.away[isAway ? 'failed' : 'worked'](formatDoor(target.door));
      if (!isAway) this.peer = target.label;
      if (opened.kind === 'open') {
        const { connection } = opened;
        if (await this.isWelcome(connection)) return { kind: 'open', connection };
        continue;
      }
      const { trouble, reply } = opened;
      const isFinal = trouble === 'refused' && reply.code >= 500;
      if (isFinal) this.final = nowhere('failed', reply, false);
      else this.passing = nowhere('deferred', reply, true);
    }
  }

  /** The last connection broke before it took the message: another one may do. */
  broke(reply: Reply): void {
    this.passing = nowhere('deferred', reply, true);
    // One that had waited was dead, and others that wait may be: only new ones from here on.
    this.mayReuse = false;
  }

  /** Something got through, so that the same servers may be asked again. */
  gotThrough(): void {
    this.targets = this.order();
    this.passing = null;
    this.loop = null;
    this.final = null;
    this.mayReuse = true;
  }

  giveBack(connection: SmtpConnection): void {
    const { maxMessages } = connection.offer;
    const most = Math.min(this.parts.maxMessages, maxMessages ?? Number.POSITIVE_INFINITY);
    if (connection.messages >= most) void connection.quit();
    else if (this.current) this.parts.pool.give(this.keyOf(this.current), connection);
  }

  /** Of the best preference only: a worse server is for when those do not answer. */
  private takeWaiting(): SmtpConnection | null {
    const best = this.targets[0]?.preference;
    for (const target of this.targets) {
      if (target.preference !== best) return null;
      const connection = this.parts.pool.take(this.keyOf(target));
      if (!connection) continue;
      this.current = target;
      this.peer = target.label;
      return connection;
    }
    return null;
  }

  /** Connections are shared by hops that would have made the very same one. */
  private keyOf({ door, host }: Target): string {
    const { protocol, tls, implicitTls, login, place } = this.hop;
    const name = tls === 'verified' ? host : '';
    return `${protocol} ${place.kind} ${tls} ${implicitTls} ${name} ${login?.user ?? ''} ${formatDoor(door)}`;
  }

  private async isWelcome(connection: SmtpConnection): Promise<boolean> {
    const facts = this.parts.peers.factsOf(this.hop.place, connection.names);
    if (!this.current || !(await this.refuses(facts, this.current))) return true;
    void connection.quit();
    return false;
  }

  /** RFC 5321 §5.1: without ourselves and all that is worse only better servers are left. */
  private async refuses(peer: PeerFacts, target: Target): Promise<boolean> {
    if (!this.shipment) return false;
    const asked = this.parts.peers.ask(this.shipment, peer);
    const { action, reply, reason } = asked instanceof Promise ? await asked : asked;
    if (action === 'accept') return false;
    const outcome = action === 'defer' ? 'deferred' : 'failed';
    this.loop = { ...nowhere(outcome, reply ?? clientWords.noTarget, false), reason };
    this.targets = this.targets.filter(({ preference }) => preference < target.preference);
    return true;
  }

  /** Where a better server did not answer it is waited for: what is ourselves is no loop yet. */
  private end(): Nowhere {
    const nothing = nowhere('deferred', clientWords.noTarget, true);
    return this.passing ?? this.loop ?? this.final ?? nothing;
  }

  /** Best first, but who did not answer lately comes last. */
  private order(): Target[] {
    const targets = orderTargets(this.hop.place, this.parts.random);
    const isAway = ({ door }: Target) => this.parts.away.hasFailed(formatDoor(door));
    if (targets.length < 2 || !targets.some(isAway)) return targets;
    return [...targets.filter((target) => !isAway(target)), ...targets.filter(isAway)];
  }

  private stopped(connection: SmtpConnection | null): Nowhere {
    void connection?.quit();
    return nowhere('deferred', clientWords.stopping, false);
  }
}

function nowhere(outcome: 'failed' | 'deferred', reply: Reply, isDown: boolean): Nowhere {
  return { kind: 'nowhere', outcome, reply, reason: null, isDown };
}
