/**
 * The header of a message as the checks need it: its authors, and its signatures, not too many.
 *
 * Fields are told apart exactly as mailauth does, which takes any line that begins no field for a part
 * of the one before; otherwise it could see signatures that were not counted here.
 */

export interface SignedHeader {
  /** The From fields alone, with an empty line: a message for whoever reads authors. */
  readonly authors: Buffer;
  /** The header with its first signatures only; null where no signature can be checked. */
  readonly signed: Buffer | null;
  /** Of those signatures; what is unreadable is left out. */
  readonly signatures: readonly SignatureName[];
}

export interface SignatureName {
  readonly domain: string;
  readonly selector: string;
}

/** RFC 6376 §6.1 allows to look at some of them only. */
const signatureLimit = 10;
/** mailauth takes time with the square of the lines of a field. */
const lineLimit = 4000;
const fieldLimit = 16 * 1024;
const fieldStart = /^([\x21-\x39\x3b-\x7e]+)[ \t\r\n]*:/;

/** `header`: all fields with their line ends, without the empty line. */
export function readSignedHeader(header: Buffer): SignedHeader {
  const lines = header.toString('latin1').split(/(?<=\n)/);
  const authors: string[] = [];
  const kept: string[] = [];
  const signatures: SignatureName[] = [];
  let signatureCount = 0;
  for (const { name, text } of splitFields(lines)) {
    const isShort = text.length <= fieldLimit;
    if (name === 'from' && isShort) authors.push(text);
    // Not ours to check, and a signature of its own kind that mailauth would look up.
    if (name === 'arc-message-signature') continue;
    if (name === 'dkim-signature') {
      if (++signatureCount > signatureLimit || !isShort) continue;
      signatures.push(...nameOf(text));
    }
    kept.push(text);
  }
  const isCheckable = signatureCount > 0 && lines.length <= lineLimit;
  return {
    authors: Buffer.from(`${authors.join('')}\r\n`, 'latin1'),
    signed: isCheckable ? Buffer.from(kept.join(''), 'latin1') : null,
    signatures: isCheckable ? signatures : [],
  };
}

function* splitFields(lines: readonly string[]): Generator<{ name: string; text: string }> {
  let name = '';
  let parts: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    // The colon may stand in the line after the name.
    const start = fieldStart.exec(line) ?? fieldStart.exec(line + (lines[i + 1] ?? ''));
    if (start && parts.length > 0) {
      yield { name, text: parts.join('') };
      parts = [];
    }
    if (start) name = (start[1] ?? '').toLowerCase();
    parts.push(line);
  }
  if (parts.length > 0) yield { name, text: parts.join('') };
}

/** Only to ask for the keys early: mailauth reads the field for itself. */
function nameOf(field: string): SignatureName[] {
  const value = field.slice(field.indexOf(':') + 1).replace(/\s+/g, '');
  const domain = /(?:^|;)d=([^;]+)/i.exec(value)?.[1];
  const selector = /(?:^|;)s=([^;]+)/i.exec(value)?.[1];
  return domain === undefined || selector === undefined ? [] : [{ domain, selector }];
}
