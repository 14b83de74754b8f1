/**
 * The one who is asked. Every listener, the delivery and the rescue hold a Judge and nothing else:
 * it gathers the facts that a question needs, has verdict/ judge them, applies the modes of the
 * checks, and drops the receipt.
 */
import type { Question, Verdict } from '../verdict/verdict.ts';

export interface Judge {
  /** Answers at once when the facts are at hand, which they are for almost every question of a flood. */
  ask(question: Question): Verdict | Promise<Verdict>;
}
