/**
 * Which incident explains what is seen: one at most, so that nothing counts for two floods.
 */
import type { Side } from './account.ts';
import type { GatherKind } from './causes.ts';
import { type Named, type NameText, nobody, pairName } from './named.ts';
import type { OpenIncident } from './open-incident.ts';
import type { Sight } from './sight.ts';

export interface Explanation {
  readonly incident: OpenIncident;
  readonly side: Side;
  /** By what it was found. */
  readonly by: GatherKind;
  /** Not by a key of the incident, but because most of what the client sends belongs to it. */
  readonly byCompany?: true;
}

/** Clients and networks have different names. */
type IndexKind = Exclude<GatherKind, 'network'>;

interface Keyed {
  readonly kind: IndexKind;
  readonly key: Named;
}

interface Belonging {
  incident: OpenIncident;
  inside: number;
  outside: number;
}

const mostBelongings = 4096;
/** Keys of one incident; of more the newest count. */
const mostKeys = 500;
/** Attempts of a client that have to belong to an incident before others do by that. */
const fewAttempts = 3;

export class IncidentIndex {
  private readonly nameText: NameText;
  private readonly keys = new Map<OpenIncident, Keyed[]>();
  /** By the hash of the key. */
  private readonly found: { readonly [kind in IndexKind]: Map<number, OpenIncident> } = {
    sender: new Map(),
    home: new Map(),
    client: new Map(),
    notified: new Map(),
    harvested: new Map(),
    loop: new Map(),
    hop: new Map(),
    pair: new Map(),
    storm: new Map(),
  };
  /** By the hash of the client: whose mail it sends, as a rule. */
  private readonly belongings = new Map<number, Belonging>();

  constructor(nameText: NameText) {
    this.nameText = nameText;
  }

  get(kind: GatherKind, { hash }: Named): OpenIncident | undefined {
    return this.found[indexKind(kind)].get(hash);
  }

  set(gathered: GatherKind, key: Named, incident: OpenIncident): void {
    const kind = indexKind(gathered);
    this.found[kind].set(key.hash, incident);
    const keys = this.keys.get(incident);
    if (keys) keys.push({ kind, key });
    else this.keys.set(incident, [{ kind, key }]);
    if (keys && keys.length > mostKeys) this.forgetOldest(keys, incident);
  }

  private forgetOldest(keys: Keyed[], incident: OpenIncident): void {
    const oldest = keys.shift();
    if (oldest) this.unset(oldest, incident);
  }

  /** What has passed to another stays there. */
  private unset({ kind, key }: Keyed, incident: OpenIncident): void {
    if (this.get(kind, key) === incident) this.found[kind].delete(key.hash);
  }

  /** All keys of the one belong to the other; null: to none. */
  replace(one: OpenIncident, other: OpenIncident | null): void {
    for (const { kind, key } of this.keys.get(one) ?? [])
      if (other) this.set(kind, key, other);
      else this.unset({ kind, key }, one);
    this.keys.delete(one);
    for (const [client, belonging] of this.belongings)
      if (belonging.incident === one && other) belonging.incident = other;
      else if (belonging.incident === one) this.belongings.delete(client);
  }

  /** Asking changes nothing: what is asked about may never happen. */
  explain(sight: Sight): Explanation | null {
    if (this.keys.size === 0) return null;
    return this.bySender(sight) ?? this.byClient(sight) ?? this.byRecipient(sight);
  }

  /**
   * It happened, and was explained so. What the client sends besides will count for the incident as well,
   * if this is most of it.
   */
  remember({ client, kind }: Sight, found: Explanation | null): void {
    if (!client || kind !== 'attempt' || (found && isNoEvidence(found))) return;
    const known = this.belongings.get(client.hash);
    const isIts = found && !found.byCompany && isOfItsClients(found.incident);
    const incident = isIts ? found.incident : null;
    if (incident && known?.incident === incident) known.inside++;
    else if (known?.incident.isOpen) known.outside++;
    else if (incident) {
      if (!known && this.belongings.size >= mostBelongings) this.belongings.clear();
      this.belongings.set(client.hash, { incident, inside: 1, outside: 0 });
    }
  }

