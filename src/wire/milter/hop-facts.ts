/**
 * Signs of a loop in the header of a message, gathered while it streams by.
 *
 * RFC 5321 §4.4 (Received), §6.3 (loops). Memory is constant: counts, and whether a sign was seen.
 */
import { textOf } from './commands.ts';

export interface HopFacts {
  readonly received: number;
  /** Received fields that say `by` one of our own names. */
  readonly ownReceived: number;
  /** A Received field of another server was seen: what stands below it, others wrote. */
  readonly foreign: boolean;
  readonly deliveredToRecipient: boolean;
}

export const noHops: HopFacts = {
  received: 0,
  ownReceived: 0,
  foreign: false,
  deliveredToRecipient: false,
};

export interface HopContext {
  readonly isOwnName: (name: string) => boolean;
  readonly isRecipient: (address: string) => boolean;
  /**
   * Whether the client is this very machine. If it is not, another server wrote the whole header,
   * and anyone can write a Delivered-To.
   */
  readonly trusted: boolean;
}

/** Far above any real `by` clause or address. */
const valueLimit = 2000;

export function addHeader(
  facts: HopFacts,
  name: Uint8Array,
  value: Uint8Array,
  context: HopContext,
): HopFacts {
  // Nearly all headers go by here: the length alone tells.
  if (name.length === 8 && isNamed(name, 'received')) {
    const by = findBy(textOf(value.subarray(0, valueLimit)));
    const own = by !== null && context.isOwnName(by);
    return {
      ...facts,
      received: facts.received + 1,
      ownReceived: facts.ownReceived + (own ? 1 : 0),
      foreign: facts.foreign || !own,
    };
  }
  if (
    context.trusted &&
    !facts.foreign &&
    !facts.deliveredToRecipient &&
    name.length === 12 &&
    isNamed(name, 'delivered-to') &&
    context.isRecipient(textOf(value.subarray(0, valueLimit)).trim())
  )
    return { ...facts, deliveredToRecipient: true };
  return facts;
}

/** The name after `by` in a Received field, outside of comments; null where there is none. */
export function findBy(value: string): string | null {
  const words = withoutComments(value).split(/[\s;]+/);
  for (let i = 0; i + 1 < words.length; i++) {
    const word = words[i]?.toLowerCase();
    // What follows `from` is the client's own HELO, which could be the word `by`.
    if (word === 'from') i++;
    else if (word === 'by') return words[i + 1] || null;
  }
  return null;
}

/** RFC 5322 §3.2.2: comments nest; a backslash takes the next character. */
function withoutComments(value: string): string {
  if (!value.includes('(')) return value;
  let text = '';
  let depth = 0;
  for (let i = 0; i < value.length; i++) {
    const character = value[i] ?? '';
    if (character === '\\') i++;
    else if (character === '(') depth++;
    else if (character === ')') depth = Math.max(0, depth - 1);
    else if (depth === 0) text += character;
    if (character === ')' && depth === 0) text += ' ';
  }
  return text;
}

/** `lower` is in lower case and as long as `name`. */
function isNamed(name: Uint8Array, lower: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const byte = name[i] ?? 0;
    const small = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    if (small !== lower.charCodeAt(i)) return false;
  }
  return true;
}
