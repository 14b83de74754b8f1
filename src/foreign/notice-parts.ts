/**
 * The parts of a notice that is a multipart message: where its report is, and what it returns.
 *
 * RFC 2046 §5.1.1 (boundaries), RFC 6522 §3, RFC 6533 (the types for UTF-8).
 */
import { isNamed } from '../mail/header.ts';
import { eachField, valueBeginning } from './notice-fields.ts';

/** Offsets; the end is where the next boundary begins. */
export interface Part {
  readonly kind: 'status' | 'returned' | 'other';
  readonly start: number;
  readonly end: number;
}

/** What is asked of a notice stands in its first three. */
const maxParts = 10;
const typeLimit = 1000;

/** The boundary of any multipart type; null where there is none. */
export function boundaryOf(contentType: string): string | null {
  if (!/^multipart\//i.test(contentType)) return null;
  const found = /;\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(contentType);
  return found?.[1] ?? found?.[2] ?? null;
}

/** `bytes` from `start` on is the body. What the returned message itself consists of makes no parts here. */
export function readParts(bytes: Buffer, start: number, boundary: string): readonly Part[] {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  const parts: Part[] = [];
  let at = findDelimiter(bytes, start, delimiter);
  while (at >= 0 && parts.length < maxParts && !isClosing(bytes, at + delimiter.length)) {
    const header = bytes.indexOf(0x0a, at) + 1;
    if (header === 0) break;
    const next = findDelimiter(bytes, header, delimiter);
    parts.push(readPart(bytes, header, next < 0 ? bytes.length : next));
    at = next;
  }
  return parts;
}

function readPart(bytes: Buffer, header: number, end: number): Part {
  let kind: Part['kind'] = 'other';
  const start = eachField(bytes, header, end, (name, nameLength, valueStart, valueEnd) => {
    if (nameLength === 12 && isNamed(bytes, name, 'content-type'))
      kind = kindOf(valueBeginning(bytes, valueStart, valueEnd, typeLimit));
  });
  return { kind, start, end };
}

function kindOf(contentType: string): Part['kind'] {
  if (/^message\/(?:global-)?delivery-status\b/i.test(contentType)) return 'status';
  return /^(?:message\/(?:rfc822|global|global-headers)|text\/rfc822-headers)\s*(?:;|$)/i.test(
    contentType,
  )
    ? 'returned'
    : 'other';
}

/** A boundary is a whole line: its text may begin another one, and may stand anywhere in a text. */
function findDelimiter(bytes: Buffer, start: number, delimiter: Buffer): number {
  let at = bytes.indexOf(delimiter, start);
  while (at >= 0) {
    const after = bytes[at + delimiter.length];
    const isStart = at === start || bytes[at - 1] === 0x0a;
    if (
      isStart &&
      (after === undefined || after <= 0x20 || isClosing(bytes, at + delimiter.length))
    )
      return at;
    at = bytes.indexOf(delimiter, at + 1);
  }
  return -1;
}

function isClosing(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0x2d && bytes[at + 1] === 0x2d;
}
