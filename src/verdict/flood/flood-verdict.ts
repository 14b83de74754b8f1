/**
 * What follows from a flood that goes on, for one recipient or one notice.
 *
 * All of it is for a while: 4xx, so that mail which only looks like the flood comes again and arrives,
 * and no longer than the incident is open. Notices are dropped, with a receipt: nobody who is told of a
 * flood has anything to do with it.
 */
import { type Reply, replies } from '../../mail/reply.ts';
import { type Reason, reasonWords } from '../reasons.ts';
import type { Verdict } from '../verdict.ts';
import type { FloodPart } from './incident-finder.ts';

/**
 * Null: nothing follows. Joe jobs have no brake: what is for unknown mailboxes is refused anyway, and a
 * notice to somebody who exists may be an honest one. The same is true of slow harvests.
 */
export function judgeRecipientInFlood({ incident, by }: FloodPart): Verdict | null {
  switch (by) {
    case 'sender':
    case 'home':
      return defer(incident.id, 'flood-sender', replies.floodSender);
    case 'client':
    case 'network':
      return defer(incident.id, 'flood-client', replies.floodClient);
    case 'pair':
      return defer(incident.id, 'flood-answers', replies.floodAnswers);
    default:
      return null;
  }
}

/** A notice of ours that is to be written, or is about to be delivered. */
export function judgeNoticeInFlood({ incident, by }: FloodPart): Verdict {
  const reason = by === 'storm' ? 'notice-storm' : 'flood-notice';
  return { action: 'discard', reply: null, reason, steps: stepsOf(incident.id, reason) };
}

/** The client can name the incident to the postmaster, and the postmaster finds it. */
function defer(id: string, reason: Reason, reply: Reply): Verdict {
  const named = { ...reply, text: `${reply.text} (${id})` };
  return { action: 'defer', reply: named, reason, steps: stepsOf(id, reason) };
}

function stepsOf(id: string, reason: Reason): string[] {
  return [belongsTo(id), reasonWords[reason]];
}

/** A step of a verdict. */
export function belongsTo(id: string): string {
  return `it belongs to the incident ${id}`;
}
