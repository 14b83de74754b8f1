/**
 * Signs of a loop in the header of a message, gathered while it streams by.
 *
 * RFC 5321 §4.4 (Received), §6.3 (loops). Memory is constant: counts, and whether a sign was seen.
 */
import { isNamed } from './header.ts';
import { textOf } from './text.ts';

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

/** Offsets into the bytes of one field. */
export interface FieldPlace {
  readonly nameLength: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Far above any real `by` clause or address. */
const valueLimit = 2000;

/** `field` begins with the name; its value may end in CRLF. The milter and our own server share this. */
export function addHeader(
  facts: HopFacts,
  field: Uint8Array,
  { nameLength, valueStart, valueEnd }: FieldPlace,
  context: HopContext,
): HopFacts {
  // Nearly all headers go by here: the length alone tells.
  if (nameLength === 8 && isNamed(field, 0, 'received')) {
    const by = findBy(headerValue(field, valueStart, valueEnd));
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
    nameLength === 12 &&
    isNamed(field, 0, 'delivered-to') &&
    context.isRecipient(headerValue(field, valueStart, valueEnd).trim())
  )
    return { ...facts, deliveredToRecipient: true };
  return facts;
}

/** The name after `by` in a Received field, outside of comments; null where there is none. */
export function findBy(value: string): string | null {
  let last = '';
  let at = 0;
  while (at < value.length) {
    const end = endOfWord(value, at);
    if (end > at) {
      const word = value.slice(at, end);
      if (last === 'by') return word;
      // What follows `from` is the client's own HELO, which could be the word `by`.
      last = last === 'from' ? '' : end - at <= 4 ? word.toLowerCase() : '';
    }
    at = value[end] === '(' ? endOfComment(value, end) : end + 1;
  }
  return null;
}

function endOfWord(value: string, start: number): number {
  let at = start;
  while (at < value.length) {
    const code = value.charCodeAt(at);
    if (code <= 0x20 || code === 0x3b /* ; */ || code === 0x28 /* ( */) break;
    at++;
  }
  return at;
}

/** RFC 5322 §3.2.2: comments nest; a backslash takes the next character. */
function endOfComment(value: string, start: number): number {
  let depth = 0;
  for (let at = start; at < value.length; at++) {
    const code = value.charCodeAt(at);
    if (code === 0x5c /* \ */) at++;
    else if (code === 0x28 /* ( */) depth++;
    else if (code === 0x29 /* ) */ && --depth === 0) return at + 1;
  }
  return value.length;
}

function headerValue(field: Uint8Array, start: number, end: number): string {
  return textOf(field, start, Math.min(end, start + valueLimit));
}
