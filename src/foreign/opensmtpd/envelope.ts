/**
 * One envelope of OpenSMTPD's queue: one recipient of one message, as lines `key: value`.
 *
 * envelope.c writes and reads them. Version 3 since OpenSMTPD 6.4, where `dispatcher` names an action of
 * smtpd.conf; versions 1 and 2 hold the next hop themselves, in `mta-relay`. A file has no mark of its
 * end, but what comes last is always written, so most cuts can be told.
 */
import { fromOctets } from '../../mail/text.ts';

export interface SmtpdEnvelope {
  readonly version: number;
  /**
   * `mda` delivers here, `mta` elsewhere; `bounce`: a notice about this recipient that the server has yet
   * to write and to send to `sender`.
   */
  readonly type: 'mda' | 'mta' | 'bounce';
  /** Without angle brackets; '' is the null reverse-path. */
  readonly sender: string;
  /** Whom the mail goes to, once aliases are resolved. */
  readonly dest: string;
  /** The action of smtpd.conf that it goes by; null before version 3. */
  readonly dispatcher: string | null;
  /** `smtp+tls://` with or without a host; null since version 3. */
  readonly relay: string | null;
  /** s since 1970. */
  readonly createdAt: number;
  /** s since 1970; null: not tried yet, or not put off yet. */
  readonly lastTriedAt: number | null;
  /** How often it was put off. */
  readonly retries: number;
  /** IP address; null: handed in on this machine. */
  readonly address: string | null;
  /** Host name of the client by reverse look-up; null where there is none. */
  readonly hostName: string | null;
  readonly helo: string | null;
  /** Name of the server that took it; null where it is not told. */
  readonly serverName: string | null;
  /** Written by this server itself, as a notice (bounce.c), and not come back yet. */
  readonly isNotice: boolean;
  /** The last words about it; null where there are none. */
  readonly complaint: string | null;
}

export type EnvelopeRead =
  | { readonly kind: 'envelope'; readonly envelope: SmtpdEnvelope }
  /** Only the server has the key. */
  | { readonly kind: 'encrypted' }
  /** `problem`: what was expected, what was found, and in which line. */
  | { readonly kind: 'fault'; readonly problem: string };

/** Octets of the largest that the server itself would read (its own buffer is smaller), unpacked. */
export const largestEnvelope = 32_768;

/** `octets`: the file as latin1, one character for each. */
export function parseEnvelope(octets: string): EnvelopeRead {
  if (octets.startsWith('\x01')) return { kind: 'encrypted' };
  if (octets.length > largestEnvelope)
    return fault(`expected at most ${largestEnvelope} octets, found ${octets.length}`);
  const fields = readFields(fromOctets(octets));
  return typeof fields === 'string' ? fault(fields) : readEnvelope(fields);
}

/**
 * `sender|rcpt|dest` as `smtpctl show queue` writes them, an octet a character; null where it is no
 * envelope. Addresses may hold bars themselves: the columns behind them are found only by their text.
 */
export function showQueueColumns(octets: string): string | null {
  const fields = readFields(octets);
  if (typeof fields === 'string') return null;
  return ['sender', 'rcpt', 'dest'].map((key) => fields.get(key) ?? '').join('|');
}

type Fields = ReadonlyMap<string, string>;

/** What came last counts, as for the server. A text says what is wrong. */
function readFields(text: string): Fields | string {
  const fields = new Map<string, string>();
  if (text.includes('\0')) return `expected text, found a zero octet at ${text.indexOf('\0')}`;
  let at = 0;
  for (let line = 1; at < text.length; line++) {
    const end = text.indexOf('\n', at);
    if (end < 0) return `line ${line} is cut short: ${quote(text.slice(at))}`;
    const colon = text.indexOf(':', at);
    const key = colon < 0 || colon > end ? '' : text.slice(at, colon).trimEnd();
    if (!keyPattern.test(key))
      return `expected "key: value" in line ${line}, found ${quote(text.slice(at, end))}`;
    fields.set(key.toLowerCase(), text.slice(colon + 1, end).trimStart());
    at = end + 1;
  }
  return fields;
}

