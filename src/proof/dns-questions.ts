/**
 * What mailauth may ask DNS about one message: through our resolver, each question once, so many and
 * no more, and never for longer than its patience.
 *
 * A sender chooses the names that are asked for here. Each of SPF, DKIM and DMARC has questions of its
 * own, so that names of his that are slow or many do not keep us from those of the domain he forges.
 */
import type { Lookup } from '../dns/lookup.ts';
import { isShownName, showName } from '../dns/name.ts';
import type { RecordData } from '../dns/packet.ts';
import type { LookupType } from '../dns/query.ts';
import type { Resolver } from '../dns/resolver.ts';
import { normalizeDomain } from '../mail/domain.ts';

export interface DnsQuestions {
  /** As Node's `dns.promises.resolve` answers, and throws. */
  ask(name: string, type: string): Promise<readonly unknown[]>;
  /** Texts alone, each as an array of one piece. */
  texts(name: string): Promise<string[][]>;
  /** Later questions fail at once. */
  close(): void;
}

/** The codes that Node's own resolver uses, which mailauth looks at. */
type Code = 'ENOTFOUND' | 'ENODATA' | 'EBADNAME' | 'ETIMEOUT' | 'ECANCELLED';

export class DnsQuestionError extends Error {
  readonly code: Code;

  constructor(code: Code, message: string) {
    // They are answers, and many of them: a stack trace would cost more than the question.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
  }
}

/** `limit`: how many names; `patience`: ms for each of them. */
export function createDnsQuestions(
  resolver: Resolver,
  limit: number,
  patience: number,
): DnsQuestions {
  const asked = new Map<string, Promise<Lookup>>();
  let isClosed = false;

  function lookup(name: string, type: LookupType): Promise<Lookup> {
    const key = `${type} ${name}`;
    const known = asked.get(key);
    if (known) return known;
    if (isClosed) throw new DnsQuestionError('ECANCELLED', 'the message is gone');
    if (asked.size >= limit)
      throw new DnsQuestionError('ECANCELLED', `more than ${limit} questions`);
    const answer = within(resolver.lookup(name, type), patience);
    asked.set(key, answer);
    return answer;
  }

  async function ask(text: string, type: string): Promise<readonly unknown[]> {
    const name = findName(text);
    if (name === null) throw new DnsQuestionError('EBADNAME', notAName);
    if (type === 'CNAME') return aliasOf(await lookup(name, 'A'));
    if (!isLookupType(type)) throw new DnsQuestionError('ENODATA', `we do not ask for ${type}`);
    const found = await lookup(name, type);
    if (found.kind !== 'found') throw errorOf(found);
    return found.records.map(toNodeShape);
  }

  async function texts(text: string): Promise<string[][]> {
    const name = findName(text);
    // Any other error would count as a failure of DNS, which a sender could bring about by an odd name.
    if (name === null) throw new DnsQuestionError('ENOTFOUND', notAName);
    const found = await lookup(name, 'TXT');
    if (found.kind !== 'found') throw errorOf(found);
    return found.records.flatMap((record) => (record.type === 'TXT' ? [[record.text]] : []));
  }

  return {
    ask,
    texts,
    close: () => {
      isClosed = true;
    },
  };
}

const notAName = 'not a name that DNS could know';

function findName(text: string): string | null {
  const name = normalizeDomain(text) ?? showName(text.toLowerCase().replace(/\.$/, ''));
  return normalizeDomain(name) === name || isShownName(name) ? name : null;
}

async function within(answer: Promise<Lookup>, ms: number): Promise<Lookup> {
  const { promise: late, resolve } = Promise.withResolvers<Lookup>();
  const timer = setTimeout(
    () => resolve({ kind: 'failed', detail: `no answer within ${ms} ms`, until: 0 }),
    ms,
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function isLookupType(type: string): type is LookupType {
  return type === 'A' || type === 'AAAA' || type === 'MX' || type === 'TXT' || type === 'PTR';
}

/** The resolver follows aliases by itself and tells where they end. */
function aliasOf(lookup: Lookup): string[] {
  if (lookup.kind === 'failed') throw errorOf(lookup);
  if (lookup.alias !== null) return [lookup.alias];
  throw new DnsQuestionError(lookup.kind === 'nxdomain' ? 'ENOTFOUND' : 'ENODATA', 'no alias');
}

function errorOf(lookup: Exclude<Lookup, { kind: 'found' }>): DnsQuestionError {
  switch (lookup.kind) {
    case 'nxdomain':
      return new DnsQuestionError('ENOTFOUND', 'no such name');
    case 'nodata':
      return new DnsQuestionError('ENODATA', 'no such record');
    case 'failed':
      return new DnsQuestionError('ETIMEOUT', lookup.detail);
  }
}

function toNodeShape(record: RecordData): unknown {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return record.address;
    case 'TXT':
      return [record.text];
    case 'MX':
      return { priority: record.preference, exchange: record.name };
    case 'CNAME':
    case 'PTR':
      return record.name;
    case 'SOA':
      return record.minimum;
  }
}
