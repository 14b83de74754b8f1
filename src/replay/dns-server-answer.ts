/**
 * One DNS message in, the messages of the answer out: the small DNS server without its sockets.
 *
 * RFC 1035 §4.1 (messages), RFC 6891 (EDNS). Says that recursion is available, so that it can be the
 * only server of a network.
 */
import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  type DecodedPacket,
  decode,
  encode,
  type Packet,
  type Question,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
} from 'dns-packet';
import type { Found, Trick, Zone } from './dns-server-zone.ts';

export interface Answered {
  /** What was asked; null where the message was no question. */
  readonly question: Question | null;
  /** Sent one after the other; none where the server stays silent. */
  readonly messages: readonly Uint8Array[];
  /** Milliseconds to wait before the first. */
  readonly delay: number;
  /** TCP: hang up instead of answering. */
  readonly close: boolean;
}

const silence: Answered = { question: null, messages: [], delay: 0, close: false };
const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
type Rcode = keyof typeof rcodes;

/** Largest answer over UDP that we send, whatever the asker offers (as RFC 9715 advises). */
const udpLimit = 1232;

/** Takes any bytes. `alwaysTricks` are played on every question. */
export function answerMessage(
  bytes: Uint8Array,
  transport: 'udp' | 'tcp',
  zone: Zone,
  alwaysTricks: readonly Trick[],
): Answered {
  const query = read(bytes);
  if (!query) return bytes.length < 12 || isAnswer(bytes) ? silence : refusal(bytes, 'FORMERR');
  if (query.flag_qr) return silence;
  if (((query.flags ?? 0) >> 11) & 0xf) return refusal(bytes, 'NOTIMP');
  const [question, ...more] = query.questions ?? [];
  if (!question || more.length > 0) return refusal(bytes, 'FORMERR');
  const found = bareAlias(zone.find(question.name, question.type));
  try {
    return play(query, question, found, transport, [...alwaysTricks, ...found.tricks]);
  } catch {
    // A question in bytes that the codec reads but cannot write.
    return refusal(bytes, 'FORMERR');
  }
}

function play(
  query: DecodedPacket,
  question: Question,
  found: Found,
  transport: 'udp' | 'tcp',
  tricks: readonly Trick[],
): Answered {
  const edns = (query.additionals ?? []).find((record) => record.type === 'OPT');
  const limit =
    transport === 'tcp' ? 0xffff : Math.min(Math.max(edns?.udpPayloadSize ?? 512, 512), udpLimit);
  const has = (trick: Trick) => tricks.includes(trick);
  const format = (rcode: Rcode, answers: Answer[], asked = question, flags = 0) =>
    encode({
      ...header(query, rcode, flags),
      questions: [asked],
      answers,
      authorities: rcode === found.rcode && answers === found.answers ? found.authorities : [],
      additionals: edns ? [ednsRecord] : [],
    });

  const asked = has('lower-case') ? { ...question, name: question.name.toLowerCase() } : question;
  const full = format(found.rcode, found.answers, asked);
  // Nobody can forge into a TCP connection that he does not see.
  const messages = transport === 'udp' ? forgeries(query, question, tricks) : [];
  if (has('servfail')) messages.push(format('SERVFAIL', []));
  else if (has('refused')) messages.push(format('REFUSED', []));
  else if (has('notimp')) messages.push(format('NOTIMP', []));
  else if (has('no-edns') && edns) messages.push(format('FORMERR', []));
  else if (has('malformed')) messages.push(cut(full, question));
  else if (has('other-owner'))
    messages.push(
      format(
        'NOERROR',
        found.answers.map((answer) => ({ ...answer, name: 'other.example' })),
      ),
    );
  else if ((has('truncate') && transport === 'udp') || full.length > limit)
    messages.push(format(found.rcode, [], question, TRUNCATED_RESPONSE));
  else messages.push(full);

  let delay = 0;
  for (const trick of tricks) if (typeof trick === 'object') delay += trick.delay;
  const close = has('tcp-close') && transport === 'tcp';
  return { question, messages: has('timeout') || close ? [] : messages, delay, close };
}

function bareAlias(found: Found): Found {
  if (!found.tricks.includes('bare-alias')) return found;
  return { ...found, rcode: 'NOERROR', answers: found.answers.slice(0, 1), authorities: [] };
}

const ednsRecord = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: udpLimit,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
} satisfies Answer;

function header(query: DecodedPacket, rcode: Rcode, flags: number): Packet {
  const recursion = query.flag_rd ? RECURSION_DESIRED : 0;
  return {
    type: 'response',
    id: query.id ?? 0,
    flags: AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | recursion | flags | rcodes[rcode],
  };
}

/** Forged answers lead to 203.0.113.66, 2001:db8:66::1 and the host `forged.example`. */
function forgeries(
  query: DecodedPacket,
  question: Question,
  tricks: readonly Trick[],
): Uint8Array[] {
  const forge = (asked: Question, id: number) =>
    encode({
      ...header({ ...query, id }, 'NOERROR', 0),
      questions: [asked],
      answers: forgedRecords(question),
    });
  const id = query.id ?? 0;
  const messages: Uint8Array[] = [];
  if (tricks.includes('wrong-id')) messages.push(forge(question, id ^ 1));
  if (tricks.includes('wrong-question'))
    messages.push(forge({ ...question, name: 'other.example' }, id));
  if (tricks.includes('wrong-case'))
    messages.push(forge({ ...question, name: swapCase(question.name) }, id));
  return messages;
}

function forgedRecords({ name, type }: Question): Answer[] {
  const ttl = 86400;
  if (type === 'A') return [{ name, type, ttl, data: '203.0.113.66' }];
  if (type === 'AAAA') return [{ name, type, ttl, data: '2001:db8:66::1' }];
  if (type === 'MX')
    return [{ name, type, ttl, data: { preference: 0, exchange: 'forged.example' } }];
  return [];
}

function swapCase(name: string): string {
  return name.replace(/[a-z]/gi, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
}

/** Ends three bytes after the question, while the header promises an answer. */
function cut(message: Uint8Array, question: Question): Uint8Array {
  const short = Uint8Array.from(message.subarray(0, 12 + encodedLength(question.name) + 4 + 3));
  new DataView(short.buffer).setUint16(6, 1);
  return short;
}

function encodedLength(name: string): number {
  return name === '.' ? 1 : Buffer.byteLength(name) + 2;
}

/** A header alone, with the id of the message that cannot be answered otherwise. */
function refusal(bytes: Uint8Array, rcode: Rcode): Answered {
  const message = new Uint8Array(12);
  message.set(bytes.subarray(0, 4));
  message[2] = 0x80 | ((message[2] ?? 0) & 0x79);
  message[3] = 0x80 | rcodes[rcode];
  return { ...silence, messages: [message] };
}

function isAnswer(bytes: Uint8Array): boolean {
  return ((bytes[2] ?? 0) & 0x80) !== 0;
}

function read(bytes: Uint8Array): DecodedPacket | null {
  try {
    return decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch {
    return null;
  }
}
