/**
 * The content of one message on its way from the socket to the store.
 *
 * The header is gathered, read and edited; all else goes on at once, so that a message of any size
 * takes little memory. The proof sees the octets as they came: a signature covers those.
 */
import { type GatheredHeader, HeaderGatherer } from '../../mail/header-gatherer.ts';
import {
  type HeaderReading,
  type ReadingContext,
  readHeader,
  withoutFields,
} from '../../mail/header-reading.ts';
import { NoticeDepth, reportBoundary } from '../../mail/notice-depth.ts';
import { type Reply, replies } from '../../mail/reply.ts';
import type { ProofSession } from '../../proof/prover.ts';
import { primaryCode, resultCodes } from '../../store/errors.ts';
import type { QueueDraft } from '../../store/queue-store.ts';
import type { BoundedLog } from './bounded-log.ts';

/** What the client hears when the queue cannot be written: nothing of the message was taken. */
export function storeTrouble(error: unknown, log: BoundedLog): Reply {
  log.warn({ err: error }, 'a message could not be written to the queue');
  const cause = error instanceof Error ? error.cause : null;
  return primaryCode(cause) === resultCodes.full ? replies.storeFull : replies.internal;
}

export interface ContentOptions extends ReadingContext {
  readonly draft: QueueDraft;
  readonly proof: ProofSession;
  /** Octets. */
  readonly headerLimit: number;
  /** The reverse-path is null. */
  readonly isNotice: boolean;
  readonly log: BoundedLog;
}

export class Content {
  /** Octets that came in. */
  received = 0;
  /** Octets that went to the store. */
  stored = 0;
  /** Why it cannot be taken; it is read to its end nevertheless. */
  fault: Reply | null = null;
  /** Null until the header is complete. */
  reading: HeaderReading | null = null;
  private readonly options: ContentOptions;
  private gatherer: HeaderGatherer | null;
  private depth: NoticeDepth | null = null;

  constructor(options: ContentOptions) {
    this.options = options;
    this.gatherer = new HeaderGatherer(options.headerLimit);
  }

  /** A promise means: wait before the next piece. Never rejects. */
  add(piece: Buffer): void | Promise<void> {
    this.received += piece.length;
    if (this.fault) return;
    if (this.gatherer === null) {
      this.depth?.add(piece);
      return this.pass(piece, [piece]);
    }
    const found = this.gatherer.add(piece);
    if (found === 'more') return;
    if (found === 'tooLarge') this.refuse(replies.headerTooLarge);
    else return this.takeHeader(found);
  }

  /** The content is complete: what is known of it can be asked for now. */
  end(): void | Promise<void> {
    if (this.fault || this.gatherer === null) return;
    const found = this.gatherer.end();
    if (found === 'tooLarge') this.refuse(replies.headerTooLarge);
    else if (found !== 'more') return this.takeHeader(found);
  }

  /** Nothing more of it is kept. */
  refuse(reply: Reply): void {
    this.fault ??= reply;
    this.gatherer = null;
  }

  /** Failure notices wrapped in each other: see LoopFacts. */
  get noticeDepth(): number {
    return this.options.isNotice ? (this.depth?.depth ?? 1) : 0;
  }

  private takeHeader({ header, rest, whole }: GatheredHeader): void | Promise<void> {
    this.gatherer = null;
    this.reading = readHeader(header, this.options);
    if (this.reading === null) {
      this.refuse(replies.headerMalformed);
      return;
    }
    const { removed, contentType } = this.reading;
    const boundary =
      this.options.isNotice && contentType !== null ? reportBoundary(contentType) : null;
    if (boundary !== null) {
      this.depth = new NoticeDepth(boundary);
      this.depth.add(rest);
    }
    const left = removed.length > 0 ? withoutFields(header, removed) : [header];
    return this.pass(whole, [...left, rest]);
  }

  /** The proof waits for the header too, which is then in memory only once. */
  private pass(received: Buffer, kept: readonly Buffer[]): void | Promise<void> {
    const proved = this.options.proof.write(received);
    const stored = this.store(kept);
    return proved && stored ? bothOf(proved, stored) : (proved ?? stored);
  }

  private store(pieces: readonly Buffer[]): void | Promise<void> {
    try {
      for (let i = 0; i < pieces.length; i++) {
        const piece = pieces[i];
        if (!piece || piece.length === 0) continue;
        this.stored += piece.length;
        const written = this.options.draft.write(piece);
        if (written) return this.storeLater(written, pieces.slice(i + 1));
      }
    } catch (error) {
      this.fail(error);
    }
  }

  private async storeLater(written: Promise<void>, more: readonly Buffer[]): Promise<void> {
    try {
      await written;
    } catch (error) {
      this.fail(error);
      return;
    }
    if (!this.fault) await this.store(more);
  }

  private fail(error: unknown): void {
    this.refuse(storeTrouble(error, this.options.log));
  }
}

async function bothOf(one: Promise<void>, other: Promise<void>): Promise<void> {
  await one;
  await other;
}
