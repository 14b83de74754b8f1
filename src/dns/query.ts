/**
 * A question for a DNS server, and whether what comes back is the answer to it.
 *
 * RFC 5452 §4 and §9 (what an answer must repeat), 0x20 (draft-vixie-dnsext-dns0x20): the letters of
 * the name are in random case, which a forger who cannot see the question has to guess as well.
 */
import { type Answer, encode, RECURSION_DESIRED } from 'dns-packet';
import { lowerName, unshowName } from './name.ts';
import { type Packet, parsePacket, questionOf } from './packet.ts';

export type LookupType = 'A' | 'AAAA' | 'MX' | 'TXT' | 'PTR';

export interface Query {
  readonly name: string;
  readonly type: LookupType;
  readonly bytes: Uint8Array;
}

export interface QueryShape {
  /** Offers answers of up to 1232 bytes over UDP (RFC 6891; the size RFC 9715 advises). */
  readonly edns: boolean;
  readonly mixCase: boolean;
}

/** How many random bytes a query needs: an id, and a bit for each letter of the longest name. */
export const randomLength = 2 + 32;

/** `name` in comparable form, or as name.ts shows others; `random` as in `randomLength`. */
export function formatQuery(
  name: string,
  type: LookupType,
  random: Uint8Array,
  shape: QueryShape,
): Query {
  const spelled = unshowName(name);
  const asked = shape.mixCase ? mixCase(spelled, random.subarray(2)) : spelled;
  const bytes = encode({
    type: 'query',
    id: ((random[0] ?? 0) << 8) | (random[1] ?? 0),
    flags: RECURSION_DESIRED,
    questions: [{ name: asked, type }],
    additionals: shape.edns ? [ednsOffer] : [],
  });
  return { name, type, bytes };
}

const ednsOffer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: 1232,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
} satisfies Answer;

function mixCase(name: string, random: Uint8Array): string {
  let mixed = '';
  for (let i = 0; i < name.length; i++) {
    const isUpper = ((random[i >> 3] ?? 0) >> (i & 7)) & 1;
    const letter = name.charAt(i);
    mixed += isUpper && letter < '\u0080' ? letter.toUpperCase() : letter;
  }
  return mixed;
}

export type Reply =
  /** No answer to this query: chance, or a forger. */
  | { readonly kind: 'foreign' }
  /** Right but for the letter case: a server that does not keep it, or a forger. */
  | { readonly kind: 'wrong case'; readonly meant: Content }
  | Content;

export type Content =
  | { readonly kind: 'truncated' }
  /** An answer that says that there is none: `SERVFAIL`, `REFUSED`, ... */
  | { readonly kind: 'error'; readonly rcode: string }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'answer'; readonly packet: Packet };

const rcodeNames = new Map([
  [1, 'FORMERR'],
  [2, 'SERVFAIL'],
  [4, 'NOTIMP'],
  [5, 'REFUSED'],
  [9, 'NOTAUTH'],
  [16, 'BADVERS'],
  [23, 'BADCOOKIE'],
]);
const noError = 0;
const nameError = 3;

/** Of a question or an answer; any bytes. */
export function idOf(bytes: Uint8Array): number {
  return ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
}

/** Takes any bytes. */
export function readReply(bytes: Uint8Array, query: Query): Reply {
  const isOurs = idOf(bytes) === idOf(query.bytes);
  const isAnswer = ((bytes[2] ?? 0) & 0xf8) === 0x80;
  if (bytes.length < 12 || !isOurs || !isAnswer) return { kind: 'foreign' };
  const questions = ((bytes[4] ?? 0) << 8) | (bytes[5] ?? 0);
  const rcode = (bytes[3] ?? 0) & 0xf;
  // A server that could not read the question need not repeat it.
  if (questions === 0 && rcode !== noError && rcode !== nameError) return errorReply(rcode);
  if (questions !== 1) return { kind: 'foreign' };

  const asked = questionOf(query.bytes);
  const repeated = questionOf(bytes);
  if (Buffer.compare(repeated, asked) === 0) return readContent(bytes);
  // Lengths of labels are below 64 and thus no letters, and none of our types is one.
  const lower = (question: Uint8Array) => lowerName(Buffer.from(question).toString('latin1'));
  return lower(repeated) === lower(asked)
    ? { kind: 'wrong case', meant: readContent(bytes) }
    : { kind: 'foreign' };
}

function readContent(bytes: Uint8Array): Content {
  const rcode = (bytes[3] ?? 0) & 0xf;
  if (rcode !== noError && rcode !== nameError) return errorReply(rcode);
  if ((bytes[2] ?? 0) & 0x02) return { kind: 'truncated' };
  const packet = parsePacket(bytes);
  if (!packet) return { kind: 'malformed' };
  // EDNS has the upper bits of the code.
  return packet.rcode === rcode ? { kind: 'answer', packet } : errorReply(packet.rcode);
}

function errorReply(rcode: number): Content {
  return { kind: 'error', rcode: rcodeNames.get(rcode) ?? `error ${rcode}` };
}
