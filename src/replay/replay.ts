/**
 * Plays an incident, that of 2006 or another, against a mail server: DNS, senders, backend and good sink on one side, the
 * server under test on the other, and counts what came of it.
 *
 * The forged sender is a real domain. Before the flood a probe proves that the server asks our DNS or
 * refuses unknown recipients; otherwise its notices would go to people, and nothing is played.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostPort } from '../mail/endpoint.ts';
import { formatSmtpReply } from '../wire/smtp/reply-reader.ts';
import { createBell } from './bell.ts';
import { forgedSender } from './cases/incident.ts';
import { type CaseName, planReplay } from './cases.ts';
import { type Crowd, createCrowd } from './crowd.ts';
import { type DnsServer, startDnsServer } from './dns-server.ts';
import { incidentZone, probeDomain } from './incident-zone.ts';
import { type Planned, writeContent } from './planned.ts';
import { probe } from './probe.ts';
import type { ReplaySizes } from './replay-case.ts';
import { type ReplayReport, reportOf } from './report.ts';
import { createRoom } from './room.ts';
import { watchSelfConnections } from './self-connections.ts';
import { goodDomains, hostedSites, knownMailboxes } from './sites.ts';
import {
  describeTransaction,
  type Outgoing,
  openSmtpConnection,
  type Transaction,
} from './smtp-connection.ts';
import { onlyMailboxes, type SinkOptions, type SunkMessage, startSmtpSink } from './smtp-sink.ts';
import { createTally, type Place, type Tally } from './tally.ts';
import type { Where } from './target.ts';

export interface ReplayOptions {
  /** From checkTarget; nothing else is ever connected to. */
  readonly target: { readonly address: string; readonly port: number; readonly where: Where };
  readonly seed: string;
  readonly name: CaseName;
  readonly sizes: ReplaySizes;
  /** Whether the server is told by XCLIENT which client sends what; it must allow that from here. */
  readonly tellsClients: boolean;
  /** Of the spammer; those of the wanted mail come on top, at most 4. */
  readonly connections: number;
  /** Spam messages per second; 0 is as fast as it goes. */
  readonly rate: number;
  /** Where we listen. */
  readonly backend: HostPort;
  readonly sink: HostPort;
  /** Null where another DNS server serves the zone. */
  readonly dns: HostPort | null;
  /** To stand where the black hole leads and count who comes; null where the server listens there itself. */
  readonly blackhole: HostPort | null;
  /** A process in the server's network namespace, to see its connections to itself; null for our own. */
  readonly serverPid: number | null;
  /** The caller knows that the server asks our DNS; no probe. */
  readonly trustDns: boolean;
  /** Milliseconds for everything. */
  readonly timeout: number;
  /** Milliseconds to watch on after the last message was sent. */
  readonly settle: number;
  /** Nothing more is to come: ends the watching before its time. */
  readonly enough?: AbortSignal;
  /** Told once all of them listen: the ports, where 0 asked for free ones. */
  readonly onListening?: (ports: ListeningPorts) => void;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

export interface ListeningPorts {
  readonly backend: number;
  readonly sink: number;
  readonly dns: number | null;
  readonly blackhole: number | null;
}

export interface Progress {
  readonly phase: 'probe' | 'play' | 'settle';
  /** Messages done, of all. */
  readonly done: number;
  readonly total: number;
  readonly tally: Tally;
}

export type ReplayEnd =
  | { readonly kind: 'played'; readonly report: ReplayReport }
  /** Nothing was played: the server does not answer, or not as a mail server. */
  | { readonly kind: 'unreachable'; readonly problem: string }
  /** Nothing was played: its notices could reach strangers. */
  | { readonly kind: 'unproved'; readonly problem: string };

/** An address of ours cannot be listened on. */
export class ListenError extends Error {
  readonly code = 'REPLAY_LISTEN';
}

const wantedConnections = 4;
/** A refusal for now is tried again after 1, 2, 4 ... s, at most this many ms. */
const longestRetry = 16_000;

