/**
 * Options whose value is one of a list.
 */
import { InvalidArgumentError } from 'commander';
import type { TimeSpan } from '../journal/when.ts';
import { type Reason, reasonWords } from '../verdict/reasons.ts';
import { CommandError } from './exit.ts';

export function oneOf<T extends string>(words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`Expected one of ${words.join(', ')}.`);
  };
}

export function readReason(text: string): Reason {
  if (isReason(text)) return text;
  throw new InvalidArgumentError(`Expected one of ${Object.keys(reasonWords).join(', ')}.`);
}

export function isReason(text: string): text is Reason {
  return Object.hasOwn(reasonWords, text);
}

/** Throws CommandError where `until` ends before `since` begins: nothing could be found, and would look like peace. */
export function checkSpan(since: TimeSpan | undefined, until: TimeSpan | undefined): void {
  if (since && until && until.end < since.start)
    throw new CommandError('expected --until after --since, found it before');
}
