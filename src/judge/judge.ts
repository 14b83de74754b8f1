/**
 * The one who is asked. Every listener, the delivery and the rescue hold a Judge and nothing else:
 * it gathers the facts that a question needs, has verdict/ judge them, applies the mode of the
 * check, and drops the receipt.
 */
import type { NextHop } from '../mail/envelope.ts';
import { replies } from '../mail/reply.ts';
import { judgeLoop, type LoopLimits } from '../verdict/loop.ts';
import { judgeAddress, judgePath, type PathRole } from '../verdict/path.ts';
import { reasonWords } from '../verdict/reasons.ts';
import type { RoutePolicy } from '../verdict/route-policy.ts';
import type { Check, CheckSetting, Question, Verdict } from '../verdict/verdict.ts';
import type { Routes } from './routes.ts';

export interface Judge {
  /** Answers at once when the facts are at hand, which they are for almost every question of a flood. */
  ask(question: Question): Verdict | Promise<Verdict>;
}

/** A verdict that was not a plain accept; `enforced` is false where it was only watched. */
export type RecordVerdict = (question: Question, verdict: Verdict, enforced: boolean) => void;

export interface JudgeOptions {
  readonly routes: Routes;
  readonly policy: RoutePolicy;
  readonly loops: LoopLimits;
  readonly checks: Readonly<{ [check in Check]: CheckSetting }>;
  readonly record: RecordVerdict;
  /** Resolves once the receipts of what was dropped are on disk, or cannot be written. */
  readonly kept: () => Promise<unknown>;
  /** Told of faults of our own; the question is deferred. */
  readonly onFault: (fault: unknown) => void;
  /**
   * ms for a verdict, and for its receipt. Mail servers wait about 10 s for an answer, so every
   * question has one before that, whatever hangs.
   */
  readonly patience: number;
}

export function createJudge(options: JudgeOptions): Judge {
  const { routes, policy, loops, checks, record, kept, onFault, patience } = options;

  function gatherAndJudge(question: Question): Verdict | Promise<Verdict> {
    switch (question.check) {
      case 'sender':
        return judgeSubject('sender', question.reversePath, question.nextHop);
      case 'recipient':
      case 'notice':
        return judgeSubject(question.check, question.forwardPath, question.nextHop);
      case 'loop':
        return judgeLoop(question.facts, loops);
    }
  }

  function judgeSubject(
    role: PathRole,
    path: string,
    nextHop: NextHop | null,
  ): Verdict | Promise<Verdict> {
    const address = judgeAddress(role, path, nextHop, policy);
    if (address.kind === 'judged') return address.verdict;
    const route = routes.routeOf(address.domain);
    if (route === null) return overloaded;
    return route instanceof Promise
      ? route.then((found) => judgePath(role, found, nextHop), deferFault)
      : judgePath(role, route, nextHop);
  }

  async function settled(verdict: Promise<Verdict>): Promise<Verdict> {
    const late = new Error(`no verdict within ${patience} ms`);
    return await within(patience, verdict, () => deferFault(late));
  }

  function deferFault(fault: unknown): Verdict {
    onFault(fault);
    return internalError;
  }

  function applyMode(
    question: Question,
    verdict: Verdict,
    { mode, onFailure }: CheckSetting,
  ): Verdict | Promise<Verdict> {
    if (verdict.action === 'accept') return verdict;
    const isObeyed = mode === 'enforce' && !(verdict.action === 'defer' && onFailure === 'open');
    record(question, verdict, isObeyed);
    if (!isObeyed) return { ...verdict, action: 'accept', reply: null };
    // Nothing vanishes: mail is dropped only after its receipt is written.
    if (verdict.action !== 'discard') return verdict;
    return within<unknown>(patience, kept(), () => {}).then(() => verdict);
  }

  return {
    ask(question) {
      const setting = checks[question.check];
      if (setting.mode === 'off') return checkOff;
      const verdict = gatherAndJudge(question);
      return verdict instanceof Promise
        ? settled(verdict).then((later) => applyMode(question, later, setting))
        : applyMode(question, verdict, setting);
    },
  };
}

/** The value, or what `otherwise` gives once so many ms are over. */
async function within<T>(ms: number, value: Promise<T>, otherwise: () => T): Promise<T> {
  const late = Promise.withResolvers<T>();
  const timer = setTimeout(() => late.resolve(otherwise()), ms);
  try {
    return await Promise.race([value, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const checkOff: Verdict = { action: 'accept', reply: null, reason: 'check-off', steps: [] };
const overloaded: Verdict = {
  action: 'defer',
  reply: replies.overloaded,
  reason: 'overloaded',
  steps: [reasonWords.overloaded],
};
const internalError: Verdict = {
  action: 'defer',
  reply: replies.internal,
  reason: 'internal-error',
  steps: [reasonWords['internal-error']],
};
