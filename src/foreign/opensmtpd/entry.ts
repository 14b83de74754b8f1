/**
 * An envelope of OpenSMTPD as an entry of a queue.
 *
 * Whether an envelope is paused, the server keeps in memory alone (scheduler_ramqueue.c), and forgets it
 * when it is started again: nothing of it is in the files, so every entry here waits.
 */
import type { NextHop } from '../../mail/envelope.ts';
import type { NoticeReport } from '../notice-report.ts';
import type { EntryRecipient, QueueEntry } from '../queue-entry.ts';
import type { SmtpdEnvelope } from './envelope.ts';

/** What is not in the envelope. */
export interface EnvelopeFacts {
  readonly id: string;
  /** Octets of the message that it shares with the other envelopes of its folder. */
  readonly size: number;
  /** What the message reports, if it is a notice. */
  readonly report: NoticeReport | null;
  /** Where its action sends it; null where that is not known. */
  readonly nextHop: NextHop | null;
}

export function entryOfEnvelope(envelope: SmtpdEnvelope, facts: EnvelopeFacts): QueueEntry {
  const { id, size } = facts;
  const { createdAt, lastTriedAt, retries } = envelope;
  const common = {
    id,
    state: 'waiting',
    heldFor: null,
    arrivedAt: createdAt * 1000,
    lastTriedAt: lastTriedAt === null ? null : lastTriedAt * 1000,
    tries: retries,
    size,
    complaint: null,
  } as const;
  if (envelope.type === 'bounce') return { ...common, ...noticeToCome(envelope) };
  const { sender, dest, isNotice, complaint } = envelope;
  const report = isNoticeMessage(envelope) ? facts.report : null;
  // One that came back to the server has lost its mark.
  const isOwn = isNotice || (report !== null && report.reportingMta === envelope.serverName);
  return {
    ...common,
    reversePath: sender,
    notice: isOwn ? 'own' : sender === '' ? 'foreign' : null,
    recipients: [recipient(dest, complaint, facts.nextHop)],
    client: isNotice ? null : clientOf(envelope),
    // A notice goes to nobody but the sender of what it reports.
    report: report && isOwn ? { ...report, sender: report.sender ?? dest } : report,
  };
}

/** Whether the message that it is for is a notice: one that is yet to be written has no message. */
export function isNoticeMessage({ type, sender, isNotice }: SmtpdEnvelope): boolean {
  return type !== 'bounce' && (isNotice || sender === '');
}

/** Such an envelope becomes a message of its own to the sender, within seconds or at the next try. */
function noticeToCome(envelope: SmtpdEnvelope) {
  const { sender, dest, complaint, address, serverName } = envelope;
  return {
    reversePath: '',
    notice: 'own',
    recipients: [recipient(sender, null, null)],
    client: null,
    report: {
      sender,
      recipients: [dest],
      recipientCount: 1,
      client: address,
      messageId: null,
      reason: complaint,
      reportingMta: serverName,
    },
  } as const;
}

function recipient(
  forwardPath: string,
  complaint: string | null,
  nextHop: NextHop | null,
): EntryRecipient {
  return { forwardPath, isDone: false, complaint, nextHop };
}

function clientOf({ address, hostName, helo }: SmtpdEnvelope): QueueEntry['client'] {
  return address === null ? null : { address, name: hostName, helo };
}
