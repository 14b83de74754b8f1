/**
 * What came in, what the server made of it and how it ended, for one key or one incident: counts that
 * can be added up, in bounded memory.
 */
import { DistinctCounter } from './distinct-counter.ts';
import { HeavyHitters } from './heavy-hitters.ts';
import type { Incident, Ranked } from './incident.ts';
import type { NameText } from './named.ts';
import type { Sight, SightOutcome } from './sight.ts';

/** Names that are counted exactly... */
const fewNames = 8;
/** ...and in an account that many are added up in. */
const manyNames = 256;
const mostShown = 10;
const mostSamples = 8;

/**
 * All of them only grow. `announced` are recipients as messages tell them that came in; `attempts` those
 * that were tried at the door, `accepted`, `refused`, `unknownAtDoor` and `deferredAtDoor` what they
 * were told; `deliveries` and what follows the ends of those that were taken. `earlierConnections` are those
 * of another run, none of which goes on; `cpu` is in ms.
 */
const countNames = [
  'messages',
  'bytes',
  'announced',
  'attempts',
  'accepted',
  'refused',
  'unknownAtDoor',
  'deferredAtDoor',
  'deliveries',
  'bytesSent',
  'returns',
  'delivered',
  'unknownLater',
  'failed',
  'dropped',
  'deferred',
  'notices',
  'earlierConnections',
  'cpu',
] as const;
type Counts = Record<(typeof countNames)[number], number>;

function noCounts(): Counts {
  return {
    messages: 0,
    bytes: 0,
    announced: 0,
    attempts: 0,
    accepted: 0,
    refused: 0,
    unknownAtDoor: 0,
    deferredAtDoor: 0,
    deliveries: 0,
    bytesSent: 0,
    returns: 0,
    delivered: 0,
    unknownLater: 0,
    failed: 0,
    dropped: 0,
    deferred: 0,
    notices: 0,
    earlierConnections: 0,
    cpu: 0,
  };
}

/** Whether the key of the account sent what is seen, was sent a notice, or is a pair that wrote to each other. */
export type Side = 'from' | 'to' | 'between';

export class Account {
  /** ms since 1970. */
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;
  readonly counts = noCounts();
  readonly clients = new DistinctCounter();
  readonly networks = new DistinctCounter();
  /** Over which it came, as far as the source tells one from another. */
  readonly connections = new DistinctCounter();
  readonly senders = new DistinctCounter();
  readonly sites = new DistinctCounter();
  /** Recipients that do not exist. */
  readonly strangers = new DistinctCounter();
  /** Whom notices were written to. */
  readonly targets = new DistinctCounter();
  readonly topClients: HeavyHitters;
  readonly topSenders: HeavyHitters;
  readonly topSites: HeavyHitters;
  /** Of a pair: whose messages met their end, where `topSenders` has those that were seen when they came. */
  private sent: HeavyHitters | null = null;
  samples: string[] = [];
  /** What was seen of the same key, and is no part of this: what its harm is a share of. */
  aside = 0;

  constructor(names: 'few' | 'many' = 'few') {
    const limit = names === 'few' ? fewNames : manyNames;
    this.topClients = new HeavyHitters(limit);
    this.topSenders = new HeavyHitters(limit);
    this.topSites = new HeavyHitters(limit);
  }

