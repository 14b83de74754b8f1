/**
 * The connections that one shipment may use, one after the other: those that wait, then new ones to
 * each address in turn, until there is no more.
 */
import type { Reply } from '../mail/reply.ts';
import type { Reason } from '../verdict/reasons.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { clientWords } from '../wire/smtp/client-words.ts';
import { formatDoor } from './connect.ts';
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

  /** `shipment`: null for a question that carries no message, which closes no circle. */
  constructor(hop: SmtpHop, shipment: Shipment | null, parts: LineParts) {
    this.hop = hop;
    this.shipment = shipment;
    this.parts = parts;
    this.targets = orderTargets(hop.place, parts.random);
  }

  /** At once where a connection waits. */
  async next(signal: AbortSignal): Promise<Line> {
    const waiting = this.mayReuse ? this.takeWaiting() : null;
    if (waiting) return this.judged(waiting);
    for (;;) {
      const target = this.targets.shift();
      if (!target) return this.end();
      this.current = target;
      if (this.parts.peers.isOurselves(target.door)) {
        const refused = await this.refusedAs(ourselves);
        if (refused) return refused;
      }
      const opened = await this.parts.open(this.hop, target, signal);
      if (signal.aborted) return this.stopped(opened.kind === 'open' ? opened.connection : null);
      if (opened.kind === 'open' || opened.trouble !== 'away') this.peer = target.label;
      if (opened.kind === 'open') return this.judged(opened.connection);
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
    this.targets = orderTargets(this.hop.place, this.parts.random);
    this.passing = null;
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

  private async judged(connection: SmtpConnection): Promise<Line> {
    const facts = this.parts.peers.factsOf(this.hop.place, connection.names);
    const refused = await this.refusedAs(facts);
    if (!refused) return { kind: 'open', connection };
    void connection.quit();
    return refused;
  }

  private async refusedAs(peer: Parameters<PeerJudge['ask']>[1]): Promise<Nowhere | null> {
    if (!this.shipment) return null;
    const asked = this.parts.peers.ask(this.shipment, peer);
    const verdict = asked instanceof Promise ? await asked : asked;
    return verdict.action === 'accept' ? null : this.refused(verdict);
  }

  /**
   * RFC 5321 §5.1: ourselves and all that is worse are no way. Where a better server did not answer,
   * it is waited for: this message is no loop yet.
   */
  private refused({ action, reply, reason }: Verdict): Nowhere {
    this.targets = [];
    if (this.passing) return this.passing;
    const outcome = action === 'defer' ? 'deferred' : 'failed';
    return { ...nowhere(outcome, reply ?? clientWords.noTarget, false), reason };
  }

  private end(): Nowhere {
    return this.passing ?? this.final ?? nowhere('deferred', clientWords.noTarget, true);
  }

  private stopped(connection: SmtpConnection | null): Nowhere {
    void connection?.quit();
    return nowhere('deferred', clientWords.stopping, false);
  }
}

function nowhere(outcome: 'failed' | 'deferred', reply: Reply, isDown: boolean): Nowhere {
  return { kind: 'nowhere', outcome, reply, reason: null, isDown };
}
