/**
 * A delivery on a stage: a queue in memory, a clock that stands still, next hops that do as they are
 * told. The judge is the real one; DNS is a table of addresses.
 */

import { createConfiguredHosts } from '../../src/delivery/configured-hosts.ts';
import {
  createDelivery,
  type DeliverySettings,
  defaultDeliverySettings,
} from '../../src/delivery/create-delivery.ts';
import type { Delivery } from '../../src/delivery/delivery.ts';
import { defaultSchedulerLimits } from '../../src/delivery/scheduler.ts';
import type { Delivered, RecipientResult, Shipment } from '../../src/delivery/transport.ts';
import type { FloodWatch } from '../../src/judge/flood-watch.ts';
import { createJudge, type Judge } from '../../src/judge/judge.ts';
import { createRoutes } from '../../src/judge/routes.ts';
import { comparableDomain, formatDomain } from '../../src/mail/address.ts';
import { type Destination, parseDestination } from '../../src/mail/destination.ts';
import { parseHostPort } from '../../src/mail/endpoint.ts';
import type { MailParameters, RcptParameters } from '../../src/mail/envelope.ts';
import { parseIp } from '../../src/mail/ip.ts';
import { nextQueueId, type QueueId } from '../../src/mail/queue-id.ts';
import type { Reply } from '../../src/mail/reply.ts';
import type {
  MessageRecord,
  NewRecipient,
  QueuedMessage,
  QueueStore,
} from '../../src/store/queue-store.ts';
import { defaultLoopLimits } from '../../src/verdict/loop.ts';
import { defaultNoticeLimits, type NoticeLimits } from '../../src/verdict/notice.ts';
import type { DomainFacts } from '../../src/verdict/route-facts.ts';
import { defaultRoutePolicy } from '../../src/verdict/route-policy.ts';
import { noProof, type SenderProof } from '../../src/verdict/sender-proof.ts';
import type { Question, Verdict } from '../../src/verdict/verdict.ts';
import { createFakeClock, type FakeClock } from '../fake-clock.ts';
import { memoryQueue } from '../store/memory-queue.ts';

/** What a next hop says to one recipient. */
export type Says = (forwardPath: string, shipment: Shipment) => Answer | Promise<Answer>;
export type Answer = Partial<Omit<RecipientResult, 'index'>> & { readonly isDown?: boolean };

export const taken: Answer = {
  outcome: 'relayed',
  reply: { code: 250, status: '2.0.0', text: 'Ok' },
};
export const refused: Answer = {
  outcome: 'failed',
  reply: { code: 550, status: '5.1.1', text: 'No such user' },
};
export const later: Answer = {
  outcome: 'deferred',
  reply: { code: 451, status: '4.3.0', text: 'Not now' },
};
export const dead: Answer = {
  outcome: 'deferred',
  reply: { code: 451, status: '4.4.1', text: 'No answer' },
  isDown: true,
};

export interface StageOptions {
  readonly store?: QueueStore;
  readonly clock?: FakeClock;
  /** By next hop: a domain, `host:port`, a folder; `*` for all others. Default: all is taken. */
  readonly hops?: Record<string, Says>;
  /** Hosted domains and where their mail goes. */
  readonly hosted?: Record<string, string>;
  /** IPv4 address behind a domain; null: it does not exist; 'fails': DNS does not answer. */
  readonly dns?: Record<string, string | null>;
  readonly smarthost?: string;
  readonly ownListener?: string;
  readonly notices?: Partial<NoticeLimits>;
  readonly settings?: Partial<DeliverySettings>;
  readonly mailboxes?: readonly string[];
  /** Told and asked as in a server; by default nobody watches for floods. */
  readonly floods?: FloodWatch;
  /** ms between two looks into the store; for tests of days. */
  readonly interval?: number;
}

export interface Stage extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly store: QueueStore;
  readonly delivery: Delivery;
  readonly judge: Judge;
  /** `hop forwardPath` of all that was tried, in order. */
  readonly tried: string[];
  /** Shipments that a next hop took. */
  readonly shipments: {
    readonly hop: string;
    readonly shipment: Shipment;
    readonly text: string;
  }[];
  readonly verdicts: { readonly question: Question; readonly verdict: Verdict }[];
  readonly log: { readonly details: Record<string, unknown>; readonly message: string }[];
  /** Commits and hands over; resolves once nothing is under way any more. */
  send(message: Partial<Sent>): Promise<QueueId>;
  /** Commits only. */
  queue(message: Partial<Sent>): Promise<QueueId>;
  /** Until all that was started came to rest. */
  rest(): Promise<void>;
  /** Lets time pass, with all that falls due on the way. */
  pass(ms: number): Promise<void>;
  all(): Promise<QueuedMessage[]>;
}