  /** As it was told. */
  static from({ start, end, ...told }: Incident, nameText: NameText): Account {
    const account = new Account('many');
    account.first = start;
    account.last = end;
    const { received, made, ended } = told;
    const unknownAtDoor = Math.min(received.unknown, ended.refused);
    const unknownLater = received.unknown - unknownAtDoor;
    Object.assign(account.counts, {
      messages: received.messages,
      bytes: received.bytes,
      attempts: received.recipients,
      unknownAtDoor,
      refused: ended.refused - unknownAtDoor,
      unknownLater,
      failed: Math.max(0, ended.failed - unknownLater),
      deliveries: made.deliveries,
      bytesSent: made.bytes,
      returns: made.returns,
      notices: made.notices,
      delivered: ended.delivered,
      dropped: ended.dropped,
      deferred: ended.deferred,
      earlierConnections: received.connections ?? 0,
      cpu: made.cpu ?? 0,
    } satisfies Partial<Counts>);
    account.clients.startAt(told.clients.distinct);
    account.senders.startAt(told.senders.distinct);
    account.sites.startAt(told.sites.distinct);
    for (const { name, count } of told.clients.top) account.topClients.add(nameText(name), count);
    for (const { name, count } of told.senders.top) account.topSenders.add(nameText(name), count);
    for (const { name, count } of told.sites.top) account.topSites.add(nameText(name), count);
    for (const sample of told.samples) account.sample(sample);
    return account;
  }

  add(sight: Sight, side: Side): void {
    const { at } = sight;
    if (at < this.first) this.first = at;
    if (at > this.last) this.last = at;
    this.count(sight);
    if (sight.kind === 'notice') {
      if (sight.recipient) this.targets.add(sight.recipient.hash);
    } else if (side !== 'to') this.nameAll(sight, side);
  }

  /** Recipients tried, whichever way the source tells them. */
  get tried(): number {
    return Math.max(this.counts.attempts, this.counts.announced);
  }

  get unknown(): number {
    return this.counts.unknownAtDoor + this.counts.unknownLater;
  }

  /** What nobody wanted: refused or failed, or told to a sender, or come back. */
  get harm(): number {
    const { refused, notices, returns } = this.counts;
    return Math.max(this.unknown + refused, notices) + returns;
  }

  /** None: not known. */
  private get connectionCount(): number | null {
    return this.counts.earlierConnections + this.connections.count || null;
  }

  /** As if everything that was added there had been added here. */
  addAll(other: Account): void {
    for (const key of countNames) this.counts[key] += other.counts[key];
    this.topClients.addAll(other.topClients);
    this.topSenders.addAll(other.topSenders);
    this.topSites.addAll(other.topSites);
    if (other.sent) this.sentOf().addAll(other.sent);
    this.unite(other);
  }

  /** Much of the same was added there: what is larger in either is right. */
  join(other: Account): void {
    for (const key of countNames) this.counts[key] = Math.max(this.counts[key], other.counts[key]);
    this.topClients.join(other.topClients);
    this.topSenders.join(other.topSenders);
    this.topSites.join(other.topSites);
    if (other.sent) this.sentOf().join(other.sent);
    this.unite(other);
  }

  /** Each message once: when it came, or where the source tells nothing of that, by its end. */
  get writers(): HeavyHitters {
    if (!this.sent) return this.topSenders;
    const all = new HeavyHitters(manyNames);
    all.addAll(this.topSenders);
    all.join(this.sent);
    return all;
  }

  private sentOf(): HeavyHitters {
    this.sent ??= new HeavyHitters(fewNames);
    return this.sent;
  }

  private unite(other: Account): void {
    this.first = Math.min(this.first, other.first);
    this.last = Math.max(this.last, other.last);
    for (const key of distinctNames) this[key].addAll(other[key]);
    for (const sample of other.samples) this.sample(sample);
  }

  private count({ kind, outcome, bytes, recipients, connection }: Sight): void {
    const { counts } = this;
    if (connection !== null) this.connections.add(connection);
    switch (kind) {
      case 'attempt':
        counts.attempts++;
        this.countOne(outcome && atDoor[outcome]);
        return;
      case 'received':
        counts.messages++;
        counts.bytes += bytes;
        counts.announced += recipients;
        return;
      case 'notice':
        counts.notices++;
        return;
      case 'fate':
        if (outcome !== 'dropped') counts.deliveries++;
        counts.bytesSent += bytes;
        this.countOne(outcome && later[outcome]);
    }
  }

