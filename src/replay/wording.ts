/**
 * Names and texts as people and spammers write them, out of a seed.
 */
import type { Random } from './random.ts';
import { hostedSites } from './sites.ts';

const firstNames = [
  'anna',
  'bill',
  'carla',
  'dave',
  'erika',
  'frank',
  'gina',
  'harry',
  'irene',
  'jack',
];
const lastNames = [
  'baker',
  'cole',
  'duarte',
  'ellis',
  'fisher',
  'grant',
  'hughes',
  'ito',
  'jones',
  'klein',
];
export const spamWords: readonly string[] = [
  'best',
  'cheap',
  'pills',
  'watches',
  'stock',
  'now',
  'discount',
  'alert',
  'mortgage',
  'rates',
];
export const plainWords: readonly string[] = [
  'order',
  'table',
  'for',
  'Friday',
  'thanks',
  'invoice',
  'question',
  'about',
  'the',
  'opening',
  'hours',
];

/** As a spammer makes them up; never `info`. */
export function inventMailbox(random: Random, site?: string): string {
  const name = `${random.pick(firstNames)}.${random.pick(lastNames)}${random.integer(1000)}`;
  return `${name}@${site ?? random.pick(hostedSites)}`;
}

/** So many different ones. */
export function inventMailboxes(random: Random, count: number, site?: string): string[] {
  const found = new Set<string>();
  while (found.size < count) found.add(inventMailbox(random, site));
  return [...found];
}

export function writeSentence(random: Random, words: readonly string[], length: number): string {
  return Array.from({ length }, () => random.pick(words)).join(' ');
}

/** Lines ended by LF. */
export function writeText(random: Random, words: readonly string[]): string {
  const lines = 5 + random.integer(25);
  return Array.from({ length: lines }, () => `${writeSentence(random, words, 10)}.\n`).join('');
}
