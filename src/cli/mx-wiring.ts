/**
 * Builds what a server needs that takes mail itself: who exists here, what proves a sender, and the
 * delivery.
 */
import { randomBytes } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { type Home, hostedDomainsOf } from '../config/hosted-domains.ts';
import { smtpEndpoints } from '../config/own-listeners.ts';
import type { Config } from '../config/schema.ts';
import { createDelivery } from '../delivery/create-delivery.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { defaultLaneLimits } from '../delivery/lane.ts';
import type { NoticeCounts } from '../delivery/notice-counts.ts';
import { createPausedDelivery } from '../delivery/paused-delivery.ts';
import { systemClock } from '../journal/system-clock.ts';
import type { FloodWatch } from '../judge/flood-watch.ts';
import { parseAddress } from '../mail/address.ts';
import type { Endpoint } from '../mail/endpoint.ts';
import type { QueueId } from '../mail/queue-id.ts';
import { createProver } from '../proof/create-prover.ts';
import type { Prover } from '../proof/prover.ts';
import type { Directory } from '../recipients/directory.ts';
import type { HostedDomain } from '../recipients/hosted-domain.ts';
import type { VerifyCache } from '../recipients/verify-cache.ts';
import type { Log } from '../server/log.ts';
import { createLogins, type Logins } from '../server/smtp/logins.ts';
import { readCertificate } from '../server/smtp/tls.ts';
import type { QueueStore } from '../store/queue-store.ts';
import { serverName } from './home.ts';
import { createRecipients } from './recipients-wiring.ts';
import { createConnections } from './transports-wiring.ts';
import { createGuard, type Guard, type GuardParts } from './wiring.ts';

/** What outlives a reload. */
export interface House extends Pick<GuardParts, 'record' | 'kept' | 'onFault'> {
  readonly floods: FloodWatch;
  readonly home: Home;
  readonly queue: QueueStore;
  readonly verified: VerifyCache;
  readonly nextId: () => QueueId;
  readonly noticeCounts: NoticeCounts;
  /** Where we listen at the moment. */
  readonly bound: () => readonly Endpoint[];
  readonly log: Log;
}

export interface Mx extends AsyncDisposable {
  readonly name: string;
  readonly domains: readonly HostedDomain[];
  readonly guard: Guard;
  readonly directory: Directory;
  readonly prover: Prover;
  readonly delivery: Delivery;
  readonly logins: Logins | null;
  readonly certificate: SecureContext | null;
}

/** Rejects with CertificateError or MapReadError. */
export async function createMx(config: Config, house: House): Promise<Mx> {
  const { home, log } = house;
  const { certificate, key } = config.smtp.tls;
  const context =
    certificate === undefined || key === undefined ? null : await readCertificate(certificate, key);
  const domains = hostedDomainsOf(config, home);
  const recipients = createRecipients(config, domains, house);
  const { directory } = recipients;
  // A queue that was left behind is delivered; the domains are those of the servers that are guarded.
  const takesMail = smtpEndpoints(config.smtp).length > 0;
  const names = takesMail ? domains.map(({ name }) => name) : [];
  const guard = await createGuard(config, {
    ...house,
    hosted: { names, directory },
    // What we take without any setting says nothing of the servers that are guarded.
    guarded: config.domains.length > 0 ? directory : null,
  });
  const { judge, routes, resolver } = guard;
  const name = serverName(config);
  const connections = createConnections(config, guard, house.bound);
  const { transports, hosts } = connections;
  recipients.connect(connections.probe);
  const deliveryOptions = {
    store: house.queue,
    judge,
    routes,
    directory,
    transports,
    smarthost: config.relay.smarthost ?? null,
    hosts,
    name,
    nextId: house.nextId,
    noticeCounts: house.noticeCounts,
    token: () => randomBytes(12).toString('hex'),
    clock: systemClock,
    random: Math.random,
    log,
    settings: deliverySettings(config, domains, directory),
    observe: house.floods.observe,
    onNoticeBacklog: house.floods.backlog,
  };
  const delivery = config.delivery.paused
    ? createPausedDelivery()
    : createDelivery(deliveryOptions);
  const prover = createProver({ resolver, name, onFault: house.onFault });
  // A fifth of a second that no client has to wait for.
  prover.warmUp().catch(house.onFault);
  const users = config.logins.map((login) => [login.name, login.password] as const);
  return {
    name,
    domains,
    guard,
    directory,
    prover,
    delivery,
    logins: users.length > 0 ? createLogins(users) : null,
    certificate: context,
    async [Symbol.asyncDispose]() {
      await delivery[Symbol.asyncDispose]();
      await connections[Symbol.asyncDispose]();
      await guard[Symbol.asyncDispose]();
    },
  };
}

function deliverySettings(config: Config, domains: readonly HostedDomain[], directory: Directory) {
  const { notices, queue, delivery } = config;
  const cutThrough = domains.filter((domain) => domain.cutThrough).map(({ name }) => name);
  return {
    retry: { delays: queue.retry, jitter: 0.2 },
    lanes: {
      ...defaultLaneLimits,
      start: Math.min(defaultLaneLimits.start, delivery.perHop),
      most: delivery.perHop,
    },
    mostActive: delivery.transactions,
    cutThrough: new Set(cutThrough),
    notices: {
      backlog: notices.backlog,
      life: queue.noticeLifetime,
      keep: notices.keep,
      addressOfLogin: notices.toLogin ? addressOfLogin(domains, directory) : null,
      delayAfter: notices.delay,
      tellsDelay: notices.tellDelays,
      mostReturned: 51_200,
    },
  };
}

/** A login is an address, or has a mailbox of that name at the first domain of ours. */
function addressOfLogin(
  domains: readonly HostedDomain[],
  directory: Directory,
): (login: string) => string | null {
  return (login) => {
    if (parseAddress(login).kind === 'mailbox') return login;
    const [first] = domains;
    const address = `${login}@${first?.name}`;
    const found = directory.find(address);
    return 'kind' in found && found.kind === 'known' ? address : null;
  };
}
