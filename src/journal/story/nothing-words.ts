/**
 * Why there is nothing to tell, in words: no log has anything, or none has it for the time that was asked.
 */
import { formatLocalTime } from '../../mail/amounts.ts';
import type { SourceReport } from './log-source.ts';
import type { Story } from './tell.ts';

export interface NothingWords {
  readonly title: string;
  /** What was asked, and what time the logs are of; empty where that is not why. */
  readonly why: string;
}

export function describeNothing(story: Pick<Story, 'of' | 'sources' | 'asked'>): NothingWords {
  const { of, sources, asked } = story;
  const isAsked = asked.since !== null || asked.until !== null;
  if (of === 'journal' && !isAsked) return { title: 'nothing yet', why: '' };
  if (!isAsked || (of === 'logs' && sources.every(({ events }) => events === 0)))
    return { title: 'nothing that a mail server said of its mail', why: '' };
  const sentences = [`Asked was what happened ${askedInWords(asked)}.`, spanInWords(sources)];
  return { title: 'nothing in the time that was asked for', why: sentences.join(' ').trimEnd() };
}

function askedInWords({ since, until }: Story['asked']): string {
  const from = since === null ? '' : `from ${formatLocalTime(since)} on`;
  const before = until === null ? '' : `before ${formatLocalTime(until)}`;
  return [from, before].filter((text) => text !== '').join(' and ');
}

function spanInWords(sources: readonly SourceReport[]): string {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const source of sources) {
    first = Math.min(first, source.first ?? first);
    last = Math.max(last, source.last ?? last);
  }
  if (first > last) return '';
  const go = sources.length === 1 ? 'The log goes' : 'The logs go';
  return `${go} from ${formatLocalTime(first)} until ${formatLocalTime(last)}.`;
}
