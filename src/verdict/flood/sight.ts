/**
 * One observation as the counters see it: each text hashed once, however many count it.
 */
import { placeOf } from '../../mail/client-place.ts';
import { detached } from '../../mail/detached.ts';
import { parseIp } from '../../mail/ip.ts';
import { hashText } from '../../mail/text-hash.ts';
import { type Named, type NameText, namesOf } from './named.ts';
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
  /** Address of the next hop, of what came back from there. */
  readonly hop: Named | null;
}

export type See = (observation: Observation, at: number) => Sight;

interface Place {
  readonly address: string;
  readonly client: Named;
  readonly network: Named;
}

/** Places that are remembered, a power of two: most mail comes from few. */
const places = 4096;
/** Longer texts are cut: no address is, and no text is to cost more memory than its count. */
const textLimit = 320;

/** `seed` for the hashes. */
export function createSee(seed: number): See {
  const nameText = namesOf(seed);
  const findPlace = createFindPlace(nameText);
  const domainOf = (path: string) => nameText(path, path.lastIndexOf('@') + 1);

  const hopOf = (observation: Observation) => {
    if (observation.kind !== 'fate' || observation.outcome !== 'returned') return null;
    const address = addressIn(observation.nextHop ?? '');
    return address === null ? null : nameText(address);
  };

  return (observation, at) => {
    const { kind } = observation;
    const address = shortened(observation.client);
    const place = address === null ? null : findPlace(address);
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
      hop: hopOf(observation),
    };
  };
}

/** `127.0.0.1` of `mail.seaton.biz (127.0.0.1:25)` or `mail.seaton.biz[127.0.0.1]:25`. */
function addressIn(nextHop: string): string | null {
  const [, text = nextHop] = /[[(]([\da-f.:]{2,45})[\])]/i.exec(nextHop) ?? [];
  const found = parseIp(text) ?? parseIp(text.replace(/:\d+$/, ''));
  return found?.text ?? null;
}

/** Each in a slot by its hash, where it stays until another comes there. */
function createFindPlace(nameText: NameText): (address: string) => Place {
  const slots = new Array<Place | null>(places).fill(null);
  return (address) => {
    const slot = hashText(address) & (places - 1);
    const known = slots[slot];
    if (known?.address === address) return known;
    const own = detached(address);
    const { client, network } = placeOf(own);
    const place = { address: own, client: nameText(client), network: nameText(network) };
    slots[slot] = place;
    return place;
  };
}

function shortened<Text extends string | null>(text: Text): Text;
function shortened(text: string | null): string | null {
  return text === null || text.length <= textLimit ? text : text.slice(0, textLimit);
}

/** The same, whose names from now on keep nothing but their own texts in memory. */
export function keepNames(sight: Sight): Sight {
  sight.sender?.kept();
  sight.home?.kept();
  sight.recipient?.kept();
  sight.site?.kept();
  return sight;
}
