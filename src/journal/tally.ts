/**
 * Receipts that wait in memory: those alike summed, the others one by one, all of it bounded.
 *
 * Alike are verdicts of the same door, check, action, reason, reply and domain about the same
 * reverse-path and client address. Mail that was dropped has a receipt of its own. Where the bounds
 * are reached, sums are joined further: what differs among them becomes null, the count stays right.
 */
import type { Client } from '../mail/envelope.ts';
import { type Receipt, takesAway } from '../verdict/verdict.ts';

export interface TallyLimits {
  /** Most sums that are told apart. */
  readonly sums: number;
  /** Most receipts of their own; the rest is summed. */
  readonly singles: number;
  /** Most characters in all these receipts; beyond, sums are joined. */
  readonly characters: number;
}

/** A receipt that nobody else holds: it may be counted up. */
export type OwnReceipt = { -readonly [field in keyof Receipt]: Receipt[field] };

export interface Tally {
  /** Takes the receipt over. */
  add(receipt: OwnReceipt): void;
  /** How many receipts would be taken out. */
  readonly size: number;
  /** How many of them are sums. */
  readonly sums: number;
  /** Takes out the receipts that stand alone. */
  takeSingles(): Receipt[];
  /** Takes out everything. */
  takeAll(): Receipt[];
}

const joinedSteps = ['more kinds at once than are told apart: what differs among them is left out'];

export function createTally(limits: TallyLimits): Tally {
  let singles: Receipt[] = [];
  let singleCharacters = 0;
  let sums = new Map<string, OwnReceipt>();
  /** Joined sums; their keys come from closed lists, so there are few. */
  let joined = new Map<string, OwnReceipt>();
  let sumCharacters = 0;

  /** Whether more may be kept beside what is; `characters` are those of the newcomer. */
  function hasRoom(characters: number): boolean {
    return singleCharacters + sumCharacters + characters <= limits.characters;
  }

  function addSum(receipt: OwnReceipt): void {
    const key = keyOf(receipt);
    const sum = sums.get(key);
    if (sum) {
      count(sum, receipt);
      return;
    }
    const characters = charactersOf(receipt);
    if (sums.size < limits.sums && hasRoom(characters)) {
      sums.set(key, receipt);
      sumCharacters += characters;
    } else {
      addJoined(receipt);
    }
  }

  function addJoined(receipt: OwnReceipt): void {
    const key = kindOf(receipt);
    const sum = joined.get(key);
    receipt.steps = joinedSteps;
    if (sum) join(sum, receipt);
    else joined.set(key, receipt);
  }

  function takeSingles(): Receipt[] {
    const taken = singles;
    singles = [];
    singleCharacters = 0;
    return taken;
  }

  return {
    add(receipt) {
      if (!standsAlone(receipt)) return addSum(receipt);
      const characters = charactersOf(receipt);
      if (singles.length >= limits.singles || !hasRoom(characters)) return addSum(receipt);
      singles.push(receipt);
      singleCharacters += characters;
    },
    get size() {
      return singles.length + sums.size + joined.size;
    },
    get sums() {
      return sums.size + joined.size;
    },
    takeSingles,
    takeAll() {
      const taken = [...takeSingles(), ...sums.values(), ...joined.values()];
      sums = new Map();
      joined = new Map();
      sumCharacters = 0;
      return taken;
    },
  };
}

/** Mail that is gone. A verdict that was only watched took nothing, so those may be summed. */
function standsAlone({ action, enforced, count }: Receipt): boolean {
  return enforced && count === 1 && takesAway(action);
}

/** Concatenation on purpose: this runs for every refusal, and is the fastest way to one key. */
function keyOf(receipt: Receipt): string {
  const { reply, domain, reversePath, client } = receipt;
  return (
    kindOf(receipt) +
    (reply ? reply.code + reply.status : '') +
    part(domain) +
    part(reversePath) +
    part(client ? client.address : null)
  );
}

function kindOf({ adapter, check, action, enforced, reason }: Receipt): string {
  return `${adapter} ${check} ${action}${enforced ? ' ' : ' would '}${reason} `;
}

/** With its length before it, so that no text can look like two. */
function part(text: string | null): string {
  return text === null ? ' -' : ` ${text.length}:${text}`;
}

function count(sum: OwnReceipt, receipt: Receipt): void {
  sum.count += receipt.count;
  if (receipt.from < sum.from) sum.from = receipt.from;
  if (receipt.until > sum.until) sum.until = receipt.until;
}

/** As `count`; what differs becomes null. */
function join(sum: OwnReceipt, receipt: Receipt): void {
  count(sum, receipt);
  if (sum.reply?.code !== receipt.reply?.code || sum.reply?.status !== receipt.reply?.status)
    sum.reply = null;
  sum.client = common(sum.client, receipt.client);
  if (sum.domain !== receipt.domain) sum.domain = null;
  if (sum.reversePath !== receipt.reversePath) sum.reversePath = null;
  if (sum.forwardPath !== receipt.forwardPath) sum.forwardPath = null;
  if (sum.queueId !== receipt.queueId) sum.queueId = null;
}

function common(a: Client | null, b: Client | null): Client | null {
  if (a === null || b === null || a === b) return a === b ? a : null;
  const address = a.address === b.address ? a.address : null;
  const name = a.name === b.name ? a.name : null;
  const helo = a.helo === b.helo ? a.helo : null;
  if (address === a.address && name === a.name && helo === a.helo) return a;
  return address === null && name === null && helo === null ? null : { address, name, helo };
}

/** About; what the objects themselves take counts as 200. */
function charactersOf({
  domain,
  client,
  reversePath,
  forwardPath,
  queueId,
  steps,
}: Receipt): number {
  let characters = 200;
  for (const text of [domain, reversePath, forwardPath, queueId]) characters += text?.length ?? 0;
  if (client) {
    for (const text of [client.address, client.name, client.helo]) characters += text?.length ?? 0;
  }
  for (const step of steps) characters += step.length;
  return characters;
}
