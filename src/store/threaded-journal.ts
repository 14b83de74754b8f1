/**
 * A JournalStore whose work is done by the journal's thread.
 *
 * Group commit: one append is under way at a time, and all that arrive meanwhile share the next
 * transaction.
 */
import type { Receipt } from '../verdict/verdict.ts';
import { capReceipt } from './caps.ts';
import { JournalReadError, JournalWriteError } from './errors.ts';
import type { JournalStore } from './journal-store.ts';
import {
  type Answer,
  type Request,
  startJournalThread,
  type ThreadData,
} from './journal-thread.ts';
import { readPages } from './pages.ts';
import { connectThread, fromTrouble } from './store-thread.ts';

/** Small enough that an append waits a few ms for a prune. */
const pruneBatch = 2000;

interface Waiting {
  readonly json: string;
  readonly resolve: () => void;
  readonly reject: (error: JournalWriteError) => void;
}

export interface ThreadedJournal extends JournalStore {
  /** Opens the file now rather than at the first use. Throws what the system or SQLite says. */
  open(): Promise<void>;
}

export function threadedJournal(data: ThreadData): ThreadedJournal {
  const thread = connectThread<Request, Answer>('journal', () => startJournalThread(data), {
    kind: 'close',
  });
  let waiting: Waiting[] = [];
  let writing: Promise<void> | null = null;
  let closed = false;

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      const answer = await thread
        .ask({ kind: 'append', groups: group.map(({ json }) => json) })
        .catch((error: unknown) => error);
      for (const [index, { resolve, reject }] of group.entries()) {
        const trouble = troubleOf(answer, index);
        if (trouble === null) resolve();
        else reject(new JournalWriteError(trouble));
      }
    }
    writing = null;
  }

  async function askToWrite(request: Request): Promise<Answer> {
    if (closed) throw new JournalWriteError('it is closed');
    return await thread.ask(request).catch((error: unknown) => {
      throw new JournalWriteError(error);
    });
  }

  return {
    async open() {
      await thread.ask({ kind: 'open' });
    },
    append(receipts: readonly Receipt[]) {
      if (closed) return Promise.reject(new JournalWriteError('it is closed'));
      if (receipts.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        waiting.push({ json: JSON.stringify(receipts.map(capReceipt)), resolve, reject });
        writing ??= write();
      });
    },
    read(query) {
      return readPages(async (after, limit) => {
        if (closed) throw new JournalReadError('it is closed');
        const answer = await thread.ask({ kind: 'page', query, after, limit }).catch((error) => {
          throw new JournalReadError(error);
        });
        return answer.kind === 'page' ? answer.receipts : [];
      });
    },
    async saveIncidents(incidents) {
      if (incidents.length > 0)
        await askToWrite({ kind: 'save', incidents: JSON.stringify(incidents) });
    },
    async incidents(query) {
      if (closed) throw new JournalReadError('it is closed');
      const answer = await thread.ask({ kind: 'incidents', query }).catch((error) => {
        throw new JournalReadError(error);
      });
      return answer.kind === 'incidents' ? [...answer.incidents] : [];
    },
    async liftIncident(id) {
      const answer = await askToWrite({ kind: 'lift', id });
      return answer.kind === 'lifted' && answer.isDone;
    },
    async prune(before) {
      let total = 0;
      for (;;) {
        const answer = await askToWrite({ kind: 'prune', before, limit: pruneBatch });
        const count = answer.kind === 'pruned' ? answer.count : 0;
        total += count;
        if (count < pruneBatch) return total;
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      await writing;
      await thread.close();
    },
  };
}

/** What became of a group: null where it is on disk, else why not. */
function troubleOf(answer: unknown, index: number): unknown {
  if (!isAnswer(answer)) return answer;
  if (answer.kind !== 'appended') return 'the thread answered something else';
  const trouble = answer.troubles[index];
  return trouble ? fromTrouble(trouble) : null;
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
