/**
 * The one who is asked. Every listener, the delivery and the rescue hold a Judge and nothing else:
 * it gathers the facts that a question needs, has verdict/ judge them, applies the mode of the
 * check, and drops the receipt.
 */
import { formatDomain, parseAddress } from '../mail/address.ts';
import type { NextHop } from '../mail/envelope.ts';
import type { IpNetwork } from '../mail/ip.ts';
import { replies } from '../mail/reply.ts';
import type { Directory } from '../recipients/directory.ts';
import { judgeDmarc } from '../verdict/dmarc.ts';
import { judgeLoop, type LoopLimits } from '../verdict/loop.ts';
import { judgeMailbox } from '../verdict/mailbox.ts';
import { judgeNotice, type NoticeLimits } from '../verdict/notice.ts';
import type { NoticeOrigin } from '../verdict/notice-origin.ts';
import { judgeAddress, judgePath, type PathRole } from '../verdict/path.ts';
import { reasonWords } from '../verdict/reasons.ts';
import type { RoutePolicy } from '../verdict/route-policy.ts';
import {
  type Check,
  type CheckSetting,
  type Question,
  takesAway,
  type Verdict,
} from '../verdict/verdict.ts';
import type { FloodDesk } from './flood-watch.ts';
import { mailboxPath } from './mailbox-path.ts';
import { isOwnClientOf } from './own-client.ts';
import { isOwnProbe } from './own-probe.ts';
import type { Routes } from './routes.ts';

export interface Judge {
  /**
   * Answers at once when the facts are at hand, which they are for almost every question of a flood.
   * Neither throws nor rejects, and never later than its patience allows.
   */
  ask(question: Question): Verdict | Promise<Verdict>;
}

/** A verdict that was not a plain accept; `enforced` is false where it was only watched. */
export type RecordVerdict = (question: Question, verdict: Verdict, enforced: boolean) => void;

export interface JudgeOptions {
  readonly routes: Routes;
  readonly policy: RoutePolicy;
  readonly loops: LoopLimits;
  readonly notices: NoticeLimits;
  /** Who exists at the domains whose mail we take; null for a guard, which takes none. */
  readonly directory: Directory | null;
  /** Who exists at domains of the servers that are guarded; null: they alone know. */
  readonly guarded?: Directory | null;
  readonly checks: Readonly<{ [check in Check]: CheckSetting }>;
  /** Who is told of every verdict, and says what follows from floods; null: nobody. */
  readonly floods?: FloodDesk | null;
  /** Besides this machine itself: clients whom no brake is for. */
  readonly spared?: readonly IpNetwork[];
  readonly record: RecordVerdict;
  /** Resolves once the receipts of what was dropped are on disk, or cannot be written. */
  readonly kept: () => Promise<unknown>;
  /** Told of faults of our own; the question is deferred. */
  readonly onFault: (fault: unknown) => void;
  /**
   * ms for a verdict and its receipt together. Mail servers wait about 10 s for an answer, so every
   * question has one before that, whatever hangs.
   */
  readonly patience: number;
}