  private countOne(name: keyof Counts | null | undefined): void {
    if (name) this.counts[name]++;
  }

  private nameAll(sight: Sight, side: Side): void {
    const { client, network, sender, recipient, site } = sight;
    if (client) this.clients.add(client.hash);
    if (network) this.networks.add(network.hash);
    if (sender) this.senders.add(sender.hash);
    if (site) this.sites.add(site.hash);
    if (sight.outcome === 'unknown' && recipient) this.strangers.add(recipient.hash);
    if (recipient && this.samples.length < mostSamples && sight.kind !== 'received')
      this.sample(recipient.name);
    if (side === 'between') this.rankPair(sight);
    else this.rankAll(sight);
  }

  /** One of two may be seen when it comes and the other on the way out, or both at either. */
  private rankPair({ kind, outcome, sender }: Sight): void {
    if (!sender) return;
    if (kind === 'received') this.topSenders.add(sender);
    // A queue tries what waits again.
    else if (kind === 'fate' && outcome !== 'deferred') this.sentOf().add(sender);
  }

  /** A recipient is counted once: at the door, or where the source tells nothing of that, later. */
  private rankAll({ kind, outcome, recipients, client, sender, site }: Sight): void {
    const { attempts, messages } = this.counts;
    const isFate = kind === 'fate';
    if (isFate && outcome === 'deferred') return;
    if (kind !== 'attempt' && attempts > 0) return;
    if (site && kind !== 'received') this.topSites.add(site);
    if (isFate && messages > 0) return;
    if (client) this.topClients.add(client, recipients);
    if (sender) this.topSenders.add(sender, recipients);
  }

  private sample(path: string): void {
    if (this.samples.length < mostSamples && !this.samples.includes(path)) this.samples.push(path);
  }

  /** What an incident says of itself but who it is. */
  tell(): Pick<
    Incident,
    'start' | 'end' | 'clients' | 'senders' | 'sites' | 'samples' | 'received' | 'made' | 'ended'
  > {
    const { counts } = this;
    return {
      start: this.first,
      end: this.last,
      clients: rank(this.clients, this.topClients),
      senders: rank(this.senders, this.writers),
      sites: rank(this.sites, this.topSites),
      samples: [...this.samples],
      received: {
        messages: counts.messages,
        bytes: counts.bytes,
        recipients: this.tried,
        unknown: this.unknown,
        connections: this.connectionCount,
      },
      made: {
        notices: counts.notices,
        deliveries: counts.deliveries,
        bytes: counts.bytesSent,
        returns: counts.returns,
        cpu: Math.ceil(counts.cpu) || null,
      },
      ended: {
        refused: counts.refused + counts.unknownAtDoor,
        dropped: counts.dropped,
        delivered: counts.delivered,
        failed: counts.failed + counts.unknownLater,
        deferred: counts.deferred + counts.deferredAtDoor,
      },
    };
  }
}

const distinctNames = [
  'clients',
  'networks',
  'connections',
  'senders',
  'sites',
  'strangers',
  'targets',
] as const satisfies readonly (keyof Account)[];

/** Which count an outcome adds to... */
type CountedAs = { readonly [outcome in SightOutcome]?: keyof Counts };
/** ...at the door... */
const atDoor: CountedAs = {
  accepted: 'accepted',
  unknown: 'unknownAtDoor',
  refused: 'refused',
  deferred: 'deferredAtDoor',
};
/** ...and of what was taken. */
const later: CountedAs = {
  delivered: 'delivered',
  unknown: 'unknownLater',
  failed: 'failed',
  expired: 'failed',
  deferred: 'deferred',
  dropped: 'dropped',
  returned: 'returns',
};

function rank(counter: DistinctCounter, hitters: HeavyHitters): Ranked {
  const top = hitters.top(mostShown).map(({ named, count }) => ({ name: named.name, count }));
  return { distinct: Math.max(counter.count, top.length), top };
}
