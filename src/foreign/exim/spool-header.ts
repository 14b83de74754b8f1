/**
 * A -H file: envelope, state and header of one message in Exim's queue.
 *
 * Specification, "Format of spool files"; Exim 3 to 4.99. Written whole under another name and renamed,
 * so that it is never seen in part: what is cut short is damaged.
 */
import { sizeOfHeader } from './header-lines.ts';
import { readNonRecipients } from './non-recipients.ts';
import { endOfAddress } from './recipient-line.ts';
import { faultAt, numberAt, type SpoolFault, SpoolLines } from './spool-lines.ts';
import { readVariables, type SpoolVariables } from './spool-variables.ts';

export interface SpoolHeader extends Readonly<SpoolVariables> {
  readonly kind: 'header';
  /** Without angle brackets; '' is the null reverse-path. */
  readonly reversePath: string;
  /** ms since 1970. */
  readonly arrivedAt: number;
  /** All that the message came with, those that are done included. */
  readonly recipients: readonly string[];
  /** Addresses that get the message no more; what recipients were expanded to is among them. */
  readonly done: ReadonlySet<string>;
  /** Position of the message's own header in the file. */
  readonly headerAt: number;
  /** Octets of the message's header, without the blank line. */
  readonly headerSize: number;
}

/** `file`: the whole of it as latin1, which belongs to the entry `id`. */
export function parseSpoolHeader(file: string, id: string): SpoolHeader | SpoolFault {
  const nul = file.indexOf('\0');
  // A crash of the machine leaves these at the end of a file; Exim too takes none.
  if (nul >= 0) return faultAt(file, nul, 'text', 'a NUL octet');
  const lines = new SpoolLines(file);
  if (!lines.next()) return lines.faultAfter(`${id}-H`);
  if (!lines.has(`${id}-H`, 0) || lines.end !== id.length + 2) return lines.faultHere(`${id}-H`);

  if (!lines.next()) return lines.faultAfter('login, uid and gid');
  if (!/ -?\d+ -?\d+\s*$/.test(lines.text())) return lines.faultHere('login, uid and gid');

  if (!lines.next()) return lines.faultAfter('the sender');
  if (lines.end - lines.start < 2 || lines.octet() !== '<' || file[lines.end - 1] !== '>')
    return lines.faultHere('the sender in angle brackets');
  const reversePath = lines.text(lines.start + 1, lines.end - 1);

  if (!lines.next()) return lines.faultAfter('the time of arrival');
  const time = /^(\d{1,12}) -?\d+/.exec(lines.text())?.[1];
  if (time === undefined) return lines.faultHere('the time of arrival and a count of warnings');

  const variables = readVariables(lines);
  if ('problem' in variables) return variables;
  const done = readNonRecipients(lines);
  if ('problem' in done) return done;
  const recipients = readRecipients(lines);
  if ('problem' in recipients) return recipients;

  if (!lines.next()) return lines.faultAfter('a blank line');
  if (lines.end !== lines.start) return lines.faultHere('a blank line');
  const headerAt = lines.end + 1;
  const header = sizeOfHeader(file, headerAt);
  if (header.kind === 'fault') return header;
  return {
    kind: 'header',
    reversePath,
    arrivedAt: Number(time) * 1000 + Math.floor(variables.microseconds / 1000),
    ...variables,
    recipients,
    done,
    headerAt,
    headerSize: header.size,
  };
}

function readRecipients(lines: SpoolLines): string[] | SpoolFault {
  const { file } = lines;
  if (!lines.next()) return lines.faultAfter('the number of recipients');
  const count = numberAt(file, lines.start);
  if (count?.end !== lines.end) return lines.faultHere('the number of recipients');
  const recipients: string[] = [];
  // No list is made by the number alone, which may be anything.
  for (let left = count.value; left > 0; left--) {
    if (!lines.next()) return lines.faultAfter(`${left} more recipients`);
    const end = endOfAddress(file, lines.start, lines.end);
    if (end === null || end === lines.start) return lines.faultHere('a recipient');
    recipients.push(lines.text(lines.start, end));
  }
  return recipients;
}
