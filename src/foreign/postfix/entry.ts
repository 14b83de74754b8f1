/**
 * A message in Postfix's queue, from its queue file and the log beside it.
 */
import { noticePrefix, readNoticeReport } from '../notice-report.ts';
import type { EntryRead, EntryState, QueueEntry } from '../queue-entry.ts';
import type { DelayLog } from './delay-log.ts';
import { type QueueFile, readContent, readQueueFile } from './queue-file.ts';
import type { OctetSource } from './records.ts';

/** Folders whose files are messages. `maildrop`: handed in on this machine, and not picked up yet. */
export const messageQueues = ['maildrop', 'incoming', 'active', 'deferred', 'hold'] as const;
export type MessageQueue = (typeof messageQueues)[number];

function stateIn(queue: MessageQueue): EntryState {
  if (queue === 'hold') return 'held';
  return queue === 'deferred' ? 'waiting' : 'active';
}

export interface EntryFile {
  readonly id: string;
  readonly queue: MessageQueue;
  readonly source: OctetSource;
  /** ms since 1970, of the queue file. */
  readonly modifiedAt: number;
  /** Why its recipients wait, and when that was written; null: it was not tried yet, or nothing is known. */
  readonly log: { readonly reasons: DelayLog; readonly writtenAt: number } | null;
}

export function readEntry({ id, queue, source, modifiedAt, log }: EntryFile): EntryRead {
  const isSubmission = queue === 'maildrop';
  const read = readQueueFile(source, isSubmission);
  if (read.kind === 'fault') return read;
  const { file } = read;
  const recipients = file.recipients.map(({ forwardPath, isDone, offset }) => ({
    forwardPath,
    isDone,
    complaint: log?.reasons.byOffset.get(offset) ?? log?.reasons.byAddress.get(forwardPath) ?? null,
    nextHop: null,
  }));
  const waiting = recipients.filter(({ isDone }) => !isDone);
  const content = mayBeNotice(file) ? readContent(source, file, noticePrefix) : null;
  const entry: QueueEntry = {
    id,
    state: stateIn(queue),
    heldFor: null,
    reversePath: file.reversePath,
    notice: content === null ? null : kindOfNotice(file, content),
    recipients:
      waiting.length === recipients.length
        ? recipients
        : [...waiting, ...recipients.filter(({ isDone }) => isDone)],
    arrivedAt: file.arrivedAt ?? modifiedAt,
    lastTriedAt: log?.writtenAt ?? null,
    tries: null,
    size: file.messageSize ?? source.size,
    client: file.client,
    complaint: waiting.find(({ complaint }) => complaint !== null)?.complaint ?? null,
    report: content === null ? null : readNoticeReport(content),
  };
  return { kind: 'entry', entry };
}

/**
 * Postfix tells its postmaster of trouble as `double-bounce`, and tells nobody when that cannot be
 * delivered (double_bounce_sender in postconf(5)). From a client it is somebody else's address.
 */
function mayBeNotice({ reversePath, client }: QueueFile): boolean {
  return reversePath === '' || (client === null && reversePath.startsWith('double-bounce@'));
}

/** Programs of this machine may send with a null reverse-path too; pickup(8) then names their user. */
const fromProgram = /^Received: by [^\n]*\([^\n]*, from userid \d+\)/m;

function kindOfNotice({ client }: QueueFile, content: string): 'own' | 'foreign' {
  if (client !== null) return 'foreign';
  const beginning = content.slice(0, 1000);
  // Of nearly all, the cheaper look says enough.
  const isFromProgram = beginning.includes(', from userid ') && fromProgram.test(beginning);
  return isFromProgram ? 'foreign' : 'own';
}
