/**
 * What a server offers in its answer to EHLO or LHLO.
 *
 * RFC 5321 §4.1.1.1; the extensions: RFC 1870 (SIZE), 2920 (PIPELINING), 3030 (CHUNKING, BINARYMIME),
 * 3207 (STARTTLS), 3461 (DSN), 4954 (AUTH), 6152 (8BITMIME), 6531 (SMTPUTF8), 9422 (LIMITS).
 */
export interface Offer {
  readonly pipelining: boolean;
  readonly eightBit: boolean;
  readonly utf8: boolean;
  readonly dsn: boolean;
  readonly startTls: boolean;
  /** BINARYMIME, which is of use only with CHUNKING. */
  readonly binary: boolean;
  /** SIZE is understood... */
  readonly size: boolean;
  /** ...and limited to so many octets; null: no limit is told. */
  readonly maxSize: number | null;
  /** Mechanisms of AUTH, upper case. */
  readonly auth: readonly string[];
  /** Recipients of one message and messages of one connection; null where not told. */
  readonly maxRecipients: number | null;
  readonly maxMessages: number | null;
}

/** A server that knows HELO only. */
export const plainOffer: Offer = {
  pipelining: false,
  eightBit: false,
  utf8: false,
  dsn: false,
  startTls: false,
  binary: false,
  size: false,
  maxSize: null,
  auth: [],
  maxRecipients: null,
  maxMessages: null,
};

/** Shape: the texts of the reply without the code; the first line is the server's name. */
export function readOffer(lines: readonly string[]): Offer {
  const offered = new Map<string, string>();
  for (const line of lines.slice(1)) {
    // Very old servers write `AUTH=LOGIN`.
    const found = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:[ =](.*))?$/s.exec(line.trimEnd());
    const keyword = found?.[1]?.toUpperCase();
    if (keyword !== undefined && !offered.has(keyword)) offered.set(keyword, found?.[2] ?? '');
  }
  const limits = offered.get('LIMITS') ?? '';
  const size = wholeNumber(offered.get('SIZE') ?? '');
  return {
    pipelining: offered.has('PIPELINING'),
    eightBit: offered.has('8BITMIME'),
    utf8: offered.has('SMTPUTF8'),
    dsn: offered.has('DSN'),
    startTls: offered.has('STARTTLS'),
    binary: offered.has('BINARYMIME') && offered.has('CHUNKING'),
    size: offered.has('SIZE'),
    // RFC 1870 §4: zero means no limit.
    maxSize: size === 0 ? null : size,
    auth: (offered.get('AUTH') ?? '').toUpperCase().split(/\s+/).filter(Boolean),
    maxRecipients: limitOf('RCPTMAX', limits),
    maxMessages: limitOf('MAILMAX', limits),
  };
}

/** RFC 9422 §4: `RCPTMAX=100 MAILMAX=1000`; a limit of nothing makes no sense. */
function limitOf(name: string, limits: string): number | null {
  const found = limits.split(/\s+/).find((limit) => limit.toUpperCase().startsWith(`${name}=`));
  const value = wholeNumber(found?.slice(name.length + 1) ?? '');
  return value === 0 ? null : value;
}

function wholeNumber(text: string): number | null {
  return /^\d{1,15}$/.test(text.trim()) ? Number(text) : null;
}
