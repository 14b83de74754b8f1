/**
 * Builds what a server needs that takes mail itself: who exists here, what proves a sender, and the
 * delivery.
 */
import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import type { SecureContext } from 'node:tls';
import { type Home, hostedDomainsOf } from '../config/hosted-domains.ts';
import type { Config } from '../config/schema.ts';
import { createConfiguredHosts } from '../delivery/configured-hosts.ts';
import { createDelivery } from '../delivery/create-delivery.ts';
import { createTransports } from '../delivery/create-transports.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { defaultLaneLimits } from '../delivery/lane.ts';
import type { NoticeCounts } from '../delivery/notice-counts.ts';
import { createPausedDelivery } from '../delivery/paused-delivery.ts';
import { systemClock } from '../journal/system-clock.ts';
import { parseAddress } from '../mail/address.ts';
import type { Endpoint } from '../mail/endpoint.ts';
import { errorCode } from '../mail/error-code.ts';
import { type IpAddress, parseIp } from '../mail/ip.ts';
import type { QueueId } from '../mail/queue-id.ts';
import { createProver } from '../proof/create-prover.ts';
import type { Prover } from '../proof/prover.ts';
import { createCallAhead } from '../recipients/call-ahead.ts';
import { createDirectory } from '../recipients/create-directory.ts';
import type { Directory } from '../recipients/directory.ts';
import type { HostedDomain } from '../recipients/hosted-domain.ts';
import type { Probe } from '../recipients/probe.ts';
import { defaultProbeLimits } from '../recipients/probe-brake.ts';
import type { VerifyCache } from '../recipients/verify-cache.ts';
import type { Log } from '../server/log.ts';
import { createLogins, type Logins } from '../server/smtp/logins.ts';
import { readCertificate } from '../server/smtp/tls.ts';
import type { QueueStore } from '../store/queue-store.ts';
import { classifyAddress } from '../verdict/address-class.ts';
import { serverName } from './home.ts';
import { isOwnListener } from './own-listener.ts';
import { createGuard, type Guard, type GuardParts } from './wiring.ts';

/** What outlives a reload. */
export interface House extends Pick<GuardParts, 'record' | 'kept' | 'onFault'> {
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

/** ms for one question to a backend: a client waits for the answer. */
const probeTimeout = 20_000;

/** Rejects with CertificateError or MapReadError. */
export async function createMx(config: Config, house: House): Promise<Mx> {
  const { home, log } = house;
  const { certificate, key } = config.smtp.tls;
  const context =
    certificate === undefined || key === undefined ? null : await readCertificate(certificate, key);
  const domains = hostedDomainsOf(config, home);
  // Who exists may have to be asked over connections that are made only below.
  let probe: Probe | null = null;
  const callAhead = createCallAhead({
    probe: async (...question) =>
      probe?.(...question) ?? { kind: 'silent', detail: 'the server is only starting' },
    cache: house.verified,
    now: Date.now,
    onSilent: config.recipients.whenSilent,
    limits: {
      ...defaultProbeLimits,
      inFlight: config.recipients.probesAtOnce,
      perSecond: config.recipients.probesPerSecond,
    },
  });
  const directory = createDirectory({
    domains,
    separator: config.recipients.separator === '' ? null : config.recipients.separator,
    warn: (message) => log.warn({}, message),
    callAhead,
  });
  const names = domains.map(({ name }) => name);
  const guard = await createGuard(config, { ...house, hosted: { names, directory } });
  const { judge, routes, policy, resolver } = guard;
  const name = serverName(config);
  const isOwn = (address: IpAddress) => classifyAddress(address, policy) === 'self';
  const isOurs = (address: IpAddress, port: number) =>
    isOwnListener(address, port, house.bound(), isOwn);
  const transports = createTransports({
    name,
    judge,
    ownNames: policy.ownNames,
    isOwnListener: isOurs,
    random: Math.random,
    now: () => performance.now(),
    hostName: name,
    processName: `${process.pid}.${randomBytes(6).toString('hex')}`,
    tls: {
      mx: config.delivery.tls,
      backend: config.delivery.backendTls,
      smarthost: config.relay.tls,
    },
    login: loginAtSmarthost(config),
  });
  const hosts = createConfiguredHosts({ resolveHost, isOwnListener: isOurs, now: Date.now });
  probe = transports.probeFrom(hosts, '', probeTimeout);
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
      await transports.close();
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

function loginAtSmarthost({ relay }: Config): { user: string; password: string } | null {
  const { user, password } = relay;
  return user === undefined || password === undefined ? null : { user, password };
}

/** As the machine looks names up, its hosts file included: the operator wrote the name. */
async function resolveHost(name: string): Promise<IpAddress[]> {
  try {
    const found = await lookup(name, { all: true });
    return found.flatMap(({ address }) => parseIp(address) ?? []);
  } catch (error) {
    if (errorCode(error) === 'ENOTFOUND') return [];
    throw error;
  }
}
