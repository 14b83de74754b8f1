/**
 * One observation as the counters see it: each text hashed once, however many count it.
 */
import { placeOf } from '../../mail/client-place.ts';
import { detached } from '../../mail/detached.ts';
import { parseIp } from '../../mail/ip.ts';
import { hashNumber, hashText } from '../../mail/text-hash.ts';
import { type Named, type NameText, namesOf } from './named.ts';
import type { Observation } from './observation.ts';

export type SightOutcome = Extract<Observation, { outcome: string }>['outcome'];

interface Names {
  /** Null: not known. Empty: a notice. */
  readonly sender: Named | null;
  readonly recipient: Named | null;
  readonly client: Named | null;
  readonly network: Named | null;
  /** Address of the next hop, of what came back from there. */
  readonly hop: Named | null;
}

export class Sight {
  readonly kind: Observation['kind'];
  readonly outcome: SightOutcome | null;
  /** Never before an earlier one. */
  readonly at: number;
  readonly bytes: number;
  /** Of a message that came in. */
  readonly recipients: number;
  /** Hash of the connection that it came over; null: not known, or none. */
  readonly connection: number | null;
  readonly sender: Named | null;
  readonly recipient: Named | null;
  readonly client: Named | null;
  readonly network: Named | null;
  readonly hop: Named | null;
  private readonly nameText: NameText;
  private senderDomain: Named | null = null;
  private recipientDomain: Named | null = null;

  constructor(observation: Observation, at: number, names: Names, nameText: NameText) {
    this.kind = observation.kind;
    this.outcome = 'outcome' in observation ? observation.outcome : null;
    this.at = at;
    this.bytes = 'bytes' in observation ? observation.bytes : 0;
    this.recipients = observation.kind === 'received' ? observation.recipients : 1;
    this.connection = connectionOf(observation);
    this.sender = names.sender;
    this.recipient = names.recipient;
    this.client = names.client;
    this.network = names.network;
    this.hop = names.hop;
    this.nameText = nameText;
  }

  /** Domain of the sender. Of most mail nobody asks for it. */
  get home(): Named | null {
    if (!this.senderDomain && this.sender) this.senderDomain = this.sender.domain(this.nameText);
    return this.senderDomain;
  }

  /** Domain of the recipient. */
  get site(): Named | null {
    if (!this.recipientDomain && this.recipient)
      this.recipientDomain = this.recipient.domain(this.nameText);
    return this.recipientDomain;
  }

  /** What nobody wanted. */
  get isHarm(): boolean {
    const { outcome } = this;
    return outcome === 'unknown' || outcome === 'refused' || outcome === 'returned';
  }

  /** The same, which from now on keeps nothing but its own texts in memory. */
  kept(): this {
    this.sender?.kept();
    this.recipient?.kept();
    this.senderDomain = null;
    this.recipientDomain = null;
    return this;
  }
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
  const hopOf = (observation: Observation) => {
    if (observation.kind !== 'fate' || observation.outcome !== 'returned') return null;
    const address = addressIn(observation.nextHop ?? '');
    return address === null ? null : nameText(address);
  };

  return (observation, at) => {
    const address = shortened(observation.client);
    const reversePath = shortened(observation.reversePath);
    const forwardPath = shortened(observation.forwardPath);
    const place = address === null ? null : findPlace(address);
    const names = {
      sender: reversePath === null ? null : nameText(reversePath),
      recipient: forwardPath === null ? null : nameText(forwardPath),
      client: place?.client ?? null,
      network: place?.network ?? null,
      hop: hopOf(observation),
    };
    return new Sight(observation, at, names, nameText);
  };
}

function connectionOf(observation: Observation): number | null {
  if (!('connection' in observation) || observation.connection === null) return null;
  return hashNumber(observation.connection);
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
