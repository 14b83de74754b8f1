/**
 * What comes to every mail server all day, flood or not.
 */
import { goodClients } from './clients.ts';
import type { Share } from './mix.ts';
import type { Planned } from './planned.ts';
import type { Random } from './random.ts';
import type { ReplaySizes } from './replay-case.ts';
import { goodDomains, knownMailboxes } from './sites.ts';
import { inventMailbox, plainWords, writeSentence, writeText } from './wording.ts';

/** Mail that somebody waits for, and people who mistype an address. */
export function ordinaryMail(random: Random, sizes: ReplaySizes): Share[] {
  return [
    { count: sizes.wanted, make: (number) => wanted(random, number) },
    { count: sizes.misaddressed, make: (number) => misaddressed(random, number) },
  ];
}

export function planLetter(
  random: Random,
  letter: Pick<Planned, 'kind' | 'marker' | 'reversePath' | 'forwardPaths'> & Partial<Planned>,
): Planned {
  return {
    client: random.pick(goodClients),
    subject: writeSentence(random, plainWords, 4),
    fields: [],
    body: writeText(random, plainWords),
    ...letter,
  };
}

function wanted(random: Random, number: number): Planned {
  return planLetter(random, {
    kind: 'wanted',
    marker: `wanted-${number}`,
    reversePath: `customer-${number}@${random.pick(goodDomains)}`,
    forwardPaths: [random.pick(knownMailboxes)],
  });
}

function misaddressed(random: Random, number: number): Planned {
  return planLetter(random, {
    kind: 'misaddressed',
    marker: `misaddressed-${number}`,
    reversePath: `mistaken-${number}@${random.pick(goodDomains)}`,
    forwardPaths: [inventMailbox(random)],
  });
}