export function createJudge(options: JudgeOptions): Judge {
  const { routes, policy, loops, notices, record, kept, onFault, patience } = options;
  const { directory, guarded = null, floods = null, spared = [] } = options;
  const isOwn = isOwnClientOf(policy, spared);

  function isOurs({ client, isTrusted }: Question): boolean {
    return isTrusted === true || isOwn(client?.address ?? null);
  }

  /** What follows from a flood, once its mode is applied; null: go on. */
  function askFloods(question: Question): Verdict | null {
    const setting = options.checks.flood;
    if (!floods || setting.mode === 'off') return null;
    const ours = isOurs(question);
    const found = floods.brake(question, ours);
    if (!found) return null;
    const asked: Question = { ...question, check: 'flood' };
    const isObeyed = setting.mode === 'enforce';
    if (!isObeyed && isToldAnyway(question, found)) return null;
    record(asked, found, isObeyed);
    if (!isObeyed) return null;
    // Of a notice it is the notice that ends, of other mail the attempt.
    floods.see(question.check === 'notice' ? question : asked, found, ours);
    return found;
  }

  /** A notice that its own check stops, or would stop for the same reason: one receipt is enough. */
  function isToldAnyway(question: Question, flooded: Verdict): boolean {
    if (question.check !== 'notice' || !question.origin) return false;
    const stopped = judgeNotice(question.origin, notices);
    const { mode } = options.checks.notice;
    if (!stopped || mode === 'off') return false;
    return mode === 'enforce' || stopped.reason === flooded.reason;
  }

  function settingOf(question: Question): CheckSetting {
    return isOurOwnMailbox(question) ? alwaysEnforced : options.checks[question.check];
  }

  function gatherSafely(question: Question): Verdict | Promise<Verdict> {
    try {
      return gatherAndJudge(question);
    } catch (fault) {
      return deferFault(fault);
    }
  }

  function gatherAndJudge(question: Question): Verdict | Promise<Verdict> {
    switch (question.check) {
      case 'sender':
        return judgeSubject('sender', question.reversePath, question.nextHop);
      case 'recipient':
        return judgeSubject('recipient', question.forwardPath, question.nextHop);
      case 'notice': {
        const verdict = question.origin ? judgeOrigin(question.origin) : null;
        return verdict ?? judgeSubject('notice', question.forwardPath, question.nextHop);
      }
      case 'loop':
        return judgeLoop(question.facts, loops);
      case 'dmarc':
        return judgeDmarc(question.proof);
      case 'mailbox':
        return findMailbox(question);
      case 'flood':
        return checkOff;
    }
  }

  /** What the limits call a storm is one with the floods, so that it is told and lifted as they are. */
  function judgeOrigin(origin: NoticeOrigin): Verdict | null {
    const verdict = judgeNotice(origin, notices);
    if (!floods || verdict?.reason !== 'notice-storm') return verdict;
    return floods.storm(verdict, origin.backlog !== null);
  }

  function directoryFor(question: MailboxQuestion): Directory | null {
    if (isOurOwnMailbox(question)) return directory;
    return isOwnProbe(question.client, question.reversePath, policy) ? null : guarded;
  }

  function findMailbox(question: MailboxQuestion): Verdict | Promise<Verdict> {
    const { forwardPath, nextHop } = question;
    const path = mailboxPath(forwardPath, nextHop) ?? forwardPath;
    const facts = directoryFor(question)?.find(path) ?? { kind: 'foreign' };
    return facts instanceof Promise
      ? facts.then((found) => judgeMailbox(path, found))
      : judgeMailbox(path, facts);
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
      ? route.then((found) => judgePath(role, found, nextHop))
      : judgePath(role, route, nextHop);
  }

  async function answerLater(
    question: Question,
    pending: Promise<Verdict>,
    setting: CheckSetting,
  ): Promise<Verdict> {
    using deadline = startDeadline(patience);
    const late = () => deferFault(new Error(`no verdict within ${patience} ms`));
    const verdict = await deadline.race(pending.catch(deferFault), late);
    return await afterReceipt(applyMode(question, verdict, setting), deadline);
  }

  /** Nothing vanishes: mail is dropped only after its receipt is written. */
  async function afterReceipt(verdict: Verdict, deadline: Deadline): Promise<Verdict> {
    if (takesAway(verdict.action)) await deadline.race<unknown>(kept(), () => {});
    return verdict;
  }

  function deferFault(fault: unknown): Verdict {
    onFault(fault);
    return internalError;
  }

  function applyMode(question: Question, verdict: Verdict, setting: CheckSetting): Verdict {
    floods?.see(question, verdict, isOurs(question));
    if (verdict.action === 'accept') return verdict;
    const { mode, onFailure } = setting;
    const isObeyed = mode === 'enforce' && !(verdict.action === 'defer' && onFailure === 'open');
    record(question, verdict, isObeyed);
    return isObeyed ? verdict : { ...verdict, action: 'accept', reply: null };
  }

  /** Mail for a domain of somebody else, from a client who may send there: its route decides. */
  function isRelayed(question: Question): question is MailboxQuestion {
    if (question.check !== 'mailbox' || !question.mayRelay) return false;
    const path = mailboxPath(question.forwardPath, question.nextHop);
    const address = path === null ? null : parseAddress(path);
    if (address?.kind !== 'mailbox') return !isOurOwnMailbox(question);
    return !directoryFor(question)?.destinationOf(formatDomain(address.domain));
  }

  return {
    ask(asked) {
      const question = isRelayed(asked) ? routeQuestion(asked) : asked;
      const flooded = askFloods(question);
      const setting = settingOf(question);
      if (!flooded && setting.mode === 'off') {
        // It passes: whoever watches for floods sees that like any other.
        floods?.see(question, checkOff, isOurs(question));
        return checkOff;
      }
      const found = flooded ?? gatherSafely(question);
      if (found instanceof Promise) return answerLater(question, found, setting);
      const verdict = flooded ?? applyMode(question, found, setting);
      if (!takesAway(verdict.action)) return verdict;
      const deadline = startDeadline(patience);
      return afterReceipt(verdict, deadline).finally(() => deadline[Symbol.dispose]());
    },
  };
}

/** Asked by a listener that takes the mail itself: an unknown mailbox, or an open relay, is never let in. */
function isOurOwnMailbox(question: Question): boolean {
  return question.check === 'mailbox' && question.nextHop === undefined;
}

const alwaysEnforced: CheckSetting = { mode: 'enforce', onFailure: 'closed' };

type MailboxQuestion = Extract<Question, { check: 'mailbox' }>;

function routeQuestion(question: MailboxQuestion): Question {
  const { forwardPath, nextHop = ownNextHop(forwardPath) } = question;
  return { ...question, check: 'recipient', nextHop };
}

/** We ourselves are the server that would look up the MX. */
function ownNextHop(forwardPath: string): NextHop {
  const host = forwardPath.slice(forwardPath.lastIndexOf('@') + 1);
  return { mailer: 'smtp', host, address: forwardPath };
}

/** An end to all waiting for one question. */
interface Deadline extends Disposable {
  /** The value, or what `otherwise` gives where the deadline comes first. */
  race<T>(value: Promise<T>, otherwise: () => T): Promise<T>;
}

function startDeadline(ms: number): Deadline {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), ms);
  return {
    async race(value, otherwise) {
      const first = await Promise.race([value.then((found) => ({ found })), late]);
      return first ? first.found : otherwise();
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  };
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
