/**
 * What a message in Exim's queue is to the rescue.
 */
import type { NoticeReport } from '../notice-report.ts';
import type { QueueEntry } from '../queue-entry.ts';
import type { SpoolHeader } from './spool-header.ts';

export interface EximFiles {
  readonly id: string;
  readonly header: SpoolHeader;
  /** Octets of the body, without the line of its own that the -D file begins with. */
  readonly bodySize: number;
  /** Addresses of the -J file; null where there is none. */
  readonly journal: ReadonlySet<string> | null;
  readonly report: NoticeReport | null;
}

export function makeEximEntry({ id, header, bodySize, journal, report }: EximFiles): QueueEntry {
  const { hostAddress, hostName, heloName, done } = header;
  return {
    id,
    // A journal is there while it is delivered, and after a crash until the next try.
    state: header.frozen ? 'held' : journal ? 'active' : 'waiting',
    heldFor: null,
    reversePath: header.reversePath,
    notice: noticeOf(header),
    recipients: header.recipients.map((forwardPath) => ({
      forwardPath,
      isDone: done.has(forwardPath) || (journal?.has(forwardPath) ?? false),
      complaint: null,
      nextHop: null,
    })),
    arrivedAt: header.arrivedAt,
    lastTriedAt: null,
    tries: null,
    // As `exim -bp` counts: with the blank line between header and body.
    size: header.headerSize + bodySize + 1,
    client: hostAddress === null ? null : { address: hostAddress, name: hostName, helo: heloName },
    complaint: null,
    report,
  };
}

/** `own`: written by this server, or by a program of this machine in its place. */
export function noticeOf({
  reversePath,
  isLocalError,
  hostAddress,
}: SpoolHeader): QueueEntry['notice'] {
  if (reversePath !== '') return null;
  return isLocalError || hostAddress === null ? 'own' : 'foreign';
}
