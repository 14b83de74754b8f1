/**
 * How many notices wait to be delivered: what the brake goes by that stops them while they pile up.
 *
 * The store is asked every few seconds, because other processes purge and hold as well; what is written
 * meanwhile is added, so that no burst slips by.
 */
import type { QueueStore } from '../store/queue-store.ts';
import { isBacklog } from '../verdict/notice.ts';

export interface NoticeBacklog {
  /** So many at least, while they are too many; null while they are not. */
  readonly over: number | null;
  /** One more was written. */
  add(): void;
  /** Rejects with QueueReadError; then all stays as it was. */
  look(): Promise<void>;
}

export interface NoticeBacklogOptions {
  readonly store: Pick<QueueStore, 'noticesQueued'>;
  readonly limit: number;
  /**
   * Told at each look while they are too many, and once when they are not any more; and at the first look,
   * because an earlier run may have found them too many.
   */
  readonly tell: (isOver: boolean) => void;
}

export function createNoticeBacklog({ store, limit, tell }: NoticeBacklogOptions): NoticeBacklog {
  let waiting = 0;
  let isOver = false;
  let hasTold = false;

  function weigh(): void {
    isOver = isBacklog(waiting, isOver, limit);
  }

  return {
    get over() {
      return isOver ? waiting : null;
    },
    add() {
      waiting++;
      weigh();
    },
    async look() {
      waiting = await store.noticesQueued(limit);
      const wasOver = isOver;
      weigh();
      if (isOver || wasOver || !hasTold) tell(isOver);
      hasTold = true;
    },
  };
}
