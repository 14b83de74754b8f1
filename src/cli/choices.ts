/**
 * Options whose value is a word of ours: one of a list, or the name of an incident.
 */
import { InvalidArgumentError } from 'commander';
import { parseLink } from '../journal/links.ts';
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

/** The id of an incident, or its link. */
export function readIncidentId(text: string): string {
  const link = parseLink(text);
  if (link?.kind === 'incident') return link.id;
  throw new InvalidArgumentError('Expected the id of an incident, such as 2006-09-05.1.');
}
