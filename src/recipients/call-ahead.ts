/**
 * Asks the backend of a domain whether it knows a mailbox, before mail for it is accepted.
 *
 * A yes holds for a week and is asked again in the background after a day; a no holds for two hours, as
 * mailboxes are made while their first mail waits. Whoever asks for what is being asked already shares
 * the answer. A backend that says yes to a name that we invented says yes to everything: then asking
 * proves nothing, and the directory says so. The brake is in probe-brake.ts.
 */
import { randomBytes } from 'node:crypto';
import { type Destination, formatDestination } from '../mail/destination.ts';
import { formatReply } from '../mail/reply.ts';
import type { RecipientFacts } from '../verdict/recipient-facts.ts';
import type { Probe, ProbeResult } from './probe.ts';
import { readProbeAnswer } from './probe-answer.ts';
import {
  createProbeBrake,
  defaultProbeLimits,
  type ProbeBrake,
  type ProbeLimits,
} from './probe-brake.ts';
import type { Verified, VerifyCache } from './verify-cache.ts';

export interface CallAheadOptions {
  readonly probe: Probe;
  readonly cache: VerifyCache;
  /** ms since 1970. */
  readonly now: () => number;
  /** A local part that nobody has. Default: 96 random bits. */
  readonly invent?: () => string;
  /** When the backend cannot be asked: `accept` takes the mail on trust. Default `defer`. */
  readonly onSilent?: 'defer' | 'accept';
  readonly limits?: ProbeLimits;
  /** ms that whoever asks waits; the question goes on, and its answer is remembered. Default 6 s. */
  readonly patience?: number;
}

export interface CallAhead {
  /** At once where it is remembered. Never rejects. */
  ask(question: CallAheadQuestion): RecipientFacts | Promise<RecipientFacts>;
}

export interface CallAheadQuestion {
  readonly destination: Destination;
  /** Comparable form. */
  readonly domain: string;
  /** As the client wrote it... */
  readonly localPart: string;
  /** ...and as we compare it. */
  readonly folded: string;
}

const hour = 3_600_000;
const positiveTtl = 7 * 24 * hour;
const refreshAfter = 24 * hour;
const negativeTtl = 2 * hour;
const refusedTtl = hour / 6;
/** Questions that wait for their turn at one backend. */
const waitingLimit = 50;

/** Names that were turned away are remembered, so many for each backend... */
const turnedAwayLimit = 10_000;
/** ...and count as coming again after so many ms: no server tries again sooner. */
const comesAgainAfter = 10_000;

interface Backend {
  readonly destination: Destination;
  readonly name: string;
  readonly brake: ProbeBrake;
  readonly waiting: (() => void)[];
  /** When the question of that key was turned away first, ms. */
  readonly turnedAway: Map<string, number>;
}

type Answer =
  | Verified
  /** Nothing was learnt; `isSilent` where the backend was asked and is to blame. */
  | { readonly kind: 'none'; readonly isSilent: boolean; readonly detail: string };

