/**
 * One message to one server, or a question without one: replies in, what to do next out, and in the
 * end what became of each recipient.
 *
 * RFC 5321 §3.3, §4.5.3.1.10 (too many recipients), RFC 2920 (MAIL, RCPT and DATA in one go), RFC 2033
 * §4.2 (LMTP: a reply for each recipient), RFC 3030 (BDAT), RFC 1047 (lost after the dot).
 */
import type { Reply } from '../../mail/reply.ts';
import type { ClientEnvelope } from './client-envelope.ts';
import type { Offer } from './client-offer.ts';
import { madeTemporary, refusedBy, type Sent, sentBy } from './client-sent.ts';
import { clientWords, withDetail } from './client-words.ts';
import { replyOf, type SmtpReply } from './reply-reader.ts';

export type TransactionStep =
  | { readonly kind: 'wait' }
  | { readonly kind: 'write'; readonly text: string }
  /** Send the content, then call `contentEnded`; replies may come meanwhile. */
  | { readonly kind: 'content' }
  | { readonly kind: 'end' };

/** What is waited for; its time limit differs. */
export type TransactionStage = 'mail' | 'rcpt' | 'data' | 'content' | 'end';

export interface TransactionTerms {
  readonly envelope: ClientEnvelope;
  readonly offer: Offer;
  readonly protocol: 'smtp' | 'lmtp';
  /** The last transaction was not completed: forget it first. */
  readonly needsReset: boolean;
  /** RSET where the content would begin: what is wanted are the replies to RCPT. */
  readonly isEnquiry: boolean;
}

export interface Transaction {
  readonly stage: TransactionStage;
  /** BDAT instead of DATA. */
  readonly isBinary: boolean;
  /** What to write first. */
  begin(): string;
  take(reply: SmtpReply): TransactionStep;
  /** The final dot, or the last octet of BDAT, was handed to the network. */
  contentEnded(): void;
  /** It was; what comes after this may be taken. */
  readonly isContentSent: boolean;
  /** No more replies come: everybody who is undecided gets this one. */
  giveUp(reply: Reply): void;
  /** In the order of the envelope's recipients; null while undecided. */
  readonly sent: readonly (Sent | null)[];
  /** The reply to MAIL, where that was refused. */
  readonly mailRefusal: Reply | null;
  /** Once ended: the server may be sent another message on this connection. */
  readonly canGoOn: boolean;
  /** Once ended: the server still has this transaction in mind. */
  readonly needsReset: boolean;
}

type Command =
  | { readonly kind: 'rset' | 'mail' | 'data' }
  | { readonly kind: 'rcpt'; readonly index: number };

export function createTransaction(terms: TransactionTerms): Transaction {
  return new ClientTransaction(terms);
}

class ClientTransaction implements Transaction {
  stage: TransactionStage = 'mail';
  isContentSent = false;
  canGoOn = true;
  needsReset = false;
  mailRefusal: Reply | null = null;
  readonly sent: (Sent | null)[];
  private readonly terms: TransactionTerms;
  private readonly commands: Command[] = [];
  /** Commands written, and commands answered. */
  private written = 0;
  private answered = 0;
  /** Recipients that were accepted and have no final reply yet. */
  private taken: number[] = [];
  private isEnded = false;
  /** A lone dot was sent to end a DATA that nobody is to receive (RFC 2920 §3.1). */
  private isEmpty = false;

  constructor(terms: TransactionTerms) {
    this.terms = terms;
    this.sent = terms.envelope.rcpt.map((rcpt) =>
      typeof rcpt === 'string' ? null : { kind: 'failed', reply: rcpt },
    );
    if (terms.needsReset) this.commands.push({ kind: 'rset' });
    this.commands.push({ kind: 'mail' });
    for (const [index, rcpt] of terms.envelope.rcpt.entries())
      if (typeof rcpt === 'string') this.commands.push({ kind: 'rcpt', index });
    if (terms.isEnquiry) this.commands.push({ kind: 'rset' });
    else if (!terms.envelope.isBinary) this.commands.push({ kind: 'data' });
  }

  get isBinary(): boolean {
    return this.terms.envelope.isBinary;
  }

  begin(): string {
    return this.writeMore();
  }

  take(reply: SmtpReply): TransactionStep {
    if (this.isEnded) return this.nonsense(reply);
    // RFC 5321 §3.8: the server closes, whatever it was asked.
    if (reply.code === 421) return this.stop(replyOf(reply));
    const command = this.commands[this.answered];
    if (!command) return this.takeFinal(reply);
    if (this.answered >= this.written) return this.nonsense(reply);
    this.answered++;
    if (command.kind !== 'data' && reply.code >= 300 && reply.code < 400)
      return this.nonsense(reply);
    switch (command.kind) {
      case 'rset':
        return reply.code < 300 ? this.proceed() : this.stop(replyOf(reply));
      case 'mail':
        return this.takeMail(reply);
      case 'rcpt':
        return this.takeRcpt(reply, command.index);
      case 'data':
        return this.takeData(reply);
    }
  }