const keyPattern = /^[A-Za-z0-9-]+$/;
const always = ['type', 'helo', 'hostname', 'sockaddr', 'sender', 'rcpt', 'dest', 'ctime'] as const;

function readEnvelope(fields: Fields): EnvelopeRead {
  const version = numberOf(fields, 'version');
  if (version === null || version < 1 || version > 3)
    return fault(`expected version 1, 2 or 3, found ${found(fields, 'version')}`);
  const type = fields.get('type')?.toLowerCase();
  if (type !== 'mda' && type !== 'mta' && type !== 'bounce')
    return fault(`expected type mda, mta or bounce, found ${found(fields, 'type')}`);
  // What is written last, to know a file that was cut.
  const last = version === 3 ? ['dispatcher', 'dsn-notify'] : type === 'mta' ? ['mta-relay'] : [];
  const missing = [...always, ...last].find((key) => !fields.has(key));
  if (missing) return fault(`expected a line "${missing}", found none: is it cut short?`);

  const sender = pathOf(fields.get('sender'));
  const dest = pathOf(fields.get('dest'));
  if (sender === null) return fault(`expected an address, found sender ${found(fields, 'sender')}`);
  if (!dest) return fault(`expected an address, found dest ${found(fields, 'dest')}`);
  const address = addressOf(fields.get('sockaddr') ?? '');
  if (address === undefined)
    return fault(`expected an IP address or "local", found sockaddr ${found(fields, 'sockaddr')}`);
  for (const key of ['ctime', 'last-try', 'retry'])
    if (fields.has(key) && numberOf(fields, key) === null)
      return fault(`expected a number, found ${key} ${found(fields, key)}`);
  return {
    kind: 'envelope',
    envelope: {
      version,
      type,
      sender,
      dest,
      dispatcher: version === 3 ? (fields.get('dispatcher') ?? null) : null,
      relay: version === 3 ? null : (fields.get('mta-relay') ?? null),
      createdAt: numberOf(fields, 'ctime') ?? 0,
      lastTriedAt: numberOf(fields, 'last-try') || null,
      retries: numberOf(fields, 'retry') ?? 0,
      address,
      hostName: told(fields.get('hostname')),
      helo: told(fields.get('helo')),
      serverName: told(fields.get('smtpname')),
      isNotice: isOwnNotice(fields, sender),
      complaint: fields.get('errorline') || null,
    },
  };
}

/**
 * Notices are handed in over no address, with the server's own name as greeting, where programs on the
 * machine say `localhost`. The flag `bounce` tells no more than that (smtp_session.c calls it a hack):
 * where the server itself is called localhost, all that comes that way bears it.
 */
function isOwnNotice(fields: Fields, sender: string): boolean {
  if (sender !== '' || fields.get('sockaddr') !== 'local') return false;
  const flags = (fields.get('flags') ?? '').toLowerCase().split(/[ ,|]/);
  const name = told(fields.get('smtpname'));
  return flags.includes('bounce') || (name !== null && fields.get('helo') === name);
}

/** Written as user@domain, which is a bare @ for the null reverse-path; null is none at all. */
function pathOf(text = ''): string | null {
  const at = text.lastIndexOf('@');
  if (at < 0) return null;
  return at === text.length - 1 ? text.slice(0, at) : text;
}

/** Null is local; undefined is no address. Older versions write `IPv6:::1`, newer `[::1]`. */
function addressOf(text: string): string | null | undefined {
  if (text === 'local') return null;
  const address = /^(?:IPv6:([0-9a-f:.]+)|\[([0-9a-f:.]+)\]|([0-9.]+))$/i.exec(text);
  return address ? (address[1] ?? address[2] ?? address[3]) : undefined;
}

/** Seconds and counts; more than 15 digits are no such thing. */
function numberOf(fields: Fields, key: string): number | null {
  const text = fields.get(key) ?? '';
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function told(text: string | undefined): string | null {
  return text === undefined || text === '' || text === '<unknown>' ? null : text;
}

function found(fields: Fields, key: string): string {
  const text = fields.get(key);
  return text === undefined ? 'none' : quote(text);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}

function fault(problem: string): EnvelopeRead {
  return { kind: 'fault', problem };
}
