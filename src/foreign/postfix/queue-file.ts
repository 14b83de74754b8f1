/**
 * Postfix's queue file: an envelope, the content, and what was taken out of the header, in records.
 *
 * postcat(1) shows them. A recipient that is done is marked in its place, so two readings differ. What is
 * read: the envelope, the end, and of the content only as much as is asked for.
 */
import type { Client } from '../../mail/envelope.ts';
import { quoteAddress } from './address-text.ts';
import { type OctetSource, RecordCursor } from './records.ts';

export interface QueueFile {
  /** Octets of the content as `postqueue -j` shows them; null: the file does not say, as in `maildrop`. */
  readonly messageSize: number | null;
  /** ms since 1970. */
  readonly arrivedAt: number | null;
  /** Quoted where need be; '' is the null reverse-path. */
  readonly reversePath: string;
  readonly recipients: readonly FileRecipient[];
  /** The name that the file had at first; null where it does not tell. */
  readonly firstId: string | null;
  readonly client: Client | null;
  /** Where the content begins. */
  readonly contentAt: number;
}

export interface FileRecipient {
  readonly forwardPath: string;
  readonly isDone: boolean;
  /** Of its record, which the logs name. */
  readonly offset: number;
}

export type QueueFileRead =
  | { readonly kind: 'file'; readonly file: QueueFile }
  | { readonly kind: 'fault'; readonly problem: string };

/** Types of record, by the letters that postcat's source and its output know them by. */
const envelopeTypes = setOf('CTcFILSDRO/WVA>K<ionfdmreP');
const extractedTypes = setOf('DRO/PreAFILS>KonV<iWfdmTc');
const [size, time, sender, recipient, done, attribute] = [...'CTSRDA'];
const [message, extracted, end, normal, partial] = [...'MXENL'];

/** `isSubmission`: a file of `maildrop`, which Postfix has not seen yet and which may lack anything. */
export function readQueueFile(source: OctetSource, isSubmission = false): QueueFileRead {
  const cursor = new RecordCursor(source);
  const found: Found = {
    messageSize: null,
    arrivedAt: null,
    reversePath: null,
    recipients: [],
    attributes: new Map(),
  };
  const fault = (problem: string): QueueFileRead => ({ kind: 'fault', problem });
  const cutShort = (where: string) => fault(cursor.problem ?? `the file ends in ${where}`);

  let isFirst = true;
  for (;;) {
    if (!cursor.step()) return cutShort('the envelope');
    if (isFirst && !isSubmission && cursor.type !== size)
      return fault(`expected a record C at the beginning of the file, found ${show(cursor.type)}`);
    isFirst = false;
    if (cursor.type === message) break;
    if (!envelopeTypes.has(cursor.type))
      return fault(`expected a record of an envelope at ${cursor.at}, found ${show(cursor.type)}`);
    const problem = take(cursor, found, isSubmission);
    if (problem) return fault(problem);
  }

  const contentAt = cursor.next;
  if (found.messageSize !== null && !isSubmission) {
    cursor.goTo(contentAt + found.messageSize);
    if (!cursor.step()) return cutShort('the content');
  } else {
    do if (!cursor.step()) return cutShort('the content');
    while (cursor.type === normal || cursor.type === partial);
  }
  if (cursor.type !== extracted)
    return fault(`expected the end of the content at ${cursor.at}, found ${show(cursor.type)}`);

  for (;;) {
    if (!cursor.step()) return cutShort('what was taken out of the header');
    if (cursor.type === end) break;
    if (!extractedTypes.has(cursor.type))
      return fault(`expected the end of the file at ${cursor.at}, found ${show(cursor.type)}`);
    const problem = take(cursor, found, isSubmission);
    if (problem) return fault(problem);
  }
  const { reversePath, attributes } = found;
  if (reversePath === null) return fault('expected a sender in the envelope, found none');
  if (found.arrivedAt === null && !isSubmission)
    return fault('expected the time of arrival in the envelope, found none');
  return {
    kind: 'file',
    file: {
      messageSize: found.messageSize,
      arrivedAt: found.arrivedAt,
      reversePath,
      recipients: found.recipients,
      firstId: attributes.get('log_ident') ?? null,
      client: clientOf(attributes),
      contentAt,
    },
  };
}

/** The beginning of the content, at most `limit` octets, as latin1; lines end in LF. */
export function readContent(source: OctetSource, { contentAt }: QueueFile, limit: number): string {
  const cursor = new RecordCursor(source);
  cursor.goTo(contentAt);
  const pieces: string[] = [];
  let size = 0;
  while (size < limit && cursor.step()) {
    if (cursor.type !== normal && cursor.type !== partial) break;
    pieces.push(cursor.octets);
    size += cursor.length;
    if (cursor.type !== normal) continue;
    pieces.push('\n');
    size++;
  }
  return pieces.join('').slice(0, limit);
}

interface Found {
  messageSize: number | null;
  arrivedAt: number | null;
  reversePath: string | null;
  readonly recipients: FileRecipient[];
  readonly attributes: Map<string, string>;
}

/** Returns a problem in words. */
function take(cursor: RecordCursor, found: Found, isSubmission: boolean): string | null {
  switch (cursor.type) {
    case size: {
      if (found.messageSize !== null || isSubmission) return null;
      const digits = /^ *(\d{1,15})(?: +\d{1,15})*$/.exec(cursor.text())?.[1];
      if (digits === undefined)
        return `expected the size of the message at ${cursor.at}, found no numbers`;
      found.messageSize = Number(digits);
      return null;
    }
    case time: {
      if (found.arrivedAt !== null) return null;
      const [, seconds, microseconds = '0'] =
        /^(\d{1,11})(?: +(\d{1,6}))?/.exec(cursor.text()) ?? [];
      if (seconds === undefined)
        return `expected a time at ${cursor.at}, found no seconds since 1970`;
      found.arrivedAt = Number(seconds) * 1000 + Math.trunc(Number(microseconds) / 1000);
      return null;
    }
    case sender:
      if (found.reversePath !== null) return `expected one sender, found another at ${cursor.at}`;
      found.reversePath = quoteAddress(cursor.text());
      return null;
    case recipient:
    case done:
      found.recipients.push({
        forwardPath: quoteAddress(cursor.text()),
        isDone: cursor.type === done,
        offset: cursor.at,
      });
      return null;
    case attribute: {
      // Most are of no use here.
      if (!attributeInitials.has(cursor.firstOctet)) return null;
      const [, name, value] = wanted.exec(cursor.text()) ?? [];
      if (name !== undefined && value !== undefined) found.attributes.set(name, value);
      return null;
    }
    default:
      return null;
  }
}

/** What the log names is what a proxy in front told, where there is one. */
const wanted = /^((?:log_)?(?:client_address|client_name|helo_name)|log_ident)=(.*)$/s;

const attributeInitials = setOf('lch');

function clientOf(attributes: ReadonlyMap<string, string>): Client | null {
  const told = (name: string) => {
    const value = attributes.get(`log_${name}`) ?? attributes.get(name);
    return value === undefined || value === '' || value === 'unknown' ? null : value;
  };
  const client = {
    address: told('client_address'),
    name: told('client_name'),
    helo: told('helo_name'),
  };
  return client.address === null && client.name === null && client.helo === null ? null : client;
}

function setOf(letters: string): ReadonlySet<string> {
  return new Set(letters);
}

function show(type: string): string {
  return type > ' ' && type < '\x7f' ? type : `octet ${type.charCodeAt(0)}`;
}
