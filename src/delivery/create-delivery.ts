/**
 * Puts the delivery together.
 */
import type { Judge } from '../judge/judge.ts';
import type { Routes } from '../judge/routes.ts';
import type { Clock } from '../mail/clock.ts';
import type { HostPort } from '../mail/endpoint.ts';
import type { QueueId } from '../mail/queue-id.ts';
import type { Directory } from '../recipients/directory.ts';
import type { QueueStore } from '../store/queue-store.ts';
import { defaultNoticeLimits } from '../verdict/notice.ts';
import type { ConfiguredHosts } from './configured-hosts.ts';
import { createCutThrough } from './cut-through.ts';
import type { Delivery } from './delivery.ts';
import { defaultLaneLimits, type LaneLimits } from './lane.ts';
import { createLanes } from './lanes.ts';
import type { DeliveryLog } from './log.ts';
import { createHopOf } from './next-hop.ts';
import { createNoticeBacklog } from './notice-backlog.ts';
import { createNoticeCounts, type NoticeCounts } from './notice-counts.ts';
import { createNotices } from './notices.ts';
import { defaultRetrySchedule, type RetrySchedule } from './retry.ts';
import { createScheduler, defaultSchedulerLimits, type SchedulerLimits } from './scheduler.ts';
import { createSettler } from './settling.ts';
import type { Observe } from './tell-fates.ts';
import type { Transports } from './transports.ts';
import { createWays } from './ways.ts';

export interface DeliveryOptions {
  /** Recovered already: `store.recover()`. Stays open. */
  readonly store: QueueStore;
  readonly judge: Judge;
  readonly routes: Pick<Routes, 'routeOf'>;
  readonly directory: Pick<Directory, 'destinationOf' | 'expand'>;
  /** They stay open. */
  readonly transports: Transports;
  /** Takes the mail of all foreign domains; null: their MX do. */
  readonly smarthost: HostPort | null;
  readonly hosts: ConfiguredHosts;
  /** Name of this server. */
  readonly name: string;
  /** For notices; from the one generator of this process. */
  readonly nextId: () => QueueId;
  /** Letters and digits that nobody can guess. */
  readonly token: () => string;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: DeliveryLog;
  /** To be kept over a reload, so that no cap begins anew; default: new ones. */
  readonly noticeCounts?: NoticeCounts;
  readonly settings?: Partial<DeliverySettings>;
  /** Is told what became of each recipient that was tried. */
  readonly observe?: Observe;
  /** Is told at the start, while too many notices wait, and once when they do not any more. */
  readonly onNoticeBacklog?: (isOver: boolean) => void;
}

/** Times in ms. */
export interface DeliverySettings {
  readonly retry: RetrySchedule;
  readonly lanes: LaneLimits;
  /** Transactions with servers of others at a time. */
  readonly mostActive: number;
  readonly scheduler: SchedulerLimits;
  /** Domains whose backend gets a message while the client waits; comparable form. */
  readonly cutThrough: ReadonlySet<string>;
  readonly notices: NoticeSettings;
}

export interface NoticeSettings {
  /** Most that wait to be delivered: see NoticeLimits. */
  readonly backlog: number;
  /** How long the delivery of a notice is tried. */
  readonly life: number;
  /** How long a message is kept whose failure nobody is told of. */
  readonly keep: number;
  /** Reports go to the login's own address rather than to the reverse-path. */
  readonly addressOfLogin: ((login: string) => string | null) | null;
  /** Time in the queue after which a delay is reported, once. */
  readonly delayAfter: number;
  /**
   * Also to senders who did not ask for it. Off: most delays end by themselves before anybody reads of
   * them, and a report that needs no answer teaches people to ignore those that do.
   */
  readonly tellsDelay: boolean;
  /** Messages up to so many octets are returned whole. */
  readonly mostReturned: number;
}

const day = 86_400_000;

export const defaultDeliverySettings: DeliverySettings = {
  retry: defaultRetrySchedule,
  lanes: defaultLaneLimits,
  mostActive: 400,
  scheduler: defaultSchedulerLimits,
  cutThrough: new Set(),
  notices: {
    backlog: defaultNoticeLimits.backlog,
    life: day,
    keep: 7 * day,
    addressOfLogin: null,
    delayAfter: 4 * 3_600_000,
    tellsDelay: false,
    mostReturned: 51_200,
  },
};

/** Starts at once: what is due is claimed. */
export function createDelivery(options: DeliveryOptions): Delivery {
  const { store, judge, routes, directory, transports, hosts, clock, random, log } = options;
  const settings = { ...defaultDeliverySettings, ...options.settings };
  const hopOf = createHopOf(directory, options.smarthost);
  const now = clock.now;
  const lanes = createLanes({
    limits: settings.lanes,
    mostActive: settings.mostActive,
    mostFresh: Math.ceil(settings.scheduler.mostFresh / 2),
    mostBacklog: settings.scheduler.perDomain * 2,
    now,
    random,
    onRoom: () => scheduler.look(),
  });
  const stopping = new AbortController();
  const tools = {
    hopOf,
    lanes,
    openWay: createWays({ judge, routes, hosts, transports }),
    onFault: (fault: unknown) => log.error({ err: fault }, 'a delivery met a fault of our own'),
  };
  const { keep, delayAfter, tellsDelay, backlog: limit, ...noticeSettings } = settings.notices;
  const tell = options.onNoticeBacklog ?? (() => {});
  const backlog = createNoticeBacklog({ store, limit, tell });
  const notices = createNotices({
    ...noticeSettings,
    name: options.name,
    judge,
    directory,
    hopOf,
    backlog,
    counts: options.noticeCounts ?? createNoticeCounts(now),
    nextId: options.nextId,
    token: options.token,
  });
  const rules = { schedule: settings.retry, delayAfter, tellsDelay };
  const { observe } = options;
  const settler = createSettler({
    store,
    notices,
    rules,
    keep,
    clock,
    random,
    log,
    ...(observe && { observe }),
  });
  const cutThrough = createCutThrough({
    domains: settings.cutThrough,
    tools: { ...tools, signal: stopping.signal },
    now,
    log,
  });
  const scheduler = createScheduler({
    store,
    tools,
    settler,
    backlog,
    cutThrough,
    stopping,
    limits: settings.scheduler,
    clock,
    log,
  });
  return scheduler;
}
