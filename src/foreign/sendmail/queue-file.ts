/**
 * sendmail's control files, qf and hf: envelope, header and state of one message.
 *
 * Sendmail Installation and Operation Guide, appendix B. One record a line, told by its first character;
 * lines that begin with a blank or a tab go on with the record before. All versions up to 8 are alike in
 * what is read here, but that version 0 has no flags before a recipient.
 */
import type { Client } from '../../mail/envelope.ts';
import { printable } from '../../mail/printable.ts';
import { fromOctets } from '../../mail/text.ts';
import type { EntryRecipient } from '../queue-entry.ts';
import { addressIn, aliasTarget } from './queue-address.ts';
import { readClient } from './queue-client.ts';
import { endOfLine, isBlank } from './queue-lines.ts';

export interface QueueFile {
  readonly version: number;
  /** ms since 1970, as all times here. */
  readonly arrivedAt: number;
  readonly lastTriedAt: number | null;
  readonly tries: number | null;
  /** Of the df, as the server calls it, where it lies in another folder than it would. */
  readonly dataFolder: string | null;
  readonly quarantine: string | null;
  /** About the message as a whole. */
  readonly complaint: string | null;
  /** '' for notices of its own. */
  readonly reversePath: string;
  readonly notice: 'own' | 'foreign' | null;
  /** Those done are in the file no more. */
  readonly recipients: readonly EntryRecipient[];
  readonly client: Client | null;
}

export type QueueFileRead =
  | { readonly kind: 'whole'; readonly file: QueueFile }
  /** Empty, or without its last line: it is being written, or was when the machine stopped. */
  | { readonly kind: 'cut'; readonly problem: string }
  /** sendmail would not deliver it either. */
  | { readonly kind: 'fault'; readonly problem: string };

const newestVersion = 8;
/** sendmail itself knows no limit; a list of this length is none of a person's. */
const mostRecipients = 100_000;

/** `octets`: the file as latin1, one character for each. Never throws. */
export function readQueueFile(octets: string): QueueFileRead {
  const { length } = octets;
  if (length === 0) return { kind: 'cut', problem: 'expected a V line, found an empty file' };
  let version = 0;
  let arrivedAt: number | null = null;
  let lastTriedAt: number | null = null;
  let tries: number | null = null;
  let dataFolder: string | null = null;
  let quarantine: string | null = null;
  let complaint: string | null = null;
  let sender: string | null = null;
  let isResponse = false;
  let told: string | null = null;
  let isEnded = false;
  const macros: [name: string, value: string][] = [];
  const recipients: EntryRecipient[] = [];
  const text = (from: number, to: number) => fromOctets(octets.slice(from, to));

  let line = 0;
  for (let at = 0; at < length; ) {
    line++;
    const start = at;
    let end = endOfLine(octets, start);
    at = end + 1;
    for (; at < length && isBlank(octets, at); at = end + 1) {
      line++;
      end = endOfLine(octets, at);
    }
    // Only the last line of a file that was cut has no end. The dot may do without.
    if (end >= length && (octets[start] !== '.' || isEnded)) break;
    if (end > start && octets[end - 1] === '\r') end--;
    if (isEnded) return fault(line, 'expected nothing after the final dot, found more');
    const value = start + 1;
    switch (octets[start]) {
      case 'H':
      case 'A': // AUTH
      case 'B': // body type
      case 'C': // controlling user
      case 'D': // obsolete
      case 'E': // obsolete
      case 'I': // inode of the df
      case 'L': // obsolete
      case 'P': // priority
      case 'Q': // original recipient
      case 'Z': // ENVID
      case 'r': // final recipient
      case '!': // deliver by
        break;
      case '$':
        if (macros.length < 20) macros.push(readMacro(text(value, end)));
        break;
      case 'V': {
        const found = readNumber(text(value, end));
        if (found === null || found > newestVersion)
          return fault(
            line,
            `expected a version up to ${newestVersion}, found ${shown(text(value, end))}`,
          );
        version = found;
        break;
      }
      case 'T': {
        arrivedAt = readTime(text(value, end));
        if (arrivedAt === null)
          return fault(line, `expected seconds after T, found ${shown(text(value, end))}`);
        break;
      }
      case 'K':
        lastTriedAt = readTime(text(value, end));
        break;
      case 'N':
        tries = readNumber(text(value, end));
        break;
      case 'd':
        dataFolder = text(value, end);
        break;
      case 'q':
        quarantine = text(value, end);
        break;
      case 'M':
        if (sender === null) complaint = text(value, end);
        else told = text(value, end);
        break;
      case 'F':
        if (text(start, end).startsWith('From '))
          return fault(line, 'expected flags after F, found the From line of a mailbox');
        isResponse = text(value, end).includes('r');
        break;
      case 'S':
        sender = addressIn(text(value, end));
        break;
      case 'R': {
        const colon = version === 0 ? start : octets.indexOf(':', value);
        if (colon < 0 || colon >= end)
          return fault(line, 'expected R, flags and a colon, found none');
        if (recipients.length >= mostRecipients)
          return fault(line, `expected at most ${mostRecipients} recipients, found more`);
        const path = text(colon + 1, end);
        const nextHop = aliasTarget(path);
        const forwardPath = nextHop ? path : addressIn(path);
        recipients.push({ forwardPath, isDone: false, complaint: told, nextHop });
        told = null;
        break;
      }
      case '.':
        isEnded = true;
        break;
      default:
        return fault(line, `expected a record of sendmail, found ${shown(text(start, end))}`);
    }
  }
  if (!isEnded)
    return { kind: 'cut', problem: `expected a dot at the end, found none in ${line} lines` };
  if (arrivedAt === null) return fault(line, 'expected a T line, found none');
  if (sender === null) return fault(line, 'expected an S line, found none');
  const reversePath = isResponse ? '' : sender;
  const notice = isResponse ? 'own' : reversePath === '' ? 'foreign' : null;
  const file: QueueFile = {
    ...{ version, arrivedAt, lastTriedAt, tries, dataFolder, quarantine, complaint },
    ...{ reversePath, notice, recipients },
    client: isResponse ? null : readClient(macros),
  };
  return { kind: 'whole', file };
}

function readNumber(text: string): number | null {
  return /^ *\d{1,15}$/.test(text) ? Number(text) : null;
}

/** From seconds; 0 is never. */
function readTime(text: string): number | null {
  const seconds = readNumber(text);
  return seconds === null || seconds === 0 || seconds > 8e12 ? null : seconds * 1000;
}

/** `_host`, `{daemon_flags}c u`. */
function readMacro(text: string): [name: string, value: string] {
  const brace = text.startsWith('{') ? text.indexOf('}') : -1;
  return brace > 0
    ? [text.slice(1, brace), text.slice(brace + 1)]
    : [text.slice(0, 1), text.slice(1)];
}

function fault(line: number, problem: string): QueueFileRead {
  return { kind: 'fault', problem: `line ${line}: ${problem}` };
}

function shown(text: string): string {
  return `"${printable(text, 40)}"`;
}
