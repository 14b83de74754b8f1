/**
 * DNS messages as we take them: strictly, and only the records that mail needs.
 *
 * RFC 1035 §4.1 (format), RFC 2181 §8 (TTL), RFC 6891 §6.1 (EDNS). Not read by dns-packet, which
 * writes our questions: its reader believes no record length, follows pointers without end, and shows
 * a label `a.b` and two labels `a` and `b` alike. A hostile MX target must not pass for another name.
 */
import { ipFromBytes } from '../mail/ip.ts';
import { endOfName, type KnownNames, readName } from './name.ts';

export const typeNumbers = { A: 1, CNAME: 5, SOA: 6, PTR: 12, MX: 15, TXT: 16, AAAA: 28 } as const;
const optType = 41;
const internetClass = 1;

export type RecordData =
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'MX'; readonly preference: number; readonly name: string }
  | { readonly type: 'CNAME' | 'PTR'; readonly name: string }
  | { readonly type: 'TXT'; readonly text: string }
  | { readonly type: 'SOA'; readonly minimum: number };

/** Names as name.ts shows them: lower case, no final dot, '' for the root. */
export interface DnsRecord {
  readonly owner: string;
  /** Seconds. */
  readonly ttl: number;
  /** Null for every type that mail does not need. */
  readonly data: RecordData | null;
  readonly type: number;
}

export interface Packet {
  readonly rcode: number;
  readonly isTruncated: boolean;
  readonly isRecursive: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
}

/** Null where the bytes are no whole message. The question is skipped: the caller compares it. */
export function parsePacket(bytes: Uint8Array): Packet | null {
  try {
    return readPacket(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch {
    // The codec and the reads of Buffer throw where the bytes end too early.
    return null;
  }
}

/** Bytes of the whole question section, which the answer must repeat; empty where there is none. */
export function questionOf(bytes: Uint8Array): Uint8Array {
  // A question's name is never compressed: nothing comes before it that it could point to.
  let at = 12;
  while (at < bytes.length && bytes[at] !== 0) {
    const length = bytes[at] ?? 0;
    if (length > 63) return new Uint8Array();
    at += 1 + length;
  }
  const end = at + 1 + 4;
  return end <= bytes.length ? bytes.subarray(12, end) : new Uint8Array();
}

function readPacket(buffer: Buffer): Packet {
  const flags = buffer.readUInt16BE(2);
  let at = 12;
  for (let left = buffer.readUInt16BE(4); left > 0; left--) at = endOfName(buffer, at) + 4;
  const answers: DnsRecord[] = [];
  const authorities: DnsRecord[] = [];
  const names: KnownNames = new Map();
  let extendedRcode = 0;
  for (const [count, section] of [
    [buffer.readUInt16BE(6), answers],
    [buffer.readUInt16BE(8), authorities],
    [buffer.readUInt16BE(10), null],
  ] as const)
    for (let left = count; left > 0; left--) {
      const { name: owner, end: head } = readName(buffer, at, names);
      const type = buffer.readUInt16BE(head);
      const start = head + 10;
      const end = start + buffer.readUInt16BE(head + 8);
      if (end > buffer.length) throw new RangeError('A record ends after its message');
      at = end;
      if (type === optType) extendedRcode = buffer.readUInt8(head + 4);
      if (!section || buffer.readUInt16BE(head + 2) !== internetClass) continue;
      const ttl = buffer.readUInt32BE(head + 4);
      const data = readData(buffer, type, start, end, names);
      section.push({ owner, type, ttl: ttl > 0x7fffffff ? 0 : ttl, data });
    }
  return {
    rcode: (extendedRcode << 4) | (flags & 0xf),
    isTruncated: (flags & 0x0200) !== 0,
    isRecursive: (flags & 0x0080) !== 0,
    answers,
    authorities,
  };
}

function readData(
  buffer: Buffer,
  type: number,
  start: number,
  end: number,
  names: KnownNames,
): RecordData | null {
  const ends = (at: number) => {
    if (at !== end) throw new RangeError('A record is longer or shorter than its data');
  };
  switch (type) {
    case typeNumbers.A:
    case typeNumbers.AAAA: {
      ends(start + (type === typeNumbers.A ? 4 : 16));
      const { text } = ipFromBytes(Uint8Array.from(buffer.subarray(start, end)));
      return { type: type === typeNumbers.A ? 'A' : 'AAAA', address: text };
    }
    case typeNumbers.MX: {
      const { name, end: after } = readName(buffer, start + 2, names);
      ends(after);
      return { type: 'MX', preference: buffer.readUInt16BE(start), name };
    }
    case typeNumbers.CNAME:
    case typeNumbers.PTR: {
      const { name, end: after } = readName(buffer, start, names);
      ends(after);
      return { type: type === typeNumbers.CNAME ? 'CNAME' : 'PTR', name };
    }
    case typeNumbers.SOA: {
      const numbers = endOfName(buffer, endOfName(buffer, start));
      ends(numbers + 20);
      return { type: 'SOA', minimum: buffer.readUInt32BE(numbers + 16) };
    }
    case typeNumbers.TXT: {
      const strings: Buffer[] = [];
      let at = start;
      while (at < end) {
        const next = at + 1 + buffer.readUInt8(at);
        strings.push(buffer.subarray(at + 1, next));
        at = next;
      }
      ends(at);
      return { type: 'TXT', text: Buffer.concat(strings).toString() };
    }
    default:
      return null;
  }
}