export function createCallAhead(options: CallAheadOptions): CallAhead {
  const { probe, cache, now, onSilent = 'defer', limits = defaultProbeLimits } = options;
  const { patience = 6_000 } = options;
  const invent = options.invent ?? (() => `x${randomBytes(12).toString('hex')}`);
  const backends = new Map<string, Backend>();
  const open = new Map<string, Promise<Answer>>();

  function backendOf(destination: Destination): Backend {
    const name = formatDestination(destination);
    let backend = backends.get(name);
    if (!backend) {
      const brake = createProbeBrake(limits, now);
      backend = { destination, name, brake, waiting: [], turnedAway: new Map() };
      backends.set(name, backend);
    }
    return backend;
  }

  function remembered(key: string): Verified | undefined {
    const verified = cache.get(key);
    if (!verified) return undefined;
    const age = now() - verified.at;
    return age >= 0 && age < ttlOf(verified) ? verified : undefined;
  }

  /** Shares the answer with whoever asks the same meanwhile. */
  function question(
    backend: Backend,
    key: string,
    path: string,
    isInvented = false,
  ): Promise<Answer> {
    const asked = open.get(key);
    if (asked) return asked;
    const asking = probeOnce(backend, key, path, isInvented).finally(() => open.delete(key));
    open.set(key, asking);
    return asking;
  }

  async function probeOnce(
    backend: Backend,
    key: string,
    path: string,
    isInvented: boolean,
  ): Promise<Answer> {
    const { destination, brake, waiting, turnedAway } = backend;
    while (brake.isFull()) {
      if (waiting.length >= waitingLimit) return unasked('too many questions wait for it');
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    const since = turnedAway.get(key);
    const hindrance = brake.start(
      isInvented || (since !== undefined && now() - since >= comesAgainAfter),
    );
    if (hindrance !== null) {
      waiting.shift()?.();
      if (since === undefined) rememberTurnedAway(turnedAway, key, now());
      return unasked(hindrance);
    }
    turnedAway.delete(key);
    const result = await probe(destination, path).catch(toSilence);
    const verified = result.kind === 'answered' ? readProbeAnswer(result.reply, now()) : null;
    if (verified) cache.set(key, verified);
    const outcome = isInvented ? 'other' : (verified?.kind ?? 'other');
    brake.finish(result.kind === 'silent' ? 'silent' : outcome);
    waiting.shift()?.();
    if (verified) return verified;
    const detail =
      result.kind === 'silent' ? result.detail : `it answered ${formatReply(result.reply)}`;
    return { kind: 'none', isSilent: true, detail };
  }

  /** Whether the backend also knows a name that nobody has. */
  async function isCatchAll(backend: Backend, domain: string): Promise<boolean> {
    const key = keyOf(backend, '', domain);
    const known = remembered(key) ?? (await question(backend, key, `${invent()}@${domain}`, true));
    return known.kind === 'known';
  }

  async function verify(backend: Backend, asked: CallAheadQuestion): Promise<RecipientFacts> {
    const { domain, localPart, folded } = asked;
    const key = keyOf(backend, folded, domain);
    const answer = await question(backend, key, `${localPart}@${domain}`);
    if (answer.kind === 'known' && (await isCatchAll(backend, domain)))
      return catchAllFacts(domain);
    return toFacts(answer, backend);
  }

  async function soon(facts: Promise<RecipientFacts>, backend: Backend): Promise<RecipientFacts> {
    const { promise: late, resolve } = Promise.withResolvers<RecipientFacts>();
    const detail = `no answer within ${patience / 1000} s`;
    // Among many questions it is not the backend that is to blame.
    const isSilent = !backend.brake.isFull();
    const timer = setTimeout(
      () => resolve(toFacts({ kind: 'none', isSilent, detail }, backend)),
      patience,
    );
    try {
      return await Promise.race([facts, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  function toFacts(answer: Answer, { name }: Backend): RecipientFacts {
    switch (answer.kind) {
      case 'known':
        return { kind: 'known', how: `the backend ${name} knows it` };
      case 'unknown':
        return { kind: 'unknown', how: `the backend ${name} does not know it` };
      case 'refused':
        return answer.reply
          ? { kind: 'refused', reply: answer.reply, how: `the backend ${name} refuses it` }
          : { kind: 'unknown', how: `the backend ${name} refuses it` };
      case 'none': {
        const detail = `the backend ${name} cannot tell: ${answer.detail}`;
        return onSilent === 'accept' && answer.isSilent
          ? { kind: 'known', how: `${detail}; taken on trust` }
          : { kind: 'uncertain', detail };
      }
    }
  }

  function refresh(
    backend: Backend,
    key: string,
    path: string,
    { at }: Verified,
    isInvented = false,
  ): void {
    if (now() - at < refreshAfter || open.has(key) || backend.brake.isFull()) return;
    question(backend, key, path, isInvented).catch(() => {});
  }

  return {
    ask(asked) {
      const { destination, domain, localPart, folded } = asked;
      const backend = backendOf(destination);
      const all = keyOf(backend, '', domain);
      const catchAll = remembered(all);
      if (catchAll?.kind === 'known') {
        refresh(backend, all, `${invent()}@${domain}`, catchAll, true);
        return catchAllFacts(domain);
      }
      const key = keyOf(backend, folded, domain);
      const known = remembered(key);
      if (!known) return soon(verify(backend, asked), backend);
      if (known.kind === 'known') refresh(backend, key, `${localPart}@${domain}`, known);
      return toFacts(known, backend);
    },
  };
}

/** The oldest make room. */
function rememberTurnedAway(turnedAway: Map<string, number>, key: string, at: number): void {
  if (turnedAway.size >= turnedAwayLimit)
    for (const oldest of turnedAway.keys()) {
      turnedAway.delete(oldest);
      break;
    }
  turnedAway.set(key, at);
}

function unasked(detail: string): Answer {
  return { kind: 'none', isSilent: false, detail };
}

function toSilence(fault: unknown): ProbeResult {
  return { kind: 'silent', detail: fault instanceof Error ? fault.message : String(fault) };
}

/** `folded` is '' for the question whether it takes mail for every name. */
function keyOf({ name }: Backend, folded: string, domain: string): string {
  return `${name} ${folded}@${domain}`;
}

function ttlOf({ kind }: Verified): number {
  if (kind === 'known') return positiveTtl;
  return kind === 'unknown' ? negativeTtl : refusedTtl;
}

function catchAllFacts(domain: string): RecipientFacts {
  return {
    kind: 'known',
    how: `the backend takes mail for every name at ${domain}, so asking it proves nothing`,
  };
}
