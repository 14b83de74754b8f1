/**
 * One observation as the counters see it: each text made comparable and hashed once, however many count it.
 */
import { placeOf } from '../../mail/client-place.ts';
import { detached } from '../../mail/detached.ts';
import { hashText } from '../../mail/text-hash.ts';
import type { Observation } from './observation.ts';

export interface Named {
  readonly name: string;
  readonly hash: number;
}

export interface Sight {
  readonly observation: Observation;
  /** Never before an earlier one. */
  readonly at: number;
  /** Lower case; null: not known. Empty: a notice. */
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

interface Mailbox {
  readonly address: Named;
  readonly domain: Named;
}

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
  const mailboxes = new Map<string, Mailbox>();
  const named = (name: string): Named => ({ name, hash: hashText(name, seed) });

  function findPlace(address: string): Place {
    const known = places.get(address);
    if (known) return known;
    if (places.size >= mostRemembered) places.clear();
    const { client, network } = placeOf(detached(shortened(address)));
    const place = { client: named(client), network: named(network) };
    places.set(detached(shortened(address)), place);
    return place;
  }

  function domainOf(address: string): Named {
    const from = address.lastIndexOf('@') + 1;
    const hash = hashText(address, seed, from);
    const known = domains.get(hash);
    if (known && known.name.length === address.length - from && address.endsWith(known.name))
      return known;
    if (domains.size >= mostRemembered) domains.clear();
    const found = { name: detached(address.slice(from)), hash };
    domains.set(hash, found);
    return found;
  }

  /** The same texts come again and again: with each recipient of a message, and with what becomes of it. */
  function mailboxOf(path: string): Mailbox {
    const known = mailboxes.get(path);
    if (known) return known;
    if (mailboxes.size >= mostRemembered) mailboxes.clear();
    const text = detached(shortened(path));
    const address = named(text.toLowerCase());
    const mailbox = { address, domain: domainOf(address.name) };
    if (text === path) mailboxes.set(text, mailbox);
    return mailbox;
  }

  return (observation, at) => {
    const { client, reversePath, forwardPath } = observation;
    const place = client === null ? null : findPlace(client);
    const sender = reversePath === null ? null : mailboxOf(reversePath);
    const recipient = forwardPath === null ? null : mailboxOf(forwardPath);
    return {
      observation,
      at,
      sender: sender?.address ?? null,
      home: sender?.domain ?? null,
      recipient: recipient?.address ?? null,
      site: recipient?.domain ?? null,
      client: place?.client ?? null,
      network: place?.network ?? null,
    };
  };
}

function shortened(text: string): string {
  return text.length <= textLimit ? text : text.slice(0, textLimit);
}

/** To be kept: its texts are its own, and of the observation only what is counted is left. */
export function keepSight(sight: Sight): Sight {
  const { sender, recipient } = sight;
  const texts = { client: null, reversePath: null, forwardPath: null };
  return {
    ...sight,
    observation: { ...sight.observation, ...texts },
    sender: sender && { ...sender, name: detached(sender.name) },
    recipient: recipient && { ...recipient, name: detached(recipient.name) },
  };
}

/** `ann@a.example and bob@b.example`, whoever wrote. */
export function pairName(one: Named, other: Named): string {
  return one.name < other.name ? `${one.name} and ${other.name}` : `${other.name} and ${one.name}`;
}