/** Rejects with ListenError. */
export async function playIncident(options: ReplayOptions): Promise<ReplayEnd> {
  const { target, tellsClients } = options;
  const run = randomBytes(4).toString('hex');
  const probeName = `p${run}.${probeDomain}`;
  const tally = createTally(run);
  const started = performance.now();
  const deadline = AbortSignal.timeout(options.timeout);
  const stop = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  const changes = createBell();
  let isProved = options.trustDns;
  let questions = 0;
  let blackholeQuestions = 0;

  await using stack = new AsyncDisposableStack();
  const listen = (place: Place, name: string, { host, port }: HostPort, more: SinkOptions) =>
    listening(`${place} ${host}:${port}`, async () => {
      const onMessage = (message: SunkMessage) => {
        if (message.forwardPaths.some((path) => path.endsWith(`@${probeName}`))) isProved = true;
        tally.arrived(place, message);
        changes.ring();
        return null;
      };
      const own = { host, port, name, onMessage, mostMessages: 1, keptBytes: 0 };
      return stack.use(await startSmtpSink({ ...own, ...more }));
    });
  const backend = await listen('backend', 'backend.example', options.backend, {
    onRcpt: onlyMailboxes(knownMailboxes),
  });
  const sink = await listen('sink', 'mx.good.example', options.sink, {});
  const blackhole =
    options.blackhole && (await listen('blackhole', 'mail.seaton.biz', options.blackhole, {}));
  const dns: DnsServer | null =
    options.dns &&
    (await listening(`DNS ${options.dns.host}:${options.dns.port}`, async () =>
      stack.use(
        await startDnsServer({
          ...options.dns,
          records: incidentZone(
            { target: target.address, sink: options.sink.host },
            hostedSites,
            goodDomains,
          ),
          onQuery(query) {
            const name = query.name.toLowerCase();
            questions++;
            if (name === forgedSender.split('@')[1]) blackholeQuestions++;
            if (name === probeName && !isProved) {
              isProved = true;
              changes.ring();
            }
          },
        }),
      ),
    ));

  options.onListening?.({
    backend: backend.port,
    sink: sink.port,
    dns: dns?.port ?? null,
    blackhole: blackhole?.port ?? null,
  });

  const isHere = options.serverPid === null;
  const ownPorts = new Set<number>();
  const onConnect = (port: number) => {
    // In another namespace the same port number belongs to somebody else.
    if (isHere) ownPorts.add(port);
  };
  const own = [backend, sink, blackhole].flatMap((one) => (one ? [`${one.host} ${one.port}`] : []));
  const watch =
    isHere && target.where === 'beside'
      ? null
      : await watchSelfConnections({
          pid: options.serverPid,
          ports: new Set([25, target.port]),
          except: new Set(isHere ? own : []),
        });
  stack.defer(() => watch?.stop());

  const reached = await openSmtpConnection({
    ...target,
    onConnect,
    stepTimeout: 15_000,
    signal: stop,
  });
  if (reached.kind !== 'open') {
    const { kind, stage } = reached;
    const problem = kind === 'broken' ? reached.problem : formatSmtpReply(reached.reply);
    return { kind: 'unreachable', problem: `${stage}: ${problem}` };
  }
  await reached.connection.quit();

  const sender = (connections: number, rate: number) =>
    stack.use(createCrowd({ ...target, connections, rate, tellsClients, onConnect }));
  const spammer = sender(options.connections, options.rate);
  const people = sender(Math.min(wantedConnections, options.connections), 0);
  const cut = () => {
    void spammer.close();
    void people.close();
    changes.ring();
  };
  stop.addEventListener('abort', cut, { once: true });
  stack.defer(() => stop.removeEventListener('abort', cut));

  const plan = planReplay(options.name, options.seed, options.sizes);
  const { total } = plan;
  let done = 0;
  const tell = (phase: Progress['phase']) => options.onProgress?.({ phase, done, total, tally });

  tell('probe');
  const until = (condition: () => boolean, milliseconds: number) =>
    changes.until(() => condition() || stop.aborted, milliseconds);
  if (!isProved) {
    const problem = await probe(people, run, probeName, () => isProved, until);
    if (problem !== null && !stop.aborted) return { kind: 'unproved', problem };
  }

  const playedFrom = performance.now();
  const send = async (message: Planned): Promise<void> => {
    const outgoing = {
      reversePath: message.reversePath,
      forwardPaths: message.forwardPaths,
      content: writeContent(message, run, new Date()),
    };
    tally.planned(message, performance.now());
    const transaction =
      message.kind === 'spam'
        ? (await spammer.send(message.client, outgoing)).transaction
        : await sendPatiently(people, message.client, outgoing, stop);
    tally.sent(message, transaction, describeTransaction(transaction));
    done++;
    tell('play');
    changes.ring();
  };
  const room = createRoom(options.connections * 2);
  const others: Promise<void>[] = [];
  for (const message of plan.messages) {
    if (stop.aborted) break;
    // Real senders do not wait for the spammer, nor he for them.
    if (message.kind !== 'spam') others.push(send(message));
    else await room.enter(() => send(message));
  }
  await room.empty();
  await Promise.all(others);
  const loadEnded = performance.now();

  tell('settle');
  const settled = until(() => tally.awaited === 0, options.timeout);
  const isWatched = options.enough ? AbortSignal.any([stop, options.enough]) : stop;
  await sleep(options.settle, undefined, { signal: isWatched }).catch(() => undefined);
  await settled;
  await watch?.stop();
  await Promise.all([spammer.close(), people.close()]);

  return {
    kind: 'played',
    report: reportOf({
      name: options.name,
      seed: options.seed,
      run,
      target,
      total,
      done,
      ended: !stop.aborted ? 'settled' : deadline.aborted ? 'timeout' : 'interrupted',
      loadSeconds: (loadEnded - playedFrom) / 1000,
      totalSeconds: (performance.now() - started) / 1000,
      tally,
      selfConnections: watch?.count(ownPorts) ?? null,
      blackhole: blackhole ? blackhole.counts : null,
      dns: dns ? { questions, forForgedSender: blackholeQuestions } : null,
      connections: {
        made: spammer.connected + people.connected,
        ofSpammer: spammer.connected,
        failed: spammer.failed + people.failed,
      },
    }),
  };
}

/** As a real mail server sends: what is refused for now, or breaks, is tried again until it is time to stop. */
async function sendPatiently(
  sender: Crowd,
  client: string,
  message: Outgoing,
  stop: AbortSignal,
): Promise<Transaction> {
  let last: Transaction | null = null;
  for (let delay = 1000; ; delay = Math.min(delay * 2, longestRetry)) {
    const { transaction } = await sender.send(client, message);
    // Being stopped by us says nothing of the server; what it said before does.
    if (stop.aborted) return last ?? transaction;
    const isFinal =
      transaction.kind === 'accepted' ||
      (transaction.kind === 'refused' && transaction.reply.code >= 500);
    if (isFinal) return transaction;
    last = transaction;
    await sleep(delay, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) return transaction;
  }
}

async function listening<T>(what: string, start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ListenError(`cannot listen as ${what}: ${why}`, { cause });
  }
}
