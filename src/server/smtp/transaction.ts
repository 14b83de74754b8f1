/**
 * One message from MAIL to its end: what the session asks, put to the judge, the proof, the store and
 * the delivery. No rule about mail is kept here.
 *
 * RFC 5321 §4.2.5 and §6.1: with 250 the message is ours, so nothing is answered before it is on disk.
 * A client that goes away meanwhile may send it again (RFC 1047); losing it would be worse.
 */
import type { MailParameters, RcptParameters } from '../../mail/envelope.ts';
import { isOwnName } from '../../mail/identity.ts';
import { printable } from '../../mail/printable.ts';
import { formatQueueId } from '../../mail/queue-id.ts';
import { formatReply, type Reply, replies } from '../../mail/reply.ts';
import { isSameAddress } from '../../mail/same-address.ts';
import type { ProofSession } from '../../proof/prover.ts';
import type { MessageRecord, QueueDraft } from '../../store/queue-store.ts';
import type { LoopFacts } from '../../verdict/loop-facts.ts';
import { mayRelay } from '../../verdict/mailbox.ts';
import type { Circumstances, Verdict } from '../../verdict/verdict.ts';
import type { Answer } from '../../wire/smtp/session.ts';
import { Accepted } from './accepted.ts';
import { answerOf, granted, refuse } from './answers.ts';
import { Content, storeTrouble } from './content.ts';
import { handOn } from './hand-on.ts';
import { formatHead } from './head.ts';
import { expandRecipients } from './recipients.ts';
import type { Desk } from './services.ts';
import type { Visitor } from './visitor.ts';

/** The store keeps no more of a message in memory, nor do we: the rest is on disk. */
const mostInMemory = 262_144;

export class Transaction {
  private readonly desk: Desk;
  private readonly visitor: Visitor;
  private readonly sender: MailParameters;
  private readonly accepted: Accepted;
  private draft: QueueDraft | null = null;
  private proof: ProofSession | null = null;
  private content: Content | null = null;
  private isEnding = false;
  private held = 0;

  constructor(desk: Desk, visitor: Visitor, sender: MailParameters) {
    this.desk = desk;
    this.visitor = visitor;
    this.sender = sender;
    this.accepted = new Accepted(desk.terms.protocol);
  }

  /** MAIL. */
  askSender(): Answer | Promise<Answer> {
    const { reversePath } = this.sender;
    const verdict = this.desk.services.judge.ask({
      ...this.circumstances(null),
      check: 'sender',
      reversePath,
      nextHop: null,
    });
    return verdict instanceof Promise ? verdict.then(answerOf) : answerOf(verdict);
  }

  /** RCPT. */
  askRecipient(parameters: RcptParameters): Answer | Promise<Answer> {
    const { forwardPath } = parameters;
    const verdict = this.desk.services.judge.ask({
      adapter: 'smtp',
      client: this.visitor.client,
      connection: this.visitor.connection,
      reversePath: this.sender.reversePath,
      forwardPath,
      queueId: null,
      check: 'mailbox',
      mayRelay: mayRelay(this.visitor),
      isTrusted: mayRelay(this.visitor),
    });
    if (verdict instanceof Promise)
      return verdict.then((later) => this.conclude(later, parameters));
    return this.conclude(verdict, parameters);
  }

  /** DATA, or the first BDAT. */
  begin(): Answer {
    const { services, log } = this.desk;
    if (this.isCrowded()) return refuse(replies.storeBusy);
    const draft = services.queue.begin();
    if (draft === null) return refuse(replies.storeBusy);
    this.draft = draft;
    const { client, login, trusted, isOwn } = this.visitor;
    this.proof = services.prover.begin({
      // A unix socket has none, and nothing about it can be looked up.
      clientAddress: client.address ?? '',
      clientName: client.name,
      helo: client.helo,
      reversePath: this.sender.reversePath,
      login,
      trustedNetwork: trusted,
    });
    this.content = new Content({
      draft,
      proof: this.proof,
      headerLimit: services.limits.headerSize,
      isNotice: this.sender.reversePath === '',
      log,
      authservId: services.name.toLowerCase(),
      trusted: isOwn,
      isOwnName: (name) => isOwnName(services.identity, name),
      isRecipient: (address) => this.isRecipient(address),
    });
    return granted;
  }

  /** A promise means: wait before the next piece. Never rejects. */
  add(piece: Buffer): void | Promise<void> {
    const { content } = this;
    if (content === null) return;
    const octets = Math.min(content.received + piece.length, mostInMemory);
    if (octets > this.held && this.isCrowded()) content.refuse(replies.storeBusy);
    if (!content.fault) this.hold(octets);
    const written = content.add(piece);
    // The rest is read to its end, which a client may take hours for, and nothing of it is kept.
    if (content.fault) this.letGo();
    return written;
  }

  /** Octets of content so far. */
  get received(): number {
    return this.content?.received ?? 0;
  }

