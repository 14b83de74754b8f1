/**
 * What the header of a message that comes in tells us, and what must not stay in it.
 *
 * RFC 5321 §4.4 (Return-Path is for the last hop alone to write), RFC 8601 §5 (no results in our name
 * but ours), RFC 5322 §3.6 (Date and Message-ID). Bcc and all else pass untouched.
 */
import { authservIdOf } from './authserv-id.ts';
import { type HeaderField, isNamed, splitHeader, unfold } from './header.ts';
import { addHeader, type HopContext, type HopFacts, noHops } from './hop-facts.ts';
import { textOf } from './text.ts';

export interface HeaderReading {
  readonly hops: HopFacts;
  /** Unfolded; null where there is none. Of several the first, as mail readers show it. */
  readonly messageId: string | null;
  readonly date: string | null;
  readonly contentType: string | null;
  /** Values of the fields with our stamp, as they stand; see stampField. */
  readonly stamps: readonly string[];
  /** Fields to be taken out, in order. */
  readonly removed: readonly HeaderField[];
}

export interface ReadingContext extends HopContext {
  /** Our authserv-id, in lower case. */
  readonly authservId: string;
}

export const stampField = 'Spillway-Hop';
const stampName = stampField.toLowerCase();
/** More than a loop of ours can have, so that a forger cannot make us compute. */
const maxStamps = 100;
/** Longer values are cut: nothing we look at is so long. */
const valueLimit = 2000;

/** `block`: all fields with their CRLF, without the empty line. Null: a bare CR or LF, or a NUL. */
export function readHeader(block: Buffer, context: ReadingContext): HeaderReading | null {
  const fields = splitHeader(block);
  if (fields === null) return null;
  let hops = noHops;
  let messageId: string | null = null;
  let date: string | null = null;
  let contentType: string | null = null;
  const stamps: string[] = [];
  const removed: HeaderField[] = [];
  for (const field of fields) {
    // The length of the name alone tells of nearly all fields that they are none of ours.
    switch (field.nameLength) {
      case 4:
        if (isNamed(block, field.start, 'date')) date ??= unfoldedValue(block, field);
        break;
      case 8:
        if (isNamed(block, field.start, 'received')) hops = addHop(hops, block, field, context);
        break;
      case 10:
        if (isNamed(block, field.start, 'message-id')) messageId ??= unfoldedValue(block, field);
        break;
      case 11:
        if (isNamed(block, field.start, 'return-path')) removed.push(field);
        break;
      case 12:
        if (isNamed(block, field.start, 'delivered-to')) hops = addHop(hops, block, field, context);
        else if (isNamed(block, field.start, 'content-type'))
          contentType ??= unfoldedValue(block, field);
        else if (isNamed(block, field.start, stampName) && stamps.length < maxStamps)
          stamps.push(unfoldedValue(block, field));
        break;
      case 22:
        if (
          isNamed(block, field.start, 'authentication-results') &&
          authservIdOf(rawValue(block, field)) === context.authservId
        )
          removed.push(field);
        break;
    }
  }
  return { hops, messageId, date, contentType, stamps, removed };
}

/** The pieces of the block that stay, in order. */
export function withoutFields(block: Buffer, removed: readonly HeaderField[]): Buffer[] {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { start, end } of removed) {
    if (start > at) pieces.push(block.subarray(at, start));
    at = end;
  }
  if (at < block.length) pieces.push(block.subarray(at));
  return pieces;
}

function addHop(
  hops: HopFacts,
  block: Buffer,
  { start, nameLength, valueStart, end }: HeaderField,
  context: HopContext,
): HopFacts {
  const field = block.subarray(start, end);
  const place = { nameLength, valueStart: valueStart - start, valueEnd: end - start - 2 };
  return addHeader(hops, field, place, context);
}

function rawValue(block: Buffer, { valueStart, end }: HeaderField): string {
  return textOf(block, valueStart, Math.min(end, valueStart + valueLimit));
}

function unfoldedValue(block: Buffer, field: HeaderField): string {
  return unfold(rawValue(block, field));
}
