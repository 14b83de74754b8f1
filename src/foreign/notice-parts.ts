/**
 * The parts of a notice that is a multipart message: where its report is, and what it returns.
 *
 * RFC 2046 §5.1.1 (boundaries), RFC 6522 §3, RFC 6533 (the types for UTF-8).
 */
import { eachField, isFieldNamed, valueBeginning } from './notice-fields.ts';

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

/** `text` from `start` on is the body. What the returned message itself consists of makes no parts here. */
export function readParts(text: string, start: number, boundary: string): readonly Part[] {
  const delimiter = `--${boundary}`;
  const parts: Part[] = [];
  let at = findDelimiter(text, start, delimiter);
  while (at >= 0 && parts.length < maxParts && !isClosing(text, at + delimiter.length)) {
    const header = text.indexOf('\n', at) + 1;
    if (header === 0) break;
    const next = findDelimiter(text, header, delimiter);
    parts.push(readPart(text, header, next < 0 ? text.length : next));
    at = next;
  }
  return parts;
}

function readPart(text: string, header: number, end: number): Part {
  let kind: Part['kind'] = 'other';
  const start = eachField(text, header, end, (name, nameLength, valueStart, valueEnd) => {
    if (nameLength === 12 && isFieldNamed(text, name, 'content-type'))
      kind = kindOf(valueBeginning(text, valueStart, valueEnd, typeLimit));
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
function findDelimiter(text: string, start: number, delimiter: string): number {
  let at = text.indexOf(delimiter, start);
  while (at >= 0) {
    const after = text.charCodeAt(at + delimiter.length);
    const isStart = at === start || text.charCodeAt(at - 1) === 0x0a;
    if (
      isStart &&
      (at + delimiter.length >= text.length ||
        after <= 0x20 ||
        isClosing(text, at + delimiter.length))
    )
      return at;
    at = text.indexOf(delimiter, at + 1);
  }
  return -1;
}

function isClosing(text: string, at: number): boolean {
  return text.startsWith('--', at);
}
