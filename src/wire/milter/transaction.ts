/**
 * What is remembered of one message from MAIL to its end, in bounded memory.
 */
import { type HopFacts, noHops } from '../../mail/hop-facts.ts';
import type { Verdict } from '../../verdict/verdict.ts';
import { barePath } from './paths.ts';

export interface Transaction {
  readonly reversePath: string;
  /** As the client said at MAIL; null where it did not. */
  readonly size: number | null;
  /** The mail server hands it over from itself: see client.ts. */
  readonly simulated: boolean;
  /** How many recipients were not refused... */
  readonly accepted: number;
  /** ...and who they are, up to a limit. */
  readonly recipients: readonly string[];
  /** Those of them that a verdict discards, as the mail server wrote them. */
  readonly discarded: readonly string[];
  /** A verdict on a recipient that cannot be told before the end of the message. */
  readonly deferral: Verdict | null;
  /** Why the message goes into quarantine at its end. */
  readonly quarantine: string | null;
  readonly hops: HopFacts;
  readonly loopJudged: boolean;
}

/** More than any mail server allows in one message. */
const recipientLimit = 10_000;

export function beginTransaction(
  reversePath: string,
  parameters: readonly string[],
  simulated: boolean,
): Transaction {
  return {
    reversePath,
    size: declaredSize(parameters),
    simulated,
    accepted: 0,
    recipients: [],
    discarded: [],
    deferral: null,
    quarantine: null,
    hops: noHops,
    loopJudged: false,
  };
}

/** RFC 1870 §4: up to 20 digits; no server takes more than a number can hold. */
function declaredSize(parameters: readonly string[]): number | null {
  for (const parameter of parameters) {
    const [, digits] = /^size=(\d{1,20})$/i.exec(parameter) ?? [];
    if (digits !== undefined) return Math.min(Number(digits), 2 ** 40);
  }
  return null;
}

/** `path` as the mail server wrote it. */
export function addRecipient(transaction: Transaction, path: string): Transaction {
  const { recipients } = transaction;
  return {
    ...transaction,
    accepted: transaction.accepted + 1,
    recipients: recipients.length < recipientLimit ? [...recipients, barePath(path)] : recipients,
  };
}

/** An accepted recipient is taken off the message at its end; null where there are too many. */
export function discardRecipient(transaction: Transaction, path: string): Transaction | null {
  if (transaction.discarded.length >= recipientLimit) return null;
  return { ...transaction, discarded: [...transaction.discarded, path] };
}

/** Nobody is left to whom the message could go. */
export function isAllDiscarded(transaction: Transaction): boolean {
  return transaction.accepted > 0 && transaction.discarded.length === transaction.accepted;
}