export interface Sent {
  readonly from: string;
  readonly to: readonly (string | Partial<RcptParameters & { readonly original: string }>)[];
  readonly content: string;
  readonly proof: SenderProof;
  readonly parameters: Partial<MailParameters>;
  readonly life: number;
}

export const spfProof: SenderProof = {
  ...noProof,
  spf: { result: 'pass', domain: 'sender.example' },
};

const content = 'Subject: a message\r\nMessage-ID: <1@sender.example>\r\n\r\nHello.\r\n';
const day = 86_400_000;

export function createStage(options: StageOptions = {}): Stage {
  const { store = memoryQueue(), clock = createFakeClock(), hops = {}, dns = {} } = options;
  const tried: string[] = [];
  const shipments: Stage['shipments'] = [];
  const verdicts: Stage['verdicts'] = [];
  const log: Stage['log'] = [];
  let lastId = 0;
  const nextId = () => {
    lastId = nextQueueId(lastId, clock.now());
    return lastId;
  };
  const hosted = new Map<string, Destination>();
  for (const [domain, text] of Object.entries(options.hosted ?? {})) {
    const destination = parseDestination(text);
    if (destination) hosted.set(domain, destination);
  }
  const mailboxes = options.mailboxes && new Set(options.mailboxes);
  const directory = {
    find: (path: string) => {
      if (!hosted.has(domainOf(path))) return { kind: 'foreign' } as const;
      return mailboxes && !mailboxes.has(path)
        ? ({ kind: 'unknown', how: 'no list knows it' } as const)
        : ({ kind: 'known', how: 'a mailbox' } as const);
    },
    expand: (path: string) => [path],
    destinationOf: (domain: string) => hosted.get(domain) ?? null,
  };
  const routes = createRoutes({
    gather: async (domain) => ({
      facts: {
        domain: formatDomain(domain),
        found: factsOf(dns[formatDomain(domain)]),
        hostsFile: [],
      },
      ttl: 1000,
    }),
    policy: defaultRoutePolicy,
    now: clock.now,
    capacity: 1000,
    maxPending: 100,
  });
  const judge = createJudge({
    routes,
    policy: defaultRoutePolicy,
    loops: defaultLoopLimits,
    notices: { ...defaultNoticeLimits, ...options.notices },
    directory,
    checks: {
      sender: enforce,
      recipient: enforce,
      mailbox: enforce,
      notice: enforce,
      loop: enforce,
      dmarc: enforce,
      flood: enforce,
    },
    floods: options.floods ?? null,
    record: (question, verdict) => verdicts.push({ question, verdict }),
    kept: async () => true,
    onFault: (fault) => {
      throw fault;
    },
    patience: 5000,
  });
  const transportFor = (hop: string) => ({
    async deliver(shipment: Shipment, signal: AbortSignal): Promise<Delivered> {
      const says = hops[hop] ?? hops['*'] ?? (() => taken);
      const results: RecipientResult[] = [];
      let isDown = false;
      for (const { forwardPath, index } of shipment.recipients) {
        tried.push(`${hop} ${forwardPath}`);
        const answered = says(forwardPath, shipment);
        const answer = answered instanceof Promise ? await orAborted(answered, signal) : answered;
        isDown ||= answer.isDown ?? false;
        const { outcome = 'relayed', reply = ok, reason = null } = answer;
        results.push({ index, outcome, reply, reason });
      }
      if (results.some(({ outcome }) => outcome === 'relayed' || outcome === 'delivered'))
        shipments.push({ hop, shipment, text: await textOf(shipment) });
      return { results, peer: isDown ? null : `${hop} (192.0.2.25)`, isDown };
    },
  });
  const endpointText = (endpoint: { path: string } | { host: string; port: number }) =>
    'path' in endpoint ? endpoint.path : `${endpoint.host}:${endpoint.port}`;
  const delivery = createDelivery({
    store,
    judge,
    routes,
    directory,
    transports: {
      maildir: transportFor,
      configured: (_kind, endpoint) => transportFor(endpointText(endpoint)),
      mx: transportFor,
    },
    smarthost: options.smarthost ? parseHostPort(options.smarthost) : null,
    hosts: createConfiguredHosts({
      resolveHost: async (name) => [parseIp(dns[name] ?? '')].flatMap((found) => found ?? []),
      isOwnListener: (address, port) => `${address.text}:${port}` === options.ownListener,
      now: clock.now,
    }),
    name: 'mx.example.net',
    nextId,
    token: () => `T${lastId}`,
    clock,
    random: () => 0.5,
    log: {
      info: (details, message) => log.push({ details: { ...details }, message }),
      warn: (details, message) => log.push({ details: { ...details }, message }),
      error: (details, message) => log.push({ details: { ...details }, message }),
    },
    ...(options.floods && {
      observe: options.floods.observe,
      onNoticeBacklog: options.floods.backlog,
    }),
    settings: {
      ...defaultDeliverySettings,
      scheduler: { ...defaultSchedulerLimits, interval: options.interval ?? 1000 },
      ...options.settings,
    },
  });

  async function commit(sent: Partial<Sent>, claim: boolean) {
    const { from = 'nicholas@sender.example', to = ['ann@there.example'] } = sent;
    const bytes = Buffer.from(sent.content ?? content);
    const message: MessageRecord = {
      id: nextId(),
      kind: 'mail',
      receivedAt: clock.now(),
      expiresAt: clock.now() + (sent.life ?? 5 * day),
      sender: {
        reversePath: from,
        body: '7bit',
        smtpUtf8: false,
        ret: null,
        envid: null,
        ...sent.parameters,
      },
      client: { address: '192.0.2.9', name: null, helo: 'client.example' },
      proof: sent.proof ?? noProof,
      size: bytes.length,
    };
    const recipients = to.map((one): NewRecipient => {
      const given = typeof one === 'string' ? { forwardPath: one } : one;
      const forwardPath = given.forwardPath ?? 'ann@there.example';
      const original = 'original' in given && given.original ? given.original : forwardPath;
      return {
        notify: null,
        orcpt: null,
        ...given,
        forwardPath,
        original,
        domain: domainOf(forwardPath),
      };
    });
    const draft = store.begin();
    if (!draft) throw new Error('the queue takes no message');
    await draft.write(bytes);
    await draft.commit(message, recipients, Buffer.alloc(0), claim);
    return { message, recipients, bytes };
  }

  const rest = async () => {
    for (let turn = 0; turn < 40; turn++)
      await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return {
    clock,
    store,
    delivery,
    judge,
    tried,
    shipments,
    verdicts,
    log,
    async send(sent) {
      const { message, recipients, bytes } = await commit(sent, true);
      delivery.take(message, recipients, bytes);
      await rest();
      return message.id;
    },
    queue: async (sent) => (await commit(sent, false)).message.id,
    rest,
    async pass(ms) {
      await clock.advance(ms);
      await rest();
    },
    async all() {
      const found: QueuedMessage[] = [];
      for await (const message of store.list({})) found.push(message);
      return found;
    },
    async [Symbol.asyncDispose]() {
      const closed = delivery[Symbol.asyncDispose]();
      await rest();
      await clock.advance(20_000);
      await closed;
      await store[Symbol.asyncDispose]();
    },
  };
}

const enforce = { mode: 'enforce', onFailure: 'closed' } as const;
const ok: Reply = { code: 250, status: '2.0.0', text: 'Ok' };

function orAborted(answer: Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  return Promise.race([
    answer,
    new Promise<Answer>((resolve) => signal.addEventListener('abort', () => resolve(later))),
  ]);
}

function domainOf(path: string): string {
  return comparableDomain(path.slice(path.lastIndexOf('@') + 1));
}

function factsOf(address: string | null | undefined): DomainFacts {
  if (address === null) return { kind: 'nxdomain' };
  if (address === 'fails') return { kind: 'failed', detail: 'SERVFAIL' };
  const found = parseIp(address ?? '9.9.9.9');
  const host = { addresses: found ? [found] : [], alias: null, failure: null, truncated: false };
  return { kind: 'implicit', host };
}

async function textOf(shipment: Shipment): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of shipment.content()) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
