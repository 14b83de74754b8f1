/**
 * Judges entries by the answers about those that wait.
 */
import type { QueueEntry } from '../../foreign/queue-entry.ts';
import { formatDomain, parseAddress } from '../../mail/address.ts';
import type { NextHop } from '../../mail/envelope.ts';
import { type EntryFacts, isDeadEnd, judgeEntry } from '../../verdict/entry.ts';
import type { JudgedEntry } from '../causes/cause.ts';
import type { EntryPlace } from '../reader.ts';
import type { AskPath, PathAnswer, PathQuestion } from './verdict-desk.ts';

export interface EntryJudge {
  /** A promise where an answer is still to come: then the entry may be judged again. Rejects as `ask` does. */
  judge(place: EntryPlace, entry: QueueEntry): JudgedEntry | Promise<unknown>;
}

export function createEntryJudge(ask: AskPath): EntryJudge {
  function answerOn(check: PathQuestion['check'], path: string, nextHop: NextHop | null) {
    return ask({ check, path, nextHop, key: keyOf(check, path, nextHop) });
  }

  return {
    judge(place, entry) {
      const check = entry.notice ? 'notice' : 'recipient';
      const recipients: PathAnswer[] = [];
      const missing: Promise<PathAnswer>[] = [];
      for (const { forwardPath, nextHop, isDone } of entry.recipients) {
        if (isDone) continue;
        const answer = answerOn(check, forwardPath, nextHop);
        if (answer instanceof Promise) missing.push(answer);
        else recipients.push(answer);
      }
      if (missing.length > 0) return Promise.all(missing);
      // The sender matters only where nobody can receive the mail.
      const isLost = entry.notice === null && recipients.every(isDeadEnd);
      const sender = isLost ? answerOn('sender', entry.reversePath, null) : null;
      return sender instanceof Promise ? sender : finish(place, entry, recipients, sender);
    },
  };
}

/** What nearly all addresses look like: for these there is no need to take the address apart. */
const plain = /^[\w.+=-]+@([\w.-]*\w)$/;

function keyOf(check: PathQuestion['check'], path: string, nextHop: NextHop | null): string {
  const hop = nextHop ? ` ${nextHop.mailer} ${nextHop.host}` : '';
  const domain = plain.exec(path)?.[1];
  if (domain !== undefined) return `${check} ${domain.toLowerCase()}${hop}`;
  const address = parseAddress(path);
  const own = address.kind === 'mailbox' ? formatDomain(address.domain) : `<${path}>`;
  return `${check} ${own}${hop}`;
}

function finish(
  place: EntryPlace,
  entry: QueueEntry,
  recipients: readonly PathAnswer[],
  sender: PathAnswer | null,
): JudgedEntry {
  const facts: EntryFacts = {
    isNotice: entry.notice !== null,
    isHeld: entry.state === 'held',
    recipients,
    sender,
  };
  const verdict = judgeEntry(facts);
  const decisive = verdict.decisive === null ? undefined : recipients[verdict.decisive];
  return { place, entry, verdict, domain: decisive?.domain ?? null, steps: decisive?.steps ?? [] };
}
