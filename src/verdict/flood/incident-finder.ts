/**
 * Floods in what happens to mail: each is one incident, from its first observation to its quiet end.
 *
 * What is seen is gathered by sender, client, network, domain and pair of addresses; a gathering that
 * passes the limits of its cause becomes an incident, with all that was in it. From then on what an
 * incident explains counts for no other. Where one is seen later that explains an earlier one, they are
 * joined, and the id of the earlier one remains.
 *
 * Memory is bounded by the limits, whatever comes.
 */
import { Account, type Side } from './account.ts';
import { floods, type GatherKind } from './causes.ts';
import { Gathering } from './gathering.ts';
import { GatheringTable } from './gathering-table.ts';
import { type About, type Incident, isWholeDomain } from './incident.ts';
import { isNotice } from './incident-index.ts';
import { IncidentRegister } from './incident-register.ts';
import { isNarrow } from './joining.ts';
import { defaultFloodLimits, type FloodLimits } from './limits.ts';
import { type Named, namesOf, nobody, pairName } from './named.ts';
import type { Circumstance, Observation } from './observation.ts';
import type { OpenIncident } from './open-incident.ts';
import { RecentPairs } from './recent-pairs.ts';
import type { Surroundings } from './ripeness.ts';
import { RoughCounts } from './rough-counts.ts';
import { SenderTrail } from './sender-trail.ts';
import { createSee, type Sight } from './sight.ts';

export interface IncidentFinder {
  /** In the order of time; what comes late counts as of the latest time seen. */
  observe(observation: Observation): void;
  /** Ends what is quiet. `now`: ms since 1970. */
  advance(now: number): void;
  /** So much CPU was used since this was last told, in ms: each incident has its part, by what was seen of it. */
  spend(cpu: number): void;
  /** All that are remembered, in the order of their beginning. */
  incidents(): Incident[];
  /** Those that began, grew, ended or were joined since this was last asked. */
  changed(): Incident[];
  /** The one that is open and to which such a thing would belong. */
  explain(circumstance: Asked): FloodPart | null;
  /**
   * Somebody else found that the server writes too many notices: opens the storm of them, or keeps it
   * open. `isBacklog`: because they pile up; then it ends with `calm`, when they do not any more.
   */
  storm(at: number, isBacklog: boolean): FloodPart | null;
  calm(): void;
  /** Goes on with what another finder told: before anything is observed. */
  resume(incidents: readonly Incident[]): void;
  /** Of incidents about these, and of no others, the brakes are lifted by hand. */
  lift(lifted: Iterable<About>): void;
}

/** What is asked about: mail at the door, or a notice of our own. */
export interface Asked extends Circumstance {
  readonly kind: 'received' | 'notice';
}

export type IncidentHead = Readonly<Pick<Incident, 'id' | 'cause' | 'subject'>>;

export interface FloodPart {
  readonly incident: IncidentHead;
  readonly by: GatherKind;
  /** Nothing is to be done against it: that was lifted by hand. */
  readonly isLifted: boolean;
}

export interface FinderOptions {
  readonly limits?: FloodLimits;
  /** Whether good mail of a domain is known: then it is never called forged. `now`: ms since 1970. */
  readonly knowsHome?: (domain: string, now: number) => boolean;
  /** For the hashes, so that nobody can choose addresses that are counted as one. */
  readonly seed?: number;
}

/** Things that happened to mail: a busy server needs a minute for so many. */
const trailSize = 2 ** 14;

