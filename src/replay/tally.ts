/**
 * What became of the planned messages: counted as replies and arrivals come in.
 *
 * Pure: times are given by the caller, in ms on one clock.
 */

import { formatSmtpReply } from '../wire/smtp/reply-reader.ts';
import { forgedSender } from './cases/incident.ts';
import type { Variant } from './incident-zone.ts';
import { type MessageKind, type Planned, readMarker } from './planned.ts';
import type { Stage, Transaction } from './smtp-connection.ts';
import type { SunkMessage } from './smtp-sink.ts';

/** Where a message of ours can turn up. */
export type Place = 'backend' | 'sink' | 'blackhole';

/** How the messages of one kind fared at the door; each is counted once, by its last try. */
export interface Fate {
  planned: number;
  accepted: number;
  /** For good, by stage; at `rcpt` only where all recipients were refused. */
  refused: Partial<Record<Stage, number>>;
  /** For now (4xx), by stage. */
  deferred: Partial<Record<Stage, number>>;
  /** Without a reply that makes sense. */
  broken: number;
  /** RCPT by RCPT. */
  recipients: { accepted: number; refused: number };
}

/** Seconds; nearest rank. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface WantedFate {
  readonly marker: string;
  readonly accepted: boolean;
  /** From its first try to the backend; null where it did not arrive. */
  readonly seconds: number | null;
}

export interface VariantFate {
  readonly name: string;
  readonly domain: string;
  readonly expected: Variant['notice'];
  /** `accepted`, `refused at mail: 550 ...` */
  readonly door: string;
  /** Whether a notice came to the good sink or to the black hole, if we stand there. */
  readonly noticed: boolean;
}

export interface Refusal {
  readonly kind: MessageKind;
  readonly stage: Stage;
  /** Addresses left out, so that like replies count together. Text of a server, unescaped. */
  readonly reply: string;
  count: number;
}

export interface Tally {
  readonly fates: Readonly<Record<MessageKind, Fate>>;
  /** Most frequent first. */
  readonly refusals: readonly Refusal[];
  /** Notices by place, and by the kind of message that they are about. */
  readonly notices: Readonly<Record<Place, number>>;
  readonly noticesAbout: Readonly<Record<MessageKind, number>>;
  /** Wanted messages at the backend, and how often one came again. */
  readonly delivered: number;
  readonly duplicates: number;
  /** Of the misaddressed messages that the server took: how many senders got a notice. */
  readonly noticed: number;
  /** Before its first try. */
  planned(message: Planned, now: number): void;
  /** After its last try. */
  sent(message: Planned, transaction: Transaction, describe: string): void;
  arrived(place: Place, message: SunkMessage): void;
  wanted(): WantedFate[];
  variantFates(variants: readonly Variant[]): VariantFate[];
  /** Wanted messages that the server took, and that have neither arrived nor come back as a notice. */
  readonly awaited: number;
  /** Misaddressed messages that the server took and whose sender has no notice. */
  readonly awaitedNotices: number;
}

const kinds: readonly MessageKind[] = ['spam', 'wanted', 'misaddressed', 'variant'];
const mostRefusals = 100;

