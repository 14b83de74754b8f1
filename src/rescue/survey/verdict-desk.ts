/**
 * Answers the questions about recipients and senders of a queue: once for each domain, however many threads
 * and entries ask; what was answered once is answered at once.
 *
 * A domain of which mail leads nowhere may still be routed by the server's own tables, or hosted there.
 * So before it is condemned the server itself is asked where it would send, and the question is asked
 * again with that next hop.
 */
import type { Judge } from '../../judge/judge.ts';
import { formatDomain, parseAddress } from '../../mail/address.ts';
import type { NextHop } from '../../mail/envelope.ts';
import { isDeadEnd } from '../../verdict/entry.ts';
import type { Question, Verdict } from '../../verdict/verdict.ts';
import type { MailServer } from '../mail-server.ts';

export interface PathQuestion {
  readonly check: 'sender' | 'recipient' | 'notice';
  /** As the queue has it, without angle brackets. */
  readonly path: string;
  /** Where the server is about to send it, if the entry itself says so. */
  readonly nextHop: NextHop | null;
  /** Questions of one key have one answer. */
  readonly key: string;
}

/** What is kept of a verdict: a queue may name as many domains as it has entries. */
export type PathAnswer = Pick<Verdict, 'action' | 'reason' | 'domain' | 'steps'>;

/** At once where it is known. Never rejects. */
export type AskPath = (question: PathQuestion) => PathAnswer | Promise<PathAnswer>;

export interface VerdictDeskOptions {
  readonly judge: Judge;
  readonly nextHops: MailServer['nextHops'];
  /** Most questions that wait for DNS at once. */
  readonly maxPending: number;
}

/** The words of more than these help nobody, and cost memory. */
const mostWords = 2000;

/** An address that every server can be asked about. */
const plain = /^[\w.+=-]{1,64}@[\w.-]{1,255}$/;

export function createVerdictDesk({ judge, nextHops, maxPending }: VerdictDeskOptions): AskPath {
  const known = new Map<string, PathAnswer | Promise<PathAnswer>>();
  const gate = createGate(maxPending);
  const routes = createRouteDesk(nextHops);

  async function answer({ check, path, nextHop }: PathQuestion): Promise<PathAnswer> {
    const first = await judge.ask(questionOf(check, path, nextHop));
    if (nextHop || check === 'sender' || !mayBeRouted(first)) return answerOf(first);
    const told = (await routes.ask(path)) ?? (await askBeside(path));
    return answerOf(told ? await judge.ask(questionOf(check, path, told)) : first);
  }

  /**
   * An odd address may be one that cannot be asked about, and its answer is that of the whole domain:
   * nobody hides a domain that the admin routes behind such a one.
   */
  async function askBeside(path: string): Promise<NextHop | null> {
    const address = plain.test(path) ? null : parseAddress(path);
    if (address?.kind !== 'mailbox') return null;
    return await routes.ask(`postmaster@${formatDomain(address.domain)}`);
  }

  function answerOf({ action, reason, domain, steps }: Verdict): PathAnswer {
    const words = known.size <= mostWords ? steps : [];
    return domain === undefined
      ? { action, reason, steps: words }
      : { action, reason, steps: words, domain };
  }

  return (question) => {
    const found = known.get(question.key);
    if (found) return found;
    const asked = gate(() => answer(question)).then((told) => {
      known.set(question.key, told);
      return told;
    });
    known.set(question.key, asked);
    return asked;
  };
}

/** Whether the server's own tables could change the verdict: it is a dead end, or only the server knows. */
function mayBeRouted(verdict: Verdict): boolean {
  return isDeadEnd(verdict) || verdict.reason === 'self' || verdict.reason === 'own-name';
}

function questionOf(check: PathQuestion['check'], path: string, nextHop: NextHop | null): Question {
  const common = { adapter: 'rescue', client: null, queueId: null, nextHop } as const;
  if (check === 'sender') return { ...common, check, reversePath: path, forwardPath: null };
  return { ...common, check, reversePath: null, forwardPath: path };
}

/** Lets so many pass at a time, the others in their order. */
function createGate(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return async (work) => {
    if (inside >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else inside++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else inside--;
    }
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
