/**
 * Judges entries by the answers about those that wait.
 */
import type { EntryRecipient, QueueEntry } from '../foreign/queue-entry.ts';
import { formatDomain, parseAddress } from '../mail/address.ts';
import type { NextHop } from '../mail/envelope.ts';
import { type EntryFacts, isDeadEnd, judgeEntry } from '../verdict/entry.ts';
import type { JudgedEntry } from './cause.ts';
import type { EntryPlace } from './reader.ts';
import type { AskPath, PathAnswer, PathQuestion } from './verdict-desk.ts';

export interface EntryJudge {
  /** At once where all its domains are known. Rejects as `ask` does. */
  judge(place: EntryPlace, entry: QueueEntry): JudgedEntry | Promise<JudgedEntry>;
}

type Answer = ReturnType<AskPath>;

export function createEntryJudge(ask: AskPath): EntryJudge {
  function answerOn(check: PathQuestion['check'], path: string, nextHop: NextHop | null): Answer {
    return ask({ check, path, nextHop, key: keyOf(check, path, nextHop) });
  }

  async function judgeLater(
    place: EntryPlace,
    found: QueueEntry,
    answers: readonly Answer[],
  ): Promise<JudgedEntry> {
    // Its texts are parts of its files, all of which would stay in memory with them while it waits.
    const entry = structuredClone(found);
    const recipients = await Promise.all(answers);
    return finish(place, entry, recipients, await senderOf(entry, recipients));
  }

  /** The sender matters only where nobody can receive the mail. */
  function senderOf(
    { notice, reversePath }: QueueEntry,
    recipients: readonly PathAnswer[],
  ): Answer | null {
    if (notice || !recipients.every(isDeadEnd)) return null;
    return answerOn('sender', reversePath, null);
  }

  return {
    judge(place, entry) {
      const check = entry.notice ? 'notice' : 'recipient';
      const answers = waitingOf(entry).map(({ forwardPath, nextHop }) =>
        answerOn(check, forwardPath, nextHop),
      );
      if (!answers.every(isKnown)) return judgeLater(place, entry, answers);
      const sender = senderOf(entry, answers);
      return sender instanceof Promise
        ? judgeLater(place, entry, answers)
        : finish(place, entry, answers, sender);
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

function waitingOf({ recipients }: QueueEntry): readonly EntryRecipient[] {
  return recipients.filter(({ isDone }) => !isDone);
}

function isKnown(answer: Answer): answer is PathAnswer {
  return !(answer instanceof Promise);
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
