/**
 * Asks the one question for every recipient that waits: once for each domain, however many entries name it.
 *
 * A domain of which mail leads nowhere may still be routed by the server's own tables, or hosted there.
 * So before an entry is condemned the server itself is asked where it would send, and the question is
 * asked again with that next hop.
 */
import type { EntryRecipient, QueueEntry } from '../foreign/queue-entry.ts';
import type { Judge } from '../judge/judge.ts';
import { formatDomain, parseAddress } from '../mail/address.ts';
import type { NextHop } from '../mail/envelope.ts';
import { type EntryFacts, isDeadEnd, judgeEntry } from '../verdict/entry.ts';
import type { Question, Verdict } from '../verdict/verdict.ts';
import type { JudgedEntry } from './cause.ts';
import type { MailServer } from './mail-server.ts';
import type { EntryPlace } from './reader.ts';

export interface EntryJudge {
  /** At once where all its domains are known. Never rejects. */
  judge(place: EntryPlace, entry: QueueEntry): JudgedEntry | Promise<JudgedEntry>;
  /** Different questions so far. */
  readonly asked: number;
}

export interface EntryJudgeOptions {
  readonly judge: Judge;
  readonly nextHops: MailServer['nextHops'];
  /** Most questions that wait for DNS at once. */
  readonly maxPending: number;
}

type Check = 'sender' | 'recipient' | 'notice';

/** What is kept of a verdict: the words of many are no help to anybody, and cost memory. */
const mostWords = 2000;

export function createEntryJudge({ judge, nextHops, maxPending }: EntryJudgeOptions): EntryJudge {
  const known = new Map<string, Verdict | Promise<Verdict>>();
  const gate = createGate(maxPending);
  const routes = createRouteDesk(nextHops);
  let words = 0;

  function verdictOn(check: Check, path: string, told: NextHop | null) {
    const address = parseAddress(path);
    const domain = address.kind === 'mailbox' ? formatDomain(address.domain) : `\0${path}`;
    const key = `${check} ${domain}${told ? ` ${told.mailer} ${told.host}` : ''}`;
    const found = known.get(key);
    if (found) return found;
    const asking = gate
      .pass(() => ask(check, path, told))
      .then((verdict) => {
        const kept = words++ < mostWords ? verdict : withoutWords(verdict);
        known.set(key, kept);
        return kept;
      });
    known.set(key, asking);
    return asking;
  }

  async function ask(check: Check, path: string, told: NextHop | null): Promise<Verdict> {
    const first = await judge.ask(questionOf(check, path, told));
    if (told || check === 'sender' || !mayBeRouted(first)) return first;
    const nextHop = await routes.ask(path);
    return nextHop ? await judge.ask(questionOf(check, path, nextHop)) : first;
  }

  async function judgeLater(
    place: EntryPlace,
    entry: QueueEntry,
    verdicts: readonly (Verdict | Promise<Verdict>)[],
  ): Promise<JudgedEntry> {
    const recipients = await Promise.all(verdicts);
    return finish(place, entry, recipients, await senderOf(entry, recipients));
  }

  /** The sender matters only where nobody can receive the mail. */
  function senderOf(
    { notice, reversePath }: QueueEntry,
    recipients: readonly Verdict[],
  ): Verdict | Promise<Verdict> | null {
    if (notice || !recipients.every(isDeadEnd)) return null;
    return verdictOn('sender', reversePath, null);
  }

  return {
    judge(place, entry) {
      const check = entry.notice ? 'notice' : 'recipient';
      const verdicts = waitingOf(entry).map(({ forwardPath, nextHop }) =>
        verdictOn(check, forwardPath, nextHop),
      );
      if (!verdicts.every(isKnown)) return judgeLater(place, entry, verdicts);
      const sender = senderOf(entry, verdicts);
      return sender instanceof Promise
        ? judgeLater(place, entry, verdicts)
        : finish(place, entry, verdicts, sender);
    },
    get asked() {
      return known.size;
    },
  };
}

function waitingOf({ recipients }: QueueEntry): readonly EntryRecipient[] {
  return recipients.filter(({ isDone }) => !isDone);
}

function isKnown(verdict: Verdict | Promise<Verdict>): verdict is Verdict {
  return !(verdict instanceof Promise);
}

/** Whether the server's own tables could change the verdict: it is a dead end, or only the server knows. */
function mayBeRouted(verdict: Verdict): boolean {
  return isDeadEnd(verdict) || verdict.reason === 'self' || verdict.reason === 'own-name';
}

function finish(
  place: EntryPlace,
  entry: QueueEntry,
  recipients: readonly Verdict[],
  sender: Verdict | null,
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

function withoutWords(verdict: Verdict): Verdict {
  return { ...verdict, steps: [] };
}

function questionOf(check: Check, path: string, nextHop: NextHop | null): Question {
  const common = { adapter: 'rescue', client: null, queueId: null, nextHop } as const;
  if (check === 'sender') return { ...common, check, reversePath: path, forwardPath: null };
  return { ...common, check, reversePath: null, forwardPath: path };
}

/** Lets so many pass at a time, the others in their order. */
function createGate(limit: number) {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return {
    async pass<T>(work: () => Promise<T>): Promise<T> {
      if (inside >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
      else inside++;
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else inside--;
      }
    },
  };
}

/** Gathers the addresses that the server is asked about, since every asking starts a program. */
function createRouteDesk(nextHops: MailServer['nextHops']) {
  const mostAtOnce = 500;
  let gathered: { readonly path: string; readonly answer: (hop: NextHop | null) => void }[] = [];
  let isAsking = false;

  async function work(): Promise<void> {
    // Whatever else is found in this turn comes along.
    await new Promise(setImmediate);
    while (gathered.length > 0) {
      const asked = gathered.slice(0, mostAtOnce);
      gathered = gathered.slice(mostAtOnce);
      const found = await nextHops(asked.map(({ path }) => path));
      for (const { path, answer } of asked) answer(found.get(path) ?? null);
    }
    isAsking = false;
  }

  return {
    async ask(path: string): Promise<NextHop | null> {
      const { promise, resolve } = Promise.withResolvers<NextHop | null>();
      gathered.push({ path, answer: resolve });
      if (!isAsking) {
        isAsking = true;
        void work();
      }
      return await promise;
    },
  };
}
