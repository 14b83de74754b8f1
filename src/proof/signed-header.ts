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
const signatureLimit = 6;
/** Each combination of canonicalization, algorithm and length is one more hash of the content. */
const hashLimit = 3;
/** mailauth takes time with the square of the lines of a field, and with names signed times fields. */
const lineLimit = 2000;
const signatureLength = 8 * 1024;
/** Of all From fields together. */
const authorLength = 16 * 1024;
const fieldStart = /^([\x21-\x39\x3b-\x7e]+)[ \t\r\n]*:/;

/** `header`: all fields with their line ends, without the empty line. */
export function readSignedHeader(header: Buffer): SignedHeader {
  const lines = header.toString('latin1').split(/(?<=\n)/);
  const authors: string[] = [];
  const kept: string[] = [];
  const signatures: SignatureName[] = [];
  const hashes = new Set<string>();
  let signatureCount = 0;
  let authorRoom = authorLength;
  for (const { name, text } of splitFields(lines)) {
    if (name === 'from' && text.length <= authorRoom) {
      authors.push(text);
      authorRoom -= text.length;
    }
    // Not ours to check, and a signature of its own kind that mailauth would look up.
    if (name === 'arc-message-signature') continue;
    if (name === 'dkim-signature') {
      const signature = readSignature(text);
      hashes.add(signature.hash);
      const isSurplus = signatureCount >= signatureLimit || hashes.size > hashLimit;
      if (isSurplus || text.length > signatureLength) continue;
      signatureCount++;
      if (signature.name) signatures.push(signature.name);
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

/** As far as it matters before mailauth reads the field for itself. */
function readSignature(field: string): { name: SignatureName | null; hash: string } {
  const value = field.slice(field.indexOf(':') + 1).replace(/\s+/g, '');
  const tag = (name: string) => new RegExp(`(?:^|;)${name}=([^;]*)`, 'i').exec(value)?.[1] ?? '';
  const [domain, selector] = [tag('d'), tag('s')];
  return {
    name: domain === '' || selector === '' ? null : { domain, selector },
    hash: `${tag('a')} ${tag('c')} ${tag('l')}`.toLowerCase(),
  };
}
