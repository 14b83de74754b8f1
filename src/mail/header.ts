/**
 * The header of a message as octets: where each field begins and ends.
 *
 * RFC 5322 §2.2 (fields, folding), §4.5.3 (blanks before the colon, which old software writes). Lines
 * end with CRLF; a line that is no field is passed through as one without a name.
 */

/** Offsets into the block. */
export interface HeaderField {
  readonly start: number;
  /** 0 where the line is no field. */
  readonly nameLength: number;
  /** After the colon. */
  readonly valueStart: number;
  /** After the last CRLF of the field. */
  readonly end: number;
}

/** `block`: all fields with their CRLF, without the empty line. Null: a bare CR or LF, or a NUL. */
export function splitHeader(block: Buffer): HeaderField[] | null {
  const fields: HeaderField[] = [];
  let start = 0;
  while (start < block.length) {
    let end = endOfLine(block, start);
    while (end > 0 && isBlank(block[end])) end = endOfLine(block, end);
    if (end < 0) return null;
    fields.push(readField(block, start, end));
    start = end;
  }
  return fields;
}

/** `lower` is in lower case and as long as the name. */
export function isNamed(bytes: Uint8Array, start: number, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) {
    const byte = bytes[start + i] ?? 0;
    const small = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    if (small !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/** RFC 5322 §2.2.3: the CRLFs go, the blanks stay. */
export function unfold(value: string): string {
  return value.includes('\n') ? value.replace(/\r?\n/g, '').trim() : value.trim();
}

/** The place after the CRLF; -1 where the line has no clean end. */
function endOfLine(block: Buffer, start: number): number {
  const lf = block.indexOf(0x0a, start);
  if (lf <= start || block[lf - 1] !== 0x0d) return -1;
  for (let at = start; at < lf - 1; at++) {
    const byte = block[at];
    if (byte === 0x0d || byte === 0) return -1;
  }
  return lf + 1;
}

function readField(block: Buffer, start: number, end: number): HeaderField {
  let at = start;
  // RFC 5322 §3.6.8: a name is printable ASCII without the colon.
  while (at < end && isNameByte(block[at] ?? 0)) at++;
  const nameLength = at - start;
  while (isBlank(block[at])) at++;
  const isField = nameLength > 0 && block[at] === 0x3a;
  return isField
    ? { start, nameLength, valueStart: at + 1, end }
    : { start, nameLength: 0, valueStart: start, end };
}

function isNameByte(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && byte !== 0x3a;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09;
}
