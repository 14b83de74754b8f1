/**
 * Options whose value is one of a list.
 */
import { InvalidArgumentError } from 'commander';
import { type Reason, reasonWords } from '../verdict/reasons.ts';

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
