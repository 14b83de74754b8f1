/**
 * Which incident explains what is seen: one at most, so that nothing counts for two floods.
 */
import { detached } from '../../mail/detached.ts';
import type { Side } from './account.ts';
import type { GatherKind } from './causes.ts';
import type { OpenIncident } from './open-incident.ts';
import { type Named, pairName, type Sight } from './sight.ts';

export interface Explanation {
  readonly incident: OpenIncident;
  readonly side: Side;
  /** By what it was found. */
  readonly by: GatherKind;
}

/** Clients and networks have different names. */
type IndexKind = Exclude<GatherKind, 'network'>;

interface Belonging {
  incident: OpenIncident;
  inside: number;
  outside: number;
}

const mostBelongings = 4096;
/** Attempts of a client that have to belong to an incident before others do by that. */
const fewAttempts = 3;

export class IncidentIndex {
  private readonly keys = new Map<OpenIncident, { kind: IndexKind; key: string }[]>();
  private readonly found: { readonly [kind in IndexKind]: Map<string, OpenIncident> } = {
    sender: new Map(),
    client: new Map(),
    notified: new Map(),
    harvested: new Map(),
    loop: new Map(),
    pair: new Map(),
    storm: new Map(),
  };
  /** By client: whose mail it sends, as a rule. */
  private readonly belongings = new Map<string, Belonging>();

  get(kind: GatherKind, key: string): OpenIncident | undefined {
    return this.found[indexKind(kind)].get(key);
  }

  set(gathered: GatherKind, key: string, incident: OpenIncident): void {
    const kind = indexKind(gathered);
    this.found[kind].set(key, incident);
    const keys = this.keys.get(incident);
    if (keys) keys.push({ kind, key });
    else this.keys.set(incident, [{ kind, key }]);
  }

  /** All keys of the one belong to the other; null: to none. */
  replace(one: OpenIncident, other: OpenIncident | null): void {
    for (const { kind, key } of this.keys.get(one) ?? [])
      if (other) this.set(kind, key, other);
      else if (this.found[kind].get(key) === one) this.found[kind].delete(key);
    this.keys.delete(one);
    for (const [client, belonging] of this.belongings)
      if (belonging.incident === one && other) belonging.incident = other;
      else if (belonging.incident === one) this.belongings.delete(client);
  }

  explain(sight: Sight): Explanation | null {
    if (this.keys.size === 0) return null;
    return this.bySender(sight) ?? this.byClient(sight) ?? this.byRecipient(sight);
  }

  /** What the client sends besides will count for the incident as well, if this is most of it. */
  remember({ client, observation }: Sight, incident: OpenIncident): void {
    if (!client || observation.kind !== 'attempt') return;
    const known = this.belongings.get(client.name);
    if (known?.incident === incident) known.inside++;
    else if (known?.incident.isOpen) known.outside++;
    else {
      if (!known && this.belongings.size >= mostBelongings) this.belongings.clear();
      this.belongings.set(detached(client.name), { incident, inside: 1, outside: 0 });
    }
  }

  private bySender(sight: Sight): Explanation | null {
    const { sender, recipient } = sight;
    const from = this.find('sender', sender, sight);
    if (from) return { incident: from, side: 'from', by: 'sender' };
    const to = isNotice(sight) ? this.find('sender', recipient, sight) : null;
    return to && { incident: to, side: 'to', by: 'sender' };
  }

  private byClient(sight: Sight): Explanation | null {
    const { client, network, observation } = sight;
    if (!client) return null;
    const incident = this.find('client', client, sight) ?? this.find('client', network, sight);
    if (incident) return { incident, side: 'from', by: 'client' };
    const belonging = observation.kind === 'attempt' ? this.belongings.get(client.name) : undefined;
    if (!belonging?.incident.isOpen) return null;
    const isMost = belonging.inside >= fewAttempts && belonging.inside > belonging.outside;
    belonging.outside++;
    return isMost ? { incident: belonging.incident, side: 'from', by: 'client' } : null;
  }

  private byRecipient(sight: Sight): Explanation | null {
    const { observation, sender, recipient, site } = sight;
    const outcome = 'outcome' in observation ? observation.outcome : null;
    if (outcome === 'returned') {
      const incident = this.find('loop', site, sight);
      if (incident) return { incident, side: 'to', by: 'loop' };
    }
    if (isNotice(sight)) {
      const incident = observation.kind === 'notice' ? null : this.find('notified', site, sight);
      if (incident) return { incident, side: 'from', by: 'notified' };
      const storm = observation.kind === 'notice' || observation.kind === 'fate';
      const written = storm ? this.found.storm.get('') : undefined;
      return mayTake(written, sight) ? { incident: written, side: 'to', by: 'storm' } : null;
    }
    const harvest = outcome === 'unknown' ? this.find('harvested', site, sight) : null;
    if (harvest) return { incident: harvest, side: 'from', by: 'harvested' };
    if (!sender || !recipient || this.found.pair.size === 0) return null;
    const pair = this.found.pair.get(pairName(sender, recipient));
    return mayTake(pair, sight) ? { incident: pair, side: 'between', by: 'pair' } : null;
  }

  private find(kind: IndexKind, key: Named | null, sight: Sight): OpenIncident | null {
    const incident = key ? this.found[kind].get(key.name) : undefined;
    return mayTake(incident, sight) ? incident : null;
  }
}

function indexKind(kind: GatherKind): IndexKind {
  return kind === 'network' ? 'client' : kind;
}

/** One of ours, or one that came in. */
export function isNotice({ observation, sender }: Sight): boolean {
  return observation.kind === 'notice' || sender?.name === '';
}

/** What was taken while it was open meets its end later; nothing else belongs to what is over. */
function mayTake(
  incident: OpenIncident | undefined,
  { observation }: Sight,
): incident is OpenIncident {
  return incident !== undefined && (incident.isOpen || observation.kind === 'fate');
}
