/**
 * Names in DNS messages: any bytes in labels, shown in text that leaves no doubt which name is meant.
 *
 * RFC 1035 §3.1 and §4.1.4 (names and pointers), §5.1 (`\.` and `\027`), RFC 4343 (letter case).
 */

/** Real messages need one or two pointers a name; forged ones could need thousands. */
const pointerLimit = 32;
const nameLimit = 255;

/**
 * What pointers of one message point to, by position: the name and its length on the wire. Each is
 * read once, or a message of thousands of pointers to one long name would take a core for a moment.
 */
export type KnownNames = Map<number, { readonly name: string; readonly length: number }>;

/**
 * Lower case, without the final dot, '' for the root. A dot inside a label is `\.`, a byte that is
 * no printable ASCII is `\027` and the like: such a name is never taken for a host name.
 *
 * `end`: where the message goes on. Throws RangeError where there is no name at `start`.
 */
export function readName(
  message: Buffer,
  start: number,
  known: KnownNames = new Map(),
): { name: string; end: number } {
  const labels: string[] = [];
  const targets: { readonly at: number; readonly labels: number; readonly length: number }[] = [];
  let at = start;
  let end: number | null = null;
  let length = 1;
  for (;;) {
    const head = message.readUInt8(at);
    if (head === 0) break;
    if (head >= 0xc0) {
      end ??= at + 2;
      at = message.readUInt16BE(at) & 0x3fff;
      const seen = known.get(at);
      if (seen) {
        length += seen.length - 1;
        if (seen.name !== '') labels.push(seen.name);
        break;
      }
      targets.push({ at, labels: labels.length, length });
      if (targets.length > pointerLimit) throw new RangeError('A name of too many pointers');
      continue;
    }
    if (head > 63) throw new RangeError('A label of an unknown kind');
    length += 1 + head;
    if (length > nameLimit) break;
    const next = at + 1 + head;
    if (next > message.length) throw new RangeError('A label ends after its message');
    labels.push(showLabel(message.toString('latin1', at + 1, next)));
    at = next;
  }
  if (length > nameLimit) throw new RangeError('A name of more than 255 bytes');
  for (const target of targets)
    known.set(target.at, {
      name: labels.slice(target.labels).join('.'),
      length: length - target.length + 1,
    });
  return { name: labels.join('.'), end: end ?? at + 1 };
}

/** As `end` of `readName`, for a name that nobody wants to know; follows no pointer. */
export function endOfName(message: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const head = message.readUInt8(at);
    if (head === 0) return at + 1;
    if (head >= 0xc0) return at + 2;
    if (head > 63) throw new RangeError('A label of an unknown kind');
    at += 1 + head;
  }
}

/** DNS knows no letter case in ASCII, and only there. */
export function lowerName(name: string): string {
  return /[A-Z]/.test(name) ? name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : name;
}

/** A name in UTF-8 as `readName` would show it. */
export function showName(text: string): string {
  return text
    .split('.')
    .map((label) => showLabel(Buffer.from(label).toString('latin1')))
    .join('.');
}

/** A name that fits a message, of host names' letters and at least one other byte as `readName` shows it. */
export function isShownName(name: string): boolean {
  const bytes = name.replace(/\\\d{3}/g, '_');
  const labels = bytes.split('.');
  return (
    bytes !== name &&
    /^[a-z0-9_.-]+$/.test(bytes) &&
    bytes.length <= 253 &&
    labels.every((label) => label !== '' && label.length <= 63)
  );
}

/** UTF-8 again; only for what `showName` gave. */
export function unshowName(name: string): string {
  if (!name.includes('\\')) return name;
  const latin1 = name.replace(/\\(\d{3})/g, (_, code) => String.fromCharCode(Number(code)));
  return Buffer.from(latin1, 'latin1').toString();
}

function showLabel(label: string): string {
  if (/^[a-z0-9_-]*$/.test(label)) return label;
  return lowerName(label).replace(/[^!-~]|[.\\]/g, (character) =>
    character === '.' || character === '\\'
      ? `\\${character}`
      : `\\${String(character.charCodeAt(0)).padStart(3, '0')}`,
  );
}
