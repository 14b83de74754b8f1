/**
 * The incident of 2006, set up around a mail server of the tests.
 *
 * The server relays the hosted sites to a backend that knows only `info@` of each, and takes every
 * recipient at its own door: the classic way to make a source of backscatter.
 */
import type { ZoneData } from '../../src/replay/dns-server.ts';
import { incidentZone } from '../../src/replay/incident-zone.ts';
import type { ReplayOptions } from '../../src/replay/replay.ts';
import type { ReplaySizes } from '../../src/replay/replay-case.ts';
import type { ReplayReport } from '../../src/replay/report.ts';
import { goodDomains, hostedSites } from '../../src/replay/sites.ts';
import { isFull } from '../is-full.ts';
import { type Actor, type CallsOf, startActor } from './actor.ts';
import { addresses, type Network } from './network.ts';
import type { Sendmail } from './sendmail.ts';
import { until } from './until.ts';

/** Messages of the flood. */
export const floodSize = isFull ? 2000 : 300;
export const wantedSize = 100;
export const incidentSizes: ReplaySizes = {
  messages: floodSize,
  recipients: 5,
  wanted: wantedSize,
  misaddressed: 5,
  variants: false,
};

/** Hosted domain -> address of the server that takes its mail. */
export const toBackend: Readonly<Record<string, string>> = Object.fromEntries(
  hostedSites.map((site) => [site, addresses.backend.v4]),
);

export type Dns = Actor<CallsOf<typeof import('./actors/dns.ts')>>;
export type People = Actor<CallsOf<typeof import('./actors/incident.ts')>>;

export interface Incident extends AsyncDisposable {
  /** Everybody but the server: `play` sends, until the wanted messages that were taken have arrived. */
  readonly people: People;
  /** Answers before, while and after they play. */
  readonly dns: Dns;
}

/** The DNS answers when it resolves; backend and sink listen while it is played. */
export async function openIncident(
  network: Network,
  options: Partial<ReplayOptions> = {},
): Promise<Incident> {
  await using stack = new AsyncDisposableStack();
  const dns = stack.use(await openDns(network, incidentRecords));
  const people = stack.use(await openPeople(network, options));
  const kept = stack.move();
  return { people, dns, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const { server, backend, sink, dns: nameserver } = addresses;

export const incidentRecords: ZoneData = {
  ...incidentZone({ target: server.v4, sink: sink.v4 }, hostedSites, goodDomains),
  'mx.host.example': { A: [server.v4], AAAA: [server.v6] },
};

export async function openDns(network: Network, records: ZoneData, ttl?: number): Promise<Dns> {
  return await startActor<typeof import('./actors/dns.ts')>(
    network.world,
    new URL('./actors/dns.ts', import.meta.url),
    { host: nameserver.v4, port: 53, records, ...(ttl === undefined ? {} : { ttl }) },
  );
}

export async function openPeople(
  network: Network,
  options: Partial<ReplayOptions>,
): Promise<People> {
  return await startActor<typeof import('./actors/incident.ts')>(
    network.world,
    new URL('./actors/incident.ts', import.meta.url),
    {
      target: { address: server.v4, port: 25, where: 'beside' },
      name: 'incident',
      seed: 'peers',
      tellsClients: false,
      sizes: incidentSizes,
      connections: 10,
      rate: 0,
      backend: { host: backend.v4, port: 25 },
      sink: { host: sink.v4, port: 25 },
      dns: null,
      blackhole: null,
      // Counted exactly by the server's own machine.
      serverPid: null,
      trustDns: true,
      timeout: 200_000,
      // Its notices to real senders may come after the last wanted message.
      settle: 3000,
      ...options,
    },
  );
}

export interface PlayOptions {
  /** Whether nothing more is to come, once all is sent; without it a while is waited for that. */
  readonly isOver?: () => Promise<boolean>;
  /** ms for all of it: real senders go on trying while their mail is put off. */
  readonly timeout?: number;
}

/** Plays it to its end. Throws where the server does not answer at all. */
export async function play(
  { people }: { readonly people: People },
  { isOver, timeout }: PlayOptions = {},
): Promise<ReplayReport> {
  const playing = people.call('play', isOver !== undefined, timeout);
  if (isOver) {
    await Promise.race([people.call('sent'), playing]);
    await Promise.race([until(isOver), playing]);
    await people.call('enough');
  }
  const end = await playing;
  if (end.kind !== 'played') throw new Error(`${end.kind}: ${end.problem}`);
  return end.report;
}

export interface Figures {
  /** Failure notices that the server wrote, and those about its own notices. */
  readonly notices: number;
  readonly doubleBounces: number;
  readonly queued: number;
  readonly selfConnections: number;
  readonly cpuSeconds: number | null;
  readonly wanted: { readonly delivered: number; readonly p50: number; readonly p99: number };
}

export async function figuresOf(sendmail: Sendmail, report: ReplayReport): Promise<Figures> {
  const { machine } = sendmail;
  const log = await machine.log();
  const count = (pattern: RegExp) => log.filter((line) => pattern.test(line)).length;
  const { delivered, seconds } = report.wanted;
  return {
    notices: count(/: DSN: /),
    doubleBounces: count(/: (return to sender|postmaster notify): /),
    queued: await sendmail.queued(),
    selfConnections: await machine.selfConnections(),
    cpuSeconds: await machine.cpuSeconds(),
    wanted: { delivered, p50: seconds?.p50 ?? Number.NaN, p99: seconds?.p99 ?? Number.NaN },
  };
}

/** One line for the output of a test. */
export function formatFigures(figures: Figures): string {
  const { notices, doubleBounces, queued, selfConnections, cpuSeconds, wanted } = figures;
  return [
    `${notices} notices`,
    `${doubleBounces} double bounces`,
    `${queued} in the queue`,
    `${selfConnections} connections to itself`,
    `${cpuSeconds?.toFixed(1) ?? '?'} s of CPU`,
    `${wanted.delivered} of ${wantedSize} wanted messages delivered, p50 ${wanted.p50.toFixed(2)} s, p99 ${wanted.p99.toFixed(2)} s`,
  ].join(', ');
}