  contentEnded(): void {
    this.isContentSent = true;
    this.stage = 'end';
  }

  giveUp(reply: Reply): void {
    this.isEnded = true;
    this.canGoOn = false;
    const kind = this.isContentSent ? 'deferred' : 'lost';
    for (const [index, sent] of this.sent.entries())
      if (sent === null) this.sent[index] = { kind, reply };
  }

  private takeMail(reply: SmtpReply): TransactionStep {
    this.needsReset = true;
    this.stage = 'rcpt';
    if (reply.code >= 300) {
      this.mailRefusal = replyOf(reply);
      this.decideAll(this.mailRefusal);
    }
    return this.proceed();
  }

  private takeRcpt(reply: SmtpReply, index: number): TransactionStep {
    if (reply.code < 300) {
      // Where MAIL was refused this makes no sense, and means nothing.
      if (this.sent[index] !== null) return this.proceed();
      if (this.terms.isEnquiry) this.decide(index, replyOf(reply));
      else this.taken.push(index);
    } else if (this.sent[index] === null) {
      this.sent[index] = refusedBy(replyOf(reply), this.taken.length > 0);
    }
    return this.proceed();
  }

  private takeData(reply: SmtpReply): TransactionStep {
    if (reply.code >= 200 && reply.code < 300) return this.nonsense(reply);
    if (reply.code >= 400) {
      for (const index of this.taken) this.decide(index, replyOf(reply));
      return this.end();
    }
    if (this.taken.length > 0) return this.startContent();
    // LMTP has no reply to a dot that nobody receives, so what comes next could not be told apart.
    if (this.terms.protocol === 'lmtp') return this.nonsense(reply);
    this.isEmpty = true;
    this.contentEnded();
    return { kind: 'write', text: '.\r\n' };
  }

  private takeFinal(reply: SmtpReply): TransactionStep {
    const isGood = reply.code < 300;
    if (reply.code >= 300 && reply.code < 400) return this.nonsense(reply);
    if (this.isEmpty) return this.end(false);
    if (!this.isContentSent) {
      // It has seen enough, and what it makes of the rest of the content nobody can tell.
      if (isGood) return this.nonsense(reply);
      for (const index of this.taken) this.decide(index, replyOf(reply));
      this.canGoOn = false;
      return this.end();
    }
    const said = replyOf(reply);
    if (this.terms.protocol === 'smtp') {
      for (const index of this.taken) this.decide(index, said);
      return this.end(!isGood);
    }
    const index = this.taken.shift();
    if (index !== undefined) this.decide(index, said);
    return this.taken.length > 0 ? { kind: 'wait' } : this.end(false);
  }

  /** After an answer that lets the dialog go on: more to wait for, to write, or the content. */
  private proceed(): TransactionStep {
    if (this.answered < this.written) {
      if (this.commands[this.answered]?.kind === 'data') this.stage = 'data';
      return { kind: 'wait' };
    }
    const next = this.commands[this.answered];
    if (!next && this.terms.isEnquiry) return this.end(false);
    const isHopeless = this.taken.length === 0 && this.sent.every((sent) => sent !== null);
    if (isHopeless && next?.kind !== 'rset') return this.end();
    if (!next) return this.startContent();
    if (next.kind === 'data') this.stage = 'data';
    return { kind: 'write', text: this.writeMore() };
  }

  private startContent(): TransactionStep {
    this.stage = 'content';
    return { kind: 'content' };
  }

  /** All that is left where the server takes it in one go, else the next command. */
  private writeMore(): string {
    const { offer, envelope } = this.terms;
    let text = '';
    do {
      const command = this.commands[this.written];
      if (!command) break;
      this.written++;
      if (command.kind === 'rcpt') text += `${envelope.rcpt[command.index]}\r\n`;
      else if (command.kind === 'mail') text += `${envelope.mail}\r\n`;
      else text += command.kind === 'data' ? 'DATA\r\n' : 'RSET\r\n';
    } while (offer.pipelining);
    return text;
  }

  private decide(index: number, reply: Reply): void {
    this.sent[index] = sentBy(reply);
  }

  private decideAll(reply: Reply): void {
    for (const [index, sent] of this.sent.entries()) if (sent === null) this.decide(index, reply);
  }

  private end(needsReset = true): TransactionStep {
    this.isEnded = true;
    this.needsReset = needsReset;
    return { kind: 'end' };
  }

  /** The connection is of no more use. */
  private stop(reply: Reply): TransactionStep {
    this.giveUp(reply.code < 400 ? clientWords.nonsense : madeTemporary(reply));
    return { kind: 'end' };
  }

  private nonsense(reply: SmtpReply): TransactionStep {
    return this.stop(withDetail(clientWords.nonsense, replyOf(reply).text));
  }
}
