/**
 * Where accepted mail is kept until it is delivered: one interface, one test suite, whatever the engine.
 *
 * A message is a record, its recipients, a head (the fields we put on top) and a body. Its content is
 * head and body, one after the other, lines ended by CRLF, dots not stuffed.
 *
 * Several processes may use one store. A message that a process is about to deliver is claimed by it;
 * nobody else delivers it meanwhile. Claims of a process that died end when the next one recovers.
 */
import type { Client, MailParameters, RcptParameters } from '../mail/envelope.ts';
import type { QueueId } from '../mail/queue-id.ts';
import type { Reply } from '../mail/reply.ts';
import type { Reason } from '../verdict/reasons.ts';
import type { SenderProof } from '../verdict/sender-proof.ts';

export const messageKinds = ['mail', 'notice', 'alert'] as const;
export type MessageKind = (typeof messageKinds)[number];

/** Written once, when the message is accepted. Times in ms since 1970. */
export interface MessageRecord {
  readonly id: QueueId;
  /** We ourselves wrote a notice, which tells of a failure, and an alert, which tells of a flood. */
  readonly kind: MessageKind;
  readonly receivedAt: number;
  /** When we give up. */
  readonly expiresAt: number;
  readonly sender: MailParameters;
  readonly client: Client | null;
  readonly proof: SenderProof;
  /** Octets of head and body. */
  readonly size: number;
}

export interface NewRecipient extends RcptParameters {
  /** As the client said it, before aliases. */
  readonly original: string;
  /** Of the forward-path, in comparable form: what retries are grouped by. */
  readonly domain: string;
}

export type RecipientState = 'waiting' | 'delivered' | 'failed';

export interface QueuedRecipient extends NewRecipient {
  /** Place within its message, from 0; never changes. */
  readonly index: number;
  readonly state: RecipientState;
  readonly attempts: number;
  /** When to try next. */
  readonly dueAt: number;
  /** Of the last attempt; null before the first. */
  readonly reply: Reply | null;
  /** Why it waits or failed; null before the first attempt. */
  readonly reason: Reason | null;
  /** The delay was reported to the sender. */
  readonly delayTold: boolean;
  /** So was the failure. */
  readonly failureTold: boolean;
}

/**
 * `queued`: to be delivered. `held`: the operator stopped it. `purged`: the operator removed it.
 * `kept`: it failed and could not be reported. The last two end at `keptUntil` and can be undone.
 */
export type MessageState = 'queued' | 'held' | 'purged' | 'kept';

export interface QueuedMessage extends MessageRecord {
  readonly state: MessageState;
  readonly keptUntil: number | null;
  readonly isClaimed: boolean;
  readonly recipients: readonly QueuedRecipient[];
}

/** One message on its way in. Leaving scope uncommitted leaves nothing behind. */
export interface QueueDraft extends AsyncDisposable {
  /**
   * The next piece of the body; the bytes are copied or written before it returns control, so the
   * caller may use them again. A promise means: wait, the store is behind. Rejects with QueueWriteError.
   */
  write(piece: Uint8Array): void | Promise<void>;
  /**
   * All or nothing; survives a power cut once resolved. Only then answer 250. `claim`: this process
   * delivers it now. Rejects with QueueWriteError (full disk, ...).
   */
  commit(
    message: MessageRecord,
    recipients: readonly NewRecipient[],
    head: Uint8Array,
    claim: boolean,
  ): Promise<void>;
  /** The body where it is small and still in memory; null where it has to be read from the store. */
  readonly body: Uint8Array | null;
}

/** What an attempt made of one recipient. */
export interface RecipientOutcome {
  readonly index: number;
  readonly state: RecipientState;
  readonly attempts: number;
  readonly dueAt: number;
  readonly reply: Reply | null;
  readonly reason: Reason | null;
  readonly delayTold: boolean;
  readonly failureTold: boolean;
}

/** A message of our own: a notice. */
export interface NewMessage {
  readonly message: MessageRecord;
  readonly recipients: readonly NewRecipient[];
  readonly content: Uint8Array;
}

/**
 * The end of an attempt: outcomes and notice are written together or not at all, so that no failure
 * is reported twice. A message none of whose recipients waits any more is removed, or kept.
 */
export interface Settlement {
  readonly id: QueueId;
  readonly outcomes: readonly RecipientOutcome[];
  readonly notice: NewMessage | null;
  /** Not removed but kept until then, as nobody could be told of its failure. */
  readonly keepUntil: number | null;
}

export interface QueueFilter {
  readonly ids?: readonly QueueId[];
  /** Reverse-path, exact; '' is the null reverse-path. `*` stands for any characters. */
  readonly sender?: string;
  readonly recipient?: string;
  /** Of a recipient, comparable form. */
  readonly domain?: string;
  readonly reason?: Reason;
  readonly state?: MessageState;
  /** ms since 1970. */
  readonly receivedBefore?: number;
  readonly receivedAfter?: number;
}

export const queueChanges = ['hold', 'release', 'retry', 'purge', 'undo'] as const;
export type QueueChange = (typeof queueChanges)[number];

export interface QueueCounts {
  readonly queued: number;
  readonly held: number;
  readonly purged: number;
  readonly kept: number;
}

export interface QueueStore extends AsyncDisposable {
  /** Ends all claims of processes that are gone; once, before the first claim. */
  recover(): Promise<void>;
  /** The largest id ever given; 0 in an empty store. */
  lastId(): Promise<QueueId>;
  /** Null while so much waits to be written that no more may be taken: answer 4xx. */
  begin(): QueueDraft | null;
  /**
   * Up to `limit` messages with a recipient that is due, claimed for this process. Of each domain at
   * most `perDomain`; domains in `except` are left out. Oldest due first.
   */
  claim(
    now: number,
    limit: number,
    perDomain: number,
    except: readonly string[],
  ): Promise<QueuedMessage[]>;
  /** When the next recipient is due, domains in `except` left out; null where none waits. */
  nextDue(except?: readonly string[]): Promise<number | null>;
  /** Head and body in pieces of at most 256 KiB. */
  read(id: QueueId): AsyncIterable<Uint8Array>;
  /** Ends the claims; all of them on disk once resolved. Many at once share a transaction. */
  settle(settlement: Settlement): Promise<void>;
  /** Gives a claimed message back untouched. */
  unclaim(id: QueueId): Promise<void>;
  /** Oldest first, in pages, so that a queue of any size fits into memory. */
  list(filter: QueueFilter): AsyncIterable<QueuedMessage>;
  counts(): Promise<QueueCounts>;
  /** Notices that are queued, claimed or not; `most` where there are as many or more. */
  noticesQueued(most: number): Promise<number>;
  /**
   * Applies the change where it makes sense; resolves to the ids that changed. `until`: how long
   * purged messages are kept, ms since 1970. A claimed message changes when its attempt is over.
   */
  change(
    change: QueueChange,
    ids: readonly QueueId[],
    now: number,
    until: number,
  ): Promise<QueueId[]>;
  /** Removes what was purged or kept until `now`; resolves to their number. */
  expire(now: number): Promise<number>;
}