export function createIncidentFinder(options: FinderOptions = {}): IncidentFinder {
  const { limits = defaultFloodLimits, seed = 0, knowsHome = () => false } = options;
  const { keys, window, slowWindow } = limits;
  const see = createSee(seed);
  const nameText = namesOf(seed);
  const register = new IncidentRegister(limits, nameText);
  const pairs = new RecentPairs();
  const trail = new SenderTrail(trailSize);
  const tables: { readonly [kind in GatherKind]: GatheringTable } = {
    sender: new GatheringTable(keys.senders, window),
    home: new GatheringTable(keys.homes, window),
    client: new GatheringTable(keys.clients, window),
    network: new GatheringTable(keys.networks, window),
    notified: new GatheringTable(keys.domains, window),
    harvested: new GatheringTable(keys.domains, slowWindow),
    loop: new GatheringTable(keys.domains, window),
    hop: new GatheringTable(keys.hops, window),
    pair: new GatheringTable(keys.pairs, window),
    storm: new GatheringTable(1, window),
  };
  /** Recipients that were refused or do not exist: of a whole window at least, which no other gathering exceeds. */
  const harm = new Gathering(window * 1.5);
  /** By domain of the sender: what was delivered to other domains. */
  const sent = new RoughCounts(window * 1.5);
  const around: Surroundings = {
    harmOfAll: () => harm.total().aside,
    sentFrom: (domain) => sent.countOf(domain, latest),
  };
  /** How much was seen since it was last told what CPU that took. */
  let fresh = 0;
  let latest = Number.NEGATIVE_INFINITY;
  let advancedAt = Number.NEGATIVE_INFINITY;

  function advance(now: number): void {
    latest = Math.max(latest, now);
    if (latest - advancedAt < limits.quiet.halfLife / 10) return;
    advancedAt = latest;
    register.advance(latest);
  }

  /** One more for the key, which may be the one that makes it a flood. */
  function gather(kind: GatherKind, key: Named, sight: Sight, side: Side): void {
    const gathering = tables[kind].see(key, sight.at);
    gathering.add(sight, side);
    if (!floods[kind].isFlood(key, gathering, limits, around)) return;
    tables[kind].delete(key);
    if (isNoSubject(kind, key, sight.at)) return;
    register.open(kind, key, gathering.total('many'), sight.at);
  }

  function isNoSubject(kind: GatherKind, { name }: Named, at: number): boolean {
    // It has no local part, and would be taken for all names at the domain.
    if (kind === 'sender') return isWholeDomain(name);
    return kind === 'home' && knowsHome(name, at);
  }

  /** What goes to the sender of other mail counts for that sender. */
  function gatherSender(sight: Sight): void {
    const { sender, recipient } = sight;
    if (!isNotice(sight)) {
      if (sender) gatherFrom(sender, sight);
    } else if (recipient && !recipient.isEmpty) {
      const isKnown = tables.sender.get(recipient) !== undefined;
      if (!isKnown && sight.kind === 'notice') recall(recipient, sight.at);
      if (isKnown || sight.kind === 'notice') gather('sender', recipient, sight, 'to');
    }
  }

  /** Nobody suspects who does no harm. */
  function gatherFrom(sender: Named, sight: Sight): void {
    const isKnown = tables.sender.get(sender) !== undefined;
    if (!isKnown && !sight.isHarm) {
      trail.add(sender, sight);
      return;
    }
    if (!isKnown) recall(sender, sight.at);
    gather('sender', sender, sight, 'from');
  }

  function recall(sender: Named, at: number): void {
    for (const sight of trail.take(sender, at - window))
      tables.sender.see(sender, at).add(sight, 'from');
  }

  function gatherOthers(sight: Sight): void {
    const { kind, outcome } = sight;
    if (kind === 'received') tables.storm.see(nobody, sight.at).setAside(sight.at);
    if (kind === 'notice') gather('storm', nobody, sight, 'to');
    else if (isNotice(sight)) gatherNoticeIn(sight);
    else {
      gatherMail(sight);
      gatherPair(sight);
    }
    if (outcome === 'returned') gatherReturn(sight);
  }

  /** Only messages that were taken: anybody can try recipients in the name of others, and send nothing. */
  function gatherPair(sight: Sight): void {
    const { kind, outcome, sender, recipient } = sight;
    if (kind !== 'received' && !(kind === 'fate' && outcome === 'delivered')) return;
    if (sender && recipient && pairs.isAnswered(sender, recipient))
      gather('pair', nameText(pairName(sender, recipient)), sight, 'between');
  }

  function gatherReturn(sight: Sight): void {
    const { site, hop } = sight;
    if (hop) gather('hop', hop, sight, 'from');
    if (site) gather('loop', site, sight, 'to');
  }

  /** One that came in; what becomes of those that the server itself wrote is no joe job. */
  function gatherNoticeIn(sight: Sight): void {
    const { site, client, kind } = sight;
    if (!site || !client) return;
    if (kind !== 'fate' || tables.notified.get(site)?.isMore)
      gather('notified', site, sight, 'from');
  }

  /** `isHarvest`: of the domain, by which it is explained. */
  function gatherMail(sight: Sight, isHarvest = false): void {
    const { outcome, at, client, network } = sight;
    if (outcome === null) return;
    const { home, site } = sight;
    if (outcome === 'unknown' || outcome === 'refused') {
      harm.setAside(at);
      if (home && !home.isEmpty) gather('home', home, sight, 'from');
      if (client) gather('client', client, sight, 'from');
      if (network) gather('network', network, sight, 'from');
      if (site && outcome === 'unknown' && !isHarvest) gather('harvested', site, sight, 'from');
    } else if (outcome === 'accepted' || outcome === 'delivered') {
      if (home) tables.home.get(home)?.setAside(at);
      if (client) tables.client.get(client)?.setAside(at);
      if (network) tables.network.get(network)?.setAside(at);
      if (site) tables.harvested.get(site)?.setAside(at);
      if (outcome === 'delivered') setSentAside(sight);
    }
  }

  /** A domain that sends much gets many notices. */
  function setSentAside({ home, site, at }: Sight): void {
    if (home && !home.isEmpty && home.hash !== site?.hash) sent.add(home, at);
  }

  return {
    observe(observation) {
      advance(observation.at);
      fresh++;
      const sight = see(observation, latest);
      const found = register.take(sight);
      // A slow harvest goes on for weeks: it must not hide whoever comes to the domain meanwhile.
      const isHarvest = found?.by === 'harvested';
      if (found && !isHarvest && !isNarrow(found.incident.cause)) return;
      gatherSender(sight);
      if (isHarvest) gatherMail(sight, true);
      else if (!found) gatherOthers(sight);
    },
    advance,
    spend(cpu) {
      register.spend(fresh === 0 ? 0 : cpu / fresh);
      fresh = 0;
    },
    incidents: () => register.all(),
    changed: () => register.changed(),
    explain(circumstance) {
      const sight = see({ ...circumstance, ...nothing }, latest);
      const found = register.explain(sight);
      if (!found) return null;
      const { incident, by } = found;
      return { incident: headOf(incident), by, isLifted: register.isLifted(incident, sight) };
    },
    storm(at, isBacklog) {
      advance(at);
      const seen = tables.storm.get(nobody)?.total('many') ?? new Account('many');
      tables.storm.delete(nobody);
      const incident = register.hold('storm', nobody, seen, latest, isBacklog);
      if (!incident) return null;
      return { incident: headOf(incident), by: 'storm', isLifted: register.isLifted(incident) };
    },
    calm: () => register.release('storm', nobody),
    resume(incidents) {
      for (const incident of incidents) register.resume(incident);
    },
    lift: (lifted) => register.lift(lifted),
  };
}

/** What a question tells nothing of. */
const nothing = { bytes: 0, recipients: 0, connection: null };

function headOf({ id, cause, subject }: OpenIncident): IncidentHead {
  return { id, cause, subject: subject.name };
}
