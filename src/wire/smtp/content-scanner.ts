/**
 * Finds the end of a message, takes the doubled dots out, and notices what no message may hold.
 *
 * RFC 5321 §4.1.1.4 and §4.5.2 (the dot), §2.3.8 (no bare CR or LF), RFC 3030 §2 (octets). What
 * follows a bare CR or LF is never the end of the content and never a command: servers that think
 * otherwise let one message smuggle another past them (CVE-2023-51764 and its like). NUL is refused
 * because programs that read mail end a string there.
 *
 * One pass over the bytes, and pieces that share memory with them.
 */
import { findControl } from './find-control.ts';
import type { ContentFault, ContentToRead } from './session.ts';

export interface ContentScanner {
  start(what: ContentToRead): void;
  /**
   * Reads `bytes` from `at`, up to the end of a piece, of the content or of the bytes; returns how far
   * it came. To be called again while neither `hasEnded` nor all is read.
   */
  scan(bytes: Buffer, at: number): number;
  /** What the last `scan` found; null: nothing, or the content will be refused anyway. */
  readonly piece: Buffer | null;
  readonly hasEnded: boolean;
  /** The first that was found; complete once `hasEnded`. */
  readonly fault: ContentFault | null;
}

const LF = 10;
const CR = 13;
const DOT = 46;

/** Where the scan stands between two octets. */
const inLine = 0;
const afterCr = 1;
const lineStart = 2;
/** After the dot at the start of a line... */
const afterDot = 3;
/** ...and the CR after that. */
const afterDotCr = 4;

export function createContentScanner(maxMessage: number): ContentScanner {
  let state = inLine;
  let size = 0;
  let isDropped = false;
  /** Octets of the chunk that are still to come; null: up to the dot. */
  let left: number | null = null;
  let isBinary = false;
  let isLast = false;
  let piece: Buffer | null = null;
  let hasEnded = false;
  let fault: ContentFault | null = null;

  function blame(found: ContentFault): void {
    fault ??= found;
  }

  /** Gives out `bytes` from `from` to `to`, if anybody still wants them. */
  function give(bytes: Buffer, from: number, to: number): void {
    size += to - from;
    if (size > maxMessage) blame('tooLarge');
    if (to > from && fault === null && !isDropped) piece = bytes.subarray(from, to);
  }

  function scanToDot(bytes: Buffer, from: number): number {
    const length = bytes.length;
    let start = from;
    let i = from;
    while (i < length) {
      if (state === inLine) {
        i = findControl(bytes, i, length);
        if (i === length) break;
        const octet = bytes[i++];
        if (octet === CR) state = afterCr;
        else blame(octet === LF ? 'bareLf' : 'nul');
        continue;
      }
      const octet = bytes[i];
      switch (state) {
        case afterCr:
          if (octet === LF) {
            state = lineStart;
            i++;
          } else {
            blame('bareCr');
            state = inLine;
          }
          break;
        case lineStart:
          if (octet === DOT) {
            // Never content: the end, or doubled.
            give(bytes, start, i);
            i++;
            start = i;
            state = afterDot;
            if (piece) return i;
          } else state = inLine;
          break;
        case afterDot:
          state = octet === CR ? afterDotCr : inLine;
          if (octet === CR) i++;
          break;
        default: // afterDotCr
          if (octet === LF) {
            hasEnded = true;
            return i + 1;
          }
          blame('bareCr');
          state = inLine;
      }
    }
    // A CR after a dot is content only if no LF follows, and then it is a bare one.
    give(bytes, start, state === afterDotCr ? length - 1 : length);
    return length;
  }

  function scanOctets(bytes: Buffer, from: number, wanted: number): number {
    const end = Math.min(bytes.length, from + wanted);
    if (!isBinary && !isDropped) checkText(bytes, from, end);
    give(bytes, from, end);
    left = wanted - (end - from);
    if (left === 0) endChunk();
    return end;
  }

  /** RFC 3030 §2: without BINARYMIME the octets are lines of text like those of DATA. */
  function checkText(bytes: Buffer, from: number, end: number): void {
    let i = from;
    while (i < end) {
      if (state === afterCr) {
        if (bytes[i] === LF) i++;
        else blame('bareCr');
        state = inLine;
        continue;
      }
      i = findControl(bytes, i, end);
      if (i === end) return;
      const octet = bytes[i++];
      if (octet === CR) state = afterCr;
      else blame(octet === LF ? 'bareLf' : 'nul');
    }
  }

  function endChunk(): void {
    hasEnded = true;
    if (isLast && state === afterCr) blame('bareCr');
  }

  return {
    start(what) {
      const isFirst = what === 'content' || what.first;
      if (isFirst) {
        size = 0;
        fault = null;
        state = what === 'content' ? lineStart : inLine;
      }
      hasEnded = false;
      piece = null;
      left = what === 'content' ? null : what.octets;
      isBinary = what !== 'content' && what.binary;
      isLast = what !== 'content' && what.last;
      isDropped = what !== 'content' && what.discard;
      if (left === 0) endChunk();
    },
    scan(bytes, at) {
      piece = null;
      return left === null ? scanToDot(bytes, at) : scanOctets(bytes, at, left);
    },
    get piece() {
      return piece;
    },
    get hasEnded() {
      return hasEnded;
    },
    get fault() {
      return fault;
    },
  };
}