  private bySender(sight: Sight): Explanation | null {
    const { kind, sender, recipient } = sight;
    const from = this.find('sender', sender, sight);
    if (from) return { incident: from, side: 'from', by: 'sender' };
    if (isNotice(sight)) {
      const to = this.find('sender', recipient, sight);
      if (to) return { incident: to, side: 'to', by: 'sender' };
    }
    if (this.found.home.size === 0) return null;
    const among = this.find('home', sight.home, sight);
    if (among) return { incident: among, side: 'from', by: 'home' };
    // One that comes in may be about a joe job.
    const isOurs = kind === 'notice' || (kind === 'fate' && isNotice(sight));
    const told = isOurs ? this.find('home', sight.site, sight) : null;
    return told && { incident: told, side: 'to', by: 'home' };
  }

  private byClient(sight: Sight): Explanation | null {
    const { client, network, kind } = sight;
    if (!client) return null;
    const incident = this.find('client', client, sight) ?? this.find('client', network, sight);
    if (incident) return { incident, side: 'from', by: 'client' };
    const belonging = kind === 'attempt' ? this.belongings.get(client.hash) : undefined;
    if (!belonging?.incident.isOpen) return null;
    if (belonging.inside < fewAttempts || belonging.inside <= belonging.outside) return null;
    return { incident: belonging.incident, side: 'from', by: 'client', byCompany: true };
  }

  private byRecipient(sight: Sight): Explanation | null {
    const { kind, outcome, sender, recipient, hop } = sight;
    if (outcome === 'returned') {
      const incident = this.find('loop', sight.site, sight);
      if (incident) return { incident, side: 'to', by: 'loop' };
      const from = this.find('hop', hop, sight);
      if (from) return { incident: from, side: 'from', by: 'hop' };
    }
    if (isNotice(sight)) {
      const incident = kind === 'notice' ? null : this.find('notified', sight.site, sight);
      if (incident) return { incident, side: 'from', by: 'notified' };
      const isOurs = kind === 'notice' || kind === 'fate';
      const storm = isOurs ? this.find('storm', nobody, sight) : null;
      return storm && { incident: storm, side: 'to', by: 'storm' };
    }
    const harvest = outcome === 'unknown' ? this.find('harvested', sight.site, sight) : null;
    if (harvest) return { incident: harvest, side: 'from', by: 'harvested' };
    if (!sender || !recipient || this.found.pair.size === 0) return null;
    const pair = this.find('pair', this.nameText(pairName(sender, recipient)), sight);
    return pair && { incident: pair, side: 'between', by: 'pair' };
  }

  private find(kind: IndexKind, key: Named | null, sight: Sight): OpenIncident | null {
    const incident = key ? this.get(kind, key) : undefined;
    if (!incident) return null;
    // What was taken while it was open meets its end later; nothing else belongs to what is over.
    return incident.isOpen || sight.kind === 'fate' ? incident : null;
  }
}

/**
 * Those who send notices in a joe job are honest servers, and so are those of two who answer each other. Where a
 * domain is harvested slowly everybody is among the clients who mistook an address.
 */
function isOfItsClients({ cause }: OpenIncident): boolean {
  return cause === 'forged-sender' || cause === 'harvest';
}

/**
 * Says nothing of whose mail the client sends: honest people have names at a forged domain, and honest servers
 * tell a forged sender of failures.
 */
function isNoEvidence({ by, side }: Explanation): boolean {
  return by === 'home' || side === 'to';
}

function indexKind(kind: GatherKind): IndexKind {
  return kind === 'network' ? 'client' : kind;
}

/** One of ours, or one that came in. */
export function isNotice({ kind, sender }: Sight): boolean {
  return kind === 'notice' || sender?.isEmpty === true;
}
