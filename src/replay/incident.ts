/**
 * The case of 2006 as data: which messages come, in which order, and what must become of each.
 *
 * A spammer writes to invented mailboxes at every hosted site, in the name of nicholas@seaton.biz, whose
 * MX leads back to whoever sends to it. Between the spam come messages that somebody waits for.
 */
import { type Variant, variants } from './incident-zone.ts';
import { type Random, seededRandom } from './random.ts';
import { markerField } from './received-content.ts';

export interface IncidentSizes {
  /** Spam messages... */
  readonly messages: number;
  /** ...with so many invented recipients each. */
  readonly recipients: number;
  readonly wanted: number;
  readonly misaddressed: number;
  /** One message more for each oddity of DNS in incident-zone.ts. */
  readonly variants: boolean;
}

/**
 * - spam: forged sender at a black hole, unknown recipients: nobody may ever get a notice
 * - wanted: good sender, known recipient: must reach the backend
 * - misaddressed: good sender, unknown recipient: refused, or its sender gets a notice
 * - variant: sender at an oddity of DNS, unknown recipient: a notice only where it can be delivered
 */
export type MessageKind = 'spam' | 'wanted' | 'misaddressed' | 'variant';

export interface Planned {
  readonly kind: MessageKind;
  /** Unique in the plan: `wanted-17`; `variant-nullmx` for a variant. */
  readonly marker: string;
  /** Unique in the plan, but for spam. */
  readonly reversePath: string;
  readonly forwardPaths: readonly string[];
  readonly subject: string;
  /** Lines ended by LF. */
  readonly body: string;
}

export const forgedSender = 'nicholas@seaton.biz';

/** The sites of the server; each has the one mailbox `info`, which the backend knows. */
export const hostedSites: readonly string[] = [
  'bakery.example',
  'chess-club.example',
  'dentist.example',
  'florist.example',
  'garage.example',
  'hotel.example',
  'library.example',
  'museum.example',
  'orchestra.example',
  'plumber.example',
  'school.example',
  'tailor.example',
];
export const knownMailboxes: readonly string[] = hostedSites.map((site) => `info@${site}`);

/** Domains of real senders; their mail server is the good sink. */
export const goodDomains: readonly string[] = [
  'good-1.example',
  'good-2.example',
  'good-3.example',
  'good-4.example',
  'good-5.example',
];

/** Every message once, mixed as the seed says; the same seed and sizes give the same plan. */
export function* planIncident(seed: string, sizes: IncidentSizes): Generator<Planned, void> {
  const random = seededRandom(seed);
  const left = [sizes.messages, sizes.wanted, sizes.misaddressed];
  const leftVariants = sizes.variants ? [...variants] : [];
  const [spam, wanted, misaddressed] = [0, 1, 2];
  for (;;) {
    const total = left.reduce((sum, count) => sum + count, leftVariants.length);
    if (total === 0) return;
    // Each message that is left is as likely to be the next as any other.
    let at = random.integer(total);
    const isNext = (kind: number): boolean => {
      const count = left[kind] ?? 0;
      at -= count;
      if (at >= 0) return false;
      left[kind] = count - 1;
      return true;
    };
    if (isNext(spam)) yield planSpam(random, sizes.messages - (left[spam] ?? 0), sizes.recipients);
    else if (isNext(wanted)) yield planWanted(random, sizes.wanted - (left[wanted] ?? 0));
    else if (isNext(misaddressed))
      yield planMisaddressed(random, sizes.misaddressed - (left[misaddressed] ?? 0));
    else {
      const [variant] = leftVariants.splice(at, 1);
      if (variant) yield planVariant(random, variant);
    }
  }
}

/** The text that is sent. `run` tells this run's mail from what an earlier one left behind; no blanks. */
export function writeContent(planned: Planned, run: string, now: Date): string {
  return [
    `From: <${planned.reversePath}>`,
    `To: ${planned.forwardPaths.map((path) => `<${path}>`).join(',\n ')}`,
    `Subject: ${planned.subject}`,
    `Date: ${now.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${planned.marker}.${run}@replay.example>`,
    `${markerField}: ${run}/${planned.marker}`,
    '',
    planned.body,
  ].join('\n');
}

/** The other way: null where the marker is of another run, or none of ours. */
export function readMarker(marker: string | null, run: string): string | null {
  return marker?.startsWith(`${run}/`) ? marker.slice(run.length + 1) : null;
}

function planSpam(random: Random, number: number, recipients: number): Planned {
  const forwardPaths = new Set<string>();
  while (forwardPaths.size < recipients) forwardPaths.add(inventedMailbox(random));
  return {
    kind: 'spam',
    marker: `spam-${number}`,
    reversePath: forgedSender,
    forwardPaths: [...forwardPaths],
    subject: sentence(random, spamWords, 5),
    body: text(random, spamWords),
  };
}

function planWanted(random: Random, number: number): Planned {
  return {
    kind: 'wanted',
    marker: `wanted-${number}`,
    reversePath: `customer-${number}@${random.pick(goodDomains)}`,
    forwardPaths: [random.pick(knownMailboxes)],
    subject: sentence(random, plainWords, 4),
    body: text(random, plainWords),
  };
}

function planMisaddressed(random: Random, number: number): Planned {
  return {
    kind: 'misaddressed',
    marker: `misaddressed-${number}`,
    reversePath: `mistaken-${number}@${random.pick(goodDomains)}`,
    forwardPaths: [inventedMailbox(random)],
    subject: sentence(random, plainWords, 4),
    body: text(random, plainWords),
  };
}

function planVariant(random: Random, variant: Variant): Planned {
  return {
    kind: 'variant',
    marker: `variant-${variant.name}`,
    reversePath: `visitor@${variant.domain}`,
    forwardPaths: [inventedMailbox(random)],
    subject: sentence(random, plainWords, 4),
    body: text(random, plainWords),
  };
}

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
const spamWords = [
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
const plainWords = [
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
function inventedMailbox(random: Random): string {
  const name = `${random.pick(firstNames)}.${random.pick(lastNames)}${random.integer(1000)}`;
  return `${name}@${random.pick(hostedSites)}`;
}

function sentence(random: Random, words: readonly string[], length: number): string {
  return Array.from({ length }, () => random.pick(words)).join(' ');
}

function text(random: Random, words: readonly string[]): string {
  const lines = 5 + random.integer(25);
  return Array.from({ length: lines }, () => `${sentence(random, words, 10)}.\n`).join('');
}
