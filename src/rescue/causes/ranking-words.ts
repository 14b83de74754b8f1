/**
 * Who is meant, in words: from one name to thousands. What strangers wrote is made harmless.
 */
import { formatNumber } from '../../mail/amounts.ts';
import { printable } from '../../mail/printable.ts';
import type { Ranking } from './cause.ts';

const nameLimit = 80;
/** So many names may stand in a list before the rest is only counted. */
export const mostListed = 3;

/** An address or domain; the null reverse-path as it is written in mail. */
export function nameInWords(text: string): string {
  return text === '' ? '<>' : printable(text, nameLimit);
}

/** `50`, `at least 2,000` */
export function distinctInWords({ distinct, isExact }: Ranking): string {
  return isExact ? formatNumber(distinct) : `at least ${formatNumber(distinct)}`;
}

/** `a`, `a and b`, `a, b and 3 others`; null where there are none. */
export function namesInWords(ranking: Ranking, listed = 2): string | null {
  const { distinct, top } = ranking;
  // One that would be left over is named as well.
  const shown = top.slice(0, distinct === listed + 1 ? listed + 1 : listed);
  if (shown.length === 0) return null;
  const names = shown.map(({ text }) => nameInWords(text));
  const others = distinct - shown.length;
  if (others > 0 || !ranking.isExact) {
    const rest = others > 1 ? `${formatNumber(others)} others` : 'others';
    names.push(ranking.isExact || others < 2 ? rest : `at least ${rest}`);
  }
  return joined(names);
}

/** `a (4,312), b (12) and 30 more`; null where there are none. */
export function countsInWords(ranking: Ranking): string | null {
  const { distinct, top, isExact } = ranking;
  const shown = top.slice(0, distinct === mostListed + 1 ? mostListed + 1 : mostListed);
  if (shown.length === 0) return null;
  const names = shown.map(({ text, count }) => `${nameInWords(text)} (${formatNumber(count)})`);
  const others = distinct - shown.length;
  if (others > 0) names.push(`${isExact ? '' : 'at least '}${formatNumber(others)} more`);
  return joined(names);
}

/** `300 domains (most to big.example: 500)`, or the names where they are few; null where there are none. */
export function domainsInWords(domains: Ranking): string | null {
  const [first] = domains.top;
  if (!first) return null;
  if (domains.distinct <= mostListed && domains.isExact)
    return joined(domains.top.map(({ text }) => nameInWords(text)));
  const most = `most to ${nameInWords(first.text)}: ${formatNumber(first.count)}`;
  const isOutstanding = first.count > 1 && first.count > (domains.top[1]?.count ?? 0);
  return `${distinctInWords(domains)} domains${isOutstanding ? ` (${most})` : ''}`;
}

function joined(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}