/** `run` as in writeContent. */
export function createTally(run: string): Tally {
  const newFate = (): Fate => ({
    planned: 0,
    accepted: 0,
    refused: {},
    deferred: {},
    broken: 0,
    recipients: { accepted: 0, refused: 0 },
  });
  const fates = {
    spam: newFate(),
    wanted: newFate(),
    misaddressed: newFate(),
    variant: newFate(),
  };
  const refusals = new Map<string, Refusal>();
  const notices: Record<Place, number> = { backend: 0, sink: 0, blackhole: 0 };
  const noticesAbout = { spam: 0, wanted: 0, misaddressed: 0, variant: 0 };
  const markerOfSender = new Map<string, string>();
  const startedAt = new Map<string, number>();
  const door = new Map<string, string>();
  const accepted = new Set<string>();
  const arrivedAt = new Map<string, number>();
  const noticedMarkers = new Set<string>();
  const awaited = new Set<string>();
  const awaitedNotices = new Set<string>();
  let duplicates = 0;

  const refuse = (message: Planned, transaction: Extract<Transaction, { kind: 'refused' }>) => {
    const { stage, reply } = transaction;
    const fate = fates[message.kind];
    const counts = reply.code < 500 ? fate.deferred : fate.refused;
    counts[stage] = (counts[stage] ?? 0) + 1;
    const text = withoutAddresses(formatSmtpReply(reply), message);
    const key = `${message.kind} ${stage} ${text}`;
    const known = refusals.get(key);
    if (known) known.count++;
    else if (refusals.size < mostRefusals)
      refusals.set(key, { kind: message.kind, stage, reply: text, count: 1 });
  };

  /** What a notice is about: the message that it quotes, or else the sender that it goes to. */
  const subjectOf = (message: SunkMessage): string | null => {
    for (const quoted of message.quoted) {
      const marker = readMarker(quoted, run);
      if (marker !== null) return marker;
    }
    // A quoted marker of another run: a notice that an earlier run left behind.
    if (message.quoted.length > 0 || message.reversePath !== '') return null;
    const [path = ''] = message.forwardPaths;
    return path === forgedSender ? 'spam' : (markerOfSender.get(path) ?? null);
  };

  return {
    fates,
    get refusals() {
      return [...refusals.values()].sort((a, b) => b.count - a.count);
    },
    notices,
    noticesAbout,
    get delivered() {
      return arrivedAt.size;
    },
    get duplicates() {
      return duplicates;
    },
    get noticed() {
      return fates.misaddressed.accepted - awaitedNotices.size;
    },
    get awaited() {
      return awaited.size;
    },
    get awaitedNotices() {
      return awaitedNotices.size;
    },
    planned(message, now) {
      fates[message.kind].planned++;
      if (message.kind === 'spam') return;
      markerOfSender.set(message.reversePath, message.marker);
      startedAt.set(message.marker, now);
    },
    sent(message, transaction, describe) {
      const fate = fates[message.kind];
      for (const reply of transaction.replies.rcpt) {
        if (reply.code < 300) fate.recipients.accepted++;
        else fate.recipients.refused++;
      }
      if (transaction.kind === 'accepted') fate.accepted++;
      else if (transaction.kind === 'refused') refuse(message, transaction);
      else fate.broken++;
      if (message.kind === 'spam') return;
      door.set(message.marker, describe);
      if (transaction.kind !== 'accepted') return;
      const { marker } = message;
      accepted.add(marker);
      // What came of it may be seen before the server's reply is.
      const isNoticed = noticedMarkers.has(marker);
      if (message.kind === 'wanted' && !arrivedAt.has(marker) && !isNoticed) awaited.add(marker);
      if (message.kind === 'misaddressed' && !isNoticed) awaitedNotices.add(marker);
    },
    arrived(place, message) {
      const marker = readMarker(message.marker, run);
      if (marker !== null) {
        if (place !== 'backend' || kindOf(marker) !== 'wanted') return;
        if (arrivedAt.has(marker)) duplicates++;
        else arrivedAt.set(marker, message.at);
        awaited.delete(marker);
        return;
      }
      const subject = subjectOf(message);
      const kind = subject === null ? null : kindOf(subject);
      if (subject === null || kind === null) return;
      notices[place]++;
      noticesAbout[kind]++;
      if (kind === 'spam') return;
      noticedMarkers.add(subject);
      awaitedNotices.delete(subject);
      // Its sender was told that it failed: nobody need wait for it any more.
      awaited.delete(subject);
    },
    wanted() {
      return [...startedAt].flatMap(([marker, from]) => {
        if (kindOf(marker) !== 'wanted') return [];
        const at = arrivedAt.get(marker);
        const seconds = at === undefined ? null : (at - from) / 1000;
        return [{ marker, accepted: accepted.has(marker), seconds }];
      });
    },
    variantFates(variants) {
      return variants.flatMap(({ name, domain, notice }) => {
        const marker = `variant-${name}`;
        const outcome = door.get(marker);
        if (outcome === undefined) return [];
        return [
          { name, domain, expected: notice, door: outcome, noticed: noticedMarkers.has(marker) },
        ];
      });
    },
  };
}

function kindOf(marker: string): MessageKind | null {
  return kinds.find((kind) => marker === kind || marker.startsWith(`${kind}-`)) ?? null;
}

const longestReply = 160;

function withoutAddresses(reply: string, message: Planned): string {
  let text = reply;
  for (const path of [message.reversePath, ...message.forwardPaths])
    if (path !== '') text = text.replaceAll(path, '...');
  return text.slice(0, longestReply);
}

/** Null for no values. */
export function percentiles(values: readonly number[]): Percentiles | null {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return sorted.length === 0 ? null : { p50: at(0.5), p99: at(0.99), max: at(1) };
}
