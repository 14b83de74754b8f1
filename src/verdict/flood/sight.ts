/**
 * One observation as the counters see it: each text hashed once, however many count it.
 */
import { placeOf } from '../../mail/client-place.ts';
import { detached } from '../../mail/detached.ts';
import { hashText } from '../../mail/text-hash.ts';
import { Named, namesOf } from './named.ts';
import type { Observation } from './observation.ts';

export type SightOutcome = Extract<Observation, { outcome: string }>['outcome'];

export interface Sight {
  readonly kind: Observation['kind'];
  readonly outcome: SightOutcome | null;
  /** Never before an earlier one. */
  readonly at: number;
  readonly bytes: number;
  /** Of a message that came in. */
  readonly recipients: number;
  /** Null: not known. Empty: a notice. */
  readonly sender: Named | null;
  readonly recipient: Named | null;
  /** Domain of the sender. */
  readonly home: Named | null;
  /** Domain of the recipient. */
  readonly site: Named | null;
  readonly client: Named | null;
  readonly network: Named | null;
}

export type See = (observation: Observation, at: number) => Sight;

interface Place {
  readonly client: Named;
  readonly network: Named;
}

const mostRemembered = 4096;
/** Longer texts are cut: no address is, and no text is to cost more memory than its count. */
const textLimit = 320;

/** `seed` for the hashes. */
export function createSee(seed: number): See {
  const places = new Map<string, Place>();
  /** By their hash: most are known, and need no text of their own. */
  const domains = new Map<number, Named>();
  const nameText = namesOf(seed);

  function findPlace(address: string): Place {
    const known = places.get(address);
    if (known) return known;
    if (places.size >= mostRemembered) places.clear();
    const own = detached(shortened(address));
    const { client, network } = placeOf(own);
    const place = { client: nameText(client), network: nameText(network) };
    places.set(own, place);
    return place;
  }

  function domainOf(path: string): Named {
    const from = path.lastIndexOf('@') + 1;
    const hash = hashText(path, seed, from);
    const known = domains.get(hash);
    if (known?.isEndOf(path, from)) return known;
    if (domains.size >= mostRemembered) domains.clear();
    const found = new Named(detached(path.slice(from).toLowerCase()), hash);
    domains.set(hash, found);
    return found;
  }

  return (observation, at) => {
    const { kind, client } = observation;
    const place = client === null ? null : findPlace(client);
    const reversePath = shortened(observation.reversePath);
    const forwardPath = shortened(observation.forwardPath);
    return {
      kind,
      outcome: 'outcome' in observation ? observation.outcome : null,
      at,
      bytes: 'bytes' in observation ? observation.bytes : 0,
      recipients: kind === 'received' ? observation.recipients : 1,
      sender: reversePath === null ? null : nameText(reversePath),
      home: reversePath === null ? null : domainOf(reversePath),
      recipient: forwardPath === null ? null : nameText(forwardPath),
      site: forwardPath === null ? null : domainOf(forwardPath),
      client: place?.client ?? null,
      network: place?.network ?? null,
    };
  };
}

function shortened<Text extends string | null>(text: Text): Text;
function shortened(text: string | null): string | null {
  return text === null || text.length <= textLimit ? text : text.slice(0, textLimit);
}
