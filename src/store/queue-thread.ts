/**
 * What the queue's thread is asked and what it answers, and the one place that starts it.
 *
 * Whatever writes travels in batches: the writes as one JSON text, the bytes of all of them in one
 * block that changes hands. Both cost the asking thread less than a structured clone of each.
 */
import { Worker } from 'node:worker_threads';
import type { QueueId } from '../mail/queue-id.ts';
import type {
  MessageRecord,
  NewRecipient,
  QueueChange,
  QueueCounts,
  QueueFilter,
  RecipientOutcome,
} from './queue-store.ts';
import type { Failure, Trouble } from './store-thread.ts';

export interface ThreadData {
  readonly path: string;
  readonly maxBytes: number | undefined;
  readonly minFreeBytes: number;
  /** Names this process among all that ever opened the queue. */
  readonly instance: number;
  /** Keep every other server away from the folder. */
  readonly serve: boolean;
}

/** Bytes within the block of a batch. */
export interface Span {
  readonly at: number;
  readonly length: number;
}

export interface NewContent {
  readonly message: MessageRecord;
  readonly recipients: readonly NewRecipient[];
  /** The head, and the body where it is small. */
  readonly content: Span;
}

export interface DraftBody {
  readonly draft: number;
  /** Pieces that were written before. */
  readonly pieces: number;
  /** The last piece of a large body; null where there is none. */
  readonly rest: Span | null;
}

export type Write =
  | (NewContent & {
      readonly kind: 'commit';
      /** Null where the body stands in the content. */
      readonly body: DraftBody | null;
      readonly claim: boolean;
    })
  | {
      readonly kind: 'piece';
      readonly draft: number;
      readonly number: number;
      readonly bytes: Span;
    }
  | { readonly kind: 'drop'; readonly draft: number }
  | {
      readonly kind: 'settle';
      readonly id: QueueId;
      readonly outcomes: readonly RecipientOutcome[];
      readonly notice: NewContent | null;
      readonly keepUntil: number | null;
    }
  | { readonly kind: 'unclaim'; readonly id: QueueId }
  | {
      readonly kind: 'claim';
      readonly now: number;
      readonly limit: number;
      readonly perDomain: number;
      readonly except: readonly string[];
    }
  | {
      readonly kind: 'change';
      readonly change: QueueChange;
      readonly ids: readonly QueueId[];
      readonly now: number;
      readonly until: number;
    }
  | { readonly kind: 'expire'; readonly now: number; readonly limit: number }
  | { readonly kind: 'recover'; readonly limit: number };

export type Request =
  | { readonly kind: 'open' }
  /** `writes` is JSON of Write[]; all of them share a transaction. */
  | { readonly kind: 'write'; readonly writes: string; readonly bytes: Uint8Array }
  | { readonly kind: 'lastId' }
  | { readonly kind: 'nextDue'; readonly except: readonly string[] }
  | { readonly kind: 'counts' }
  | { readonly kind: 'noticesQueued'; readonly most: number }
  /** Piece 0 is the content, 1 and more those of a large body. */
  | { readonly kind: 'read'; readonly id: QueueId; readonly piece: number }
  | { readonly kind: 'page'; readonly filter: QueueFilter; readonly after: QueueId }
  | { readonly kind: 'close' };

export type Answer =
  | { readonly kind: 'done' }
  /** `results` is JSON of one result for each write; `troubles` tells which were not done at all. */
  | {
      readonly kind: 'written';
      readonly results: string;
      readonly troubles: readonly (readonly [index: number, trouble: Trouble])[];
    }
  | { readonly kind: 'number'; readonly number: number | null }
  | { readonly kind: 'counts'; readonly counts: QueueCounts }
  /** `pieces`: how many follow the content. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly pieces: number }
  /** `messages` is JSON of QueuedMessage[]; `next`: where to go on, null at the end. */
  | { readonly kind: 'page'; readonly messages: string; readonly next: QueueId | null }
  | Failure;

/** Answers come in the order of the requests. */
export function startQueueThread(data: ThreadData): Worker {
  return new Worker(new URL('./queue-worker.ts', import.meta.url), {
    workerData: data,
    // Not those of the process: some, such as --input-type, stop a thread from starting.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    // It keeps nothing for long: left to itself it would let tens of MB of garbage lie.
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
}
