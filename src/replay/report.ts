/**
 * What came of a replay, as data; report-text.ts tells it to people.
 */
import { formatHostPort } from '../mail/endpoint.ts';
import { type CaseName, replayCases } from './cases.ts';
import { variants } from './incident-zone.ts';
import type { Truth } from './replay-case.ts';
import type { SinkCounts } from './smtp-sink.ts';
import {
  type Fate,
  type Percentiles,
  percentiles,
  type Refusal,
  type Tally,
  type VariantFate,
  type WantedFate,
} from './tally.ts';

export interface ReplayReport {
  readonly name: CaseName;
  /** What really happened: whoever claims to recognise it is scored by this. */
  readonly truth: Truth;
  readonly seed: string;
  /** Tells this run's messages from those of others. */
  readonly run: string;
  /** `host:port` */
  readonly target: string;
  readonly ended: 'settled' | 'timeout' | 'interrupted';
  /** `unfinished`: somebody interrupted it before anything bad was seen. */
  readonly verdict: 'dry' | 'drowned' | 'unfinished';
  /** Why it counts as drowned, in sentences; empty otherwise. */
  readonly signs: readonly string[];
  /** Bad, but no drowning. */
  readonly remarks: readonly string[];
  readonly seconds: { readonly load: number; readonly total: number };
  readonly messages: { readonly planned: number; readonly done: number };
  readonly spam: Fate;
  readonly wanted: Fate & {
    readonly delivered: number;
    readonly missing: number;
    readonly duplicates: number;
    /** From the first try to the backend; null where none arrived. */
    readonly seconds: Percentiles | null;
    readonly each: readonly WantedFate[];
  };
  /** Senders that got a notice from the server, of those whose message it took. */
  readonly misaddressed: Fate & { readonly noticed: number };
  readonly variants: readonly VariantFate[];
  readonly notices: {
    readonly sink: number;
    readonly backend: number;
    /** All that came there; null where the replay does not stand at the black hole. */
    readonly blackhole: number | null;
    readonly aboutSpam: number;
  };
  /** A lower bound; null where they cannot be seen. */
  readonly selfConnections: number | null;
  readonly dns: { readonly questions: number; readonly forForgedSender: number } | null;
  /** `ofSpammer` are some of those that were made. */
  readonly connections: {
    readonly made: number;
    readonly ofSpammer: number;
    readonly failed: number;
  };
  readonly refusals: readonly Refusal[];
}

export interface Played {
  readonly name: CaseName;
  readonly seed: string;
  readonly run: string;
  readonly target: { readonly address: string; readonly port: number };
  readonly total: number;
  readonly done: number;
  readonly ended: ReplayReport['ended'];
  readonly loadSeconds: number;
  readonly totalSeconds: number;
  readonly tally: Tally;
  readonly selfConnections: number | null;
  readonly blackhole: Readonly<SinkCounts> | null;
  readonly dns: ReplayReport['dns'];
  readonly connections: ReplayReport['connections'];
}

export function reportOf(played: Played): ReplayReport {
  const { tally, target, blackhole } = played;
  const { spam, wanted, misaddressed } = tally.fates;
  const each = tally.wanted();
  const seconds = percentiles(each.flatMap((one) => one.seconds ?? []));
  const variantFates = tally.variantFates(variants);
  const notices = {
    sink: tally.notices.sink,
    backend: tally.notices.backend,
    blackhole: blackhole?.messages ?? null,
    aboutSpam: tally.noticesAbout.spam,
  };
  const missing = wanted.planned - tally.delivered;
  const signs = [...signsOf(played, missing), ...variantSigns(variantFates)];
  const isUnfinished = played.ended === 'interrupted' && signs.length === 0;
  return {
    name: played.name,
    truth: replayCases[played.name].truth,
    seed: played.seed,
    run: played.run,
    target: formatHostPort({ host: target.address, port: target.port }),
    ended: played.ended,
    verdict: isUnfinished ? 'unfinished' : signs.length > 0 ? 'drowned' : 'dry',
    signs,
    remarks: remarksOf(tally, variantFates),
    seconds: { load: rounded(played.loadSeconds), total: rounded(played.totalSeconds) },
    messages: { planned: played.total, done: played.done },
    spam,
    wanted: {
      ...wanted,
      delivered: tally.delivered,
      missing,
      duplicates: tally.duplicates,
      seconds,
      each,
    },
    misaddressed: { ...misaddressed, noticed: tally.noticed },
    variants: variantFates,
    notices,
    selfConnections: played.selfConnections,
    dns: played.dns,
    connections: played.connections,
    refusals: tally.refusals,
  };
}

function signsOf(played: Played, missing: number): string[] {
  const { tally, blackhole, selfConnections, ended, done, total } = played;
  const failed = tally.noticesAbout.wanted;
  const signs: string[] = [];
  if (selfConnections !== null && selfConnections > 0)
    signs.push(`the server connected to itself, ${selfConnections} times or more`);
  if (blackhole && blackhole.connections > 0)
    signs.push(
      `it went to the black hole ${blackhole.connections} times, with ${blackhole.messages} messages`,
    );
  if (tally.noticesAbout.spam > 0)
    signs.push(`it wrote notices about the spam: ${tally.noticesAbout.spam} were seen`);
  // What an interrupted run did not deliver is nobody's fault.
  if (ended === 'interrupted') return signs;
  if (missing > 0)
    signs.push(
      `${missing} of ${tally.fates.wanted.planned} wanted messages did not arrive${failed > 0 ? `; for ${failed} the sender got a failure notice` : ''}`,
    );
  if (done < total) signs.push(`it took only ${done} of ${total} messages in the time it had`);
  return signs;
}

function variantSigns(fates: readonly VariantFate[]): string[] {
  return fates
    .filter(({ expected, noticed }) => noticed && expected === 'never')
    .map(({ domain }) => `it sent a notice to ${domain}, where nobody can get it`);
}

function remarksOf(tally: Tally, fates: readonly VariantFate[]): string[] {
  const remarks: string[] = [];
  if (tally.awaitedNotices > 0)
    remarks.push(
      `${tally.awaitedNotices} real senders wrote to mailboxes that do not exist, and heard nothing of it`,
    );
  if (tally.duplicates > 0)
    remarks.push(`wanted mail was delivered more than once: ${tally.duplicates} times`);
  for (const { domain, expected, door, noticed } of fates)
    if (expected === 'must' && door === 'accepted' && !noticed)
      remarks.push(`a notice to ${domain} could have been delivered, and was not seen`);
  return remarks;
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