  /** The content is complete. Never rejects. */
  async end(): Promise<Answer> {
    const { content, draft, proof } = this;
    if (content?.fault) return this.refuseContent(content.fault);
    if (!content || !draft || !proof) return refuse(replies.internal);
    this.isEnding = true;
    try {
      await content.end();
      if (content.fault) return this.refuseContent(content.fault);
      return await this.judgeAndKeep(content, draft, proof);
    } catch (error) {
      return this.refuseContent(storeTrouble(error, this.desk.log));
    } finally {
      this.isEnding = false;
      this.release();
    }
  }

  /** The conversation is over, or this transaction is. What is being committed is not touched. */
  abandon(): void {
    if (!this.isEnding) this.release();
  }

  /** Tells the crowd how many octets of this message are in memory. */
  private hold(octets: number): void {
    this.desk.crowd.bytes += octets - this.held;
    this.held = octets;
  }

  /**
   * The messages of others alone are as much as may be in memory. Asked with every piece: thousands of
   * clients may have begun while there was room.
   */
  private isCrowded(): boolean {
    const { crowd, services } = this.desk;
    return crowd.bytes - this.held >= services.limits.bytesInFlight;
  }

  private release(): void {
    this.content = null;
    this.letGo();
  }

  /** Of what came in so far nothing will be kept. */
  private letGo(): void {
    const { draft, proof } = this;
    this.hold(0);
    this.draft = null;
    this.proof = null;
    proof?.abort();
    draft?.[Symbol.asyncDispose]().then(undefined, (error: unknown) => {
      this.desk.log.warn({ err: error }, 'a message that was not taken could not be removed');
    });
  }

  private async judgeAndKeep(
    content: Content,
    draft: QueueDraft,
    inProgress: ProofSession,
  ): Promise<Answer> {
    const { services } = this.desk;
    const { judge } = services;
    const id = services.nextId();
    const base = { ...this.circumstances(this.accepted.only), queueId: formatQueueId(id) };
    const facts = this.loopFacts(content);
    const loop = await judge.ask({ ...base, check: 'loop', facts, size: content.received });
    if (loop.action !== 'accept') return this.heed(loop);
    const { proof, results } = await inProgress.end();
    const dmarc = await judge.ask({ ...base, check: 'dmarc', proof });
    if (dmarc.action !== 'accept') return this.heed(dmarc);

    const { name, directory, stamps } = services;
    const expansion = expandRecipients(this.accepted.kept, directory, name);
    if (expansion.recipients.length === 0) return this.accepted.taken(replies.ok);
    const now = Date.now();
    const { client, protocol, tls, login } = this.visitor;
    const reading = content.reading;
    if (reading === null) return this.refuseContent(replies.headerMalformed);
    const head = formatHead({
      hop: {
        client,
        by: name,
        protocol,
        smtpUtf8: this.sender.smtpUtf8,
        tls,
        loggedIn: login !== null,
        id: base.queueId,
        forwardPath: this.accepted.only,
        time: now,
      },
      reading,
      results,
      stamps,
      completes: mayRelay(this.visitor),
    });
    const message: MessageRecord = {
      id,
      kind: 'mail',
      receivedAt: now,
      expiresAt: now + services.lifetime,
      sender: this.sender,
      client,
      proof,
      size: head.length + content.stored,
    };
    return await handOn(services, this.accepted, message, expansion, head, draft);
  }

  private conclude(verdict: Verdict, parameters: RcptParameters): Answer {
    const answer = answerOf(verdict);
    if (answer.kind === 'granted') this.accepted.add(parameters, verdict.action === 'discard');
    return answer;
  }

  /** A verdict on the whole message. */
  private heed(verdict: Verdict): Answer {
    if (verdict.action === 'discard') return this.accepted.taken(replies.ok);
    return this.refuseContent(verdict.reply ?? replies.internal);
  }

  private refuseContent(reply: Reply): Answer {
    this.desk.log.warn(
      {
        client: this.visitor.client.address,
        from: printable(this.sender.reversePath, 320),
        recipients: this.accepted.all.length,
        reply: printable(formatReply(reply), 200),
      },
      'refused a message',
    );
    return refuse(reply);
  }

  private loopFacts({ reading, noticeDepth }: Content): LoopFacts {
    const { stamps } = this.desk.services;
    const marked = { messageId: reading?.messageId ?? '', date: reading?.date ?? '' };
    return {
      received: reading?.hops.received ?? 0,
      ownReceived: reading?.hops.ownReceived ?? 0,
      fromOurselves: this.visitor.isOurselves,
      deliveredToRecipient: reading?.hops.deliveredToRecipient ?? false,
      noticeDepth,
      ownStamps: stamps.count(reading?.stamps ?? [], marked),
      peer: null,
    };
  }

  /** Whether it is for this address, as the client said it or after aliases. */
  private isRecipient(address: string): boolean {
    const { directory } = this.desk.services;
    return this.accepted.all.some(
      ({ forwardPath }) =>
        isSameAddress(forwardPath, address) ||
        directory.expand(forwardPath).some((path) => isSameAddress(path, address)),
    );
  }

  private circumstances(forwardPath: string | null): Circumstances {
    return {
      adapter: 'smtp',
      client: this.visitor.client,
      connection: this.visitor.connection,
      reversePath: this.sender.reversePath,
      forwardPath,
      queueId: null,
      isTrusted: mayRelay(this.visitor),
    };
  }
}
