/**
 * `--where`: which entries of a queue are meant, by what they have in common.
 *
 * An entry is only meant as a whole: of its recipients that wait, every one has to fit, because the others
 * would be removed with it.
 */
import type { EntryState } from '../../foreign/queue-entry.ts';
import {
  comparableDomain,
  formatDomain,
  parseAddress,
  withoutBrackets,
} from '../../mail/address.ts';
import { contains, parseIp, parseNetwork, unmapped } from '../../mail/ip.ts';
import { parseDuration, parseSize } from '../../mail/quantity.ts';
import { matches } from '../../store/wildcard.ts';
import { type EntryKind, entryKinds } from '../../verdict/entry.ts';
import { reasonWords } from '../../verdict/reasons.ts';
import type { JudgedEntry } from '../causes/cause.ts';
import { readTerms, type Terms, type Test, type TestRead } from '../terms.ts';

export type Where = Test<JudgedEntry>;

const states: readonly EntryState[] = ['waiting', 'active', 'held'];

/** `sender=<> domain=seaton.biz age>2h size<1M reason=loopback kind=lost-notice state=held client=192.0.2.0/24 id=...` */
export function parseWhere(text: string): TestRead<JudgedEntry> {
  return readTerms(text, terms);
}

const anAddress = 'an address in which * stands for anything, or <> for no sender';

const terms: Terms<JudgedEntry> = {
  sender: {
    operators: ['='],
    expected: anAddress,
    read: (value) => {
      const fits = addressTest(value);
      return ({ entry }) => fits(entry.reversePath);
    },
  },
  recipient: {
    operators: ['='],
    expected: anAddress,
    read: (value) => everyRecipient(addressTest(value)),
  },
  domain: {
    operators: ['='],
    expected: 'a domain in which * stands for anything',
    read: (value) => {
      const fits = domainTest(value);
      return fits && everyRecipient((path) => fits(domainOf(path)));
    },
  },
  age: {
    operators: ['>', '<'],
    expected: 'a duration such as 30m, 2h or 5d',
    read: (value, operator) =>
      compare(parseDuration(value), operator, ({ entry }, now) => now - entry.arrivedAt),
  },
  size: {
    operators: ['>', '<'],
    expected: 'a size such as 4096, 20K or 1M',
    read: (value, operator) => compare(parseSize(value), operator, ({ entry }) => entry.size),
  },
  reason: {
    operators: ['='],
    expected: `one of ${Object.keys(reasonWords).join(', ')}`,
    read: (value) =>
      Object.hasOwn(reasonWords, value) ? ({ verdict }) => verdict.reason === value : null,
  },
  kind: oneOf<EntryKind>(entryKinds, ({ verdict }) => verdict.kind),
  state: oneOf<EntryState>(states, ({ entry }) => entry.state),
  client: {
    operators: ['='],
    expected: 'an address or a network such as 192.0.2.0/24',
    read: readClient,
  },
  id: {
    operators: ['='],
    expected: 'the name of a message, in which * stands for anything',
    read: (value) => (value === '' ? null : ({ entry }) => matches(value, entry.id)),
  },
};

function oneOf<Word extends string>(
  words: readonly Word[],
  wordOf: (judged: JudgedEntry) => Word,
): Terms<JudgedEntry>[string] {
  return {
    operators: ['='],
    expected: `one of ${words.join(', ')}`,
    read: (value) => {
      const word = words.find((candidate) => candidate === value);
      return word === undefined ? null : (judged) => wordOf(judged) === word;
    },
  };
}

function compare(
  limit: number | null,
  operator: string,
  measure: (judged: JudgedEntry, now: number) => number,
): Where | null {
  if (limit === null) return null;
  return operator === '>'
    ? (judged, now) => measure(judged, now) > limit
    : (judged, now) => measure(judged, now) < limit;
}

function everyRecipient(fits: (forwardPath: string) => boolean): Where {
  return ({ entry }) => {
    const waiting = entry.recipients.filter(({ isDone }) => !isDone);
    return waiting.length > 0 && waiting.every(({ forwardPath }) => fits(forwardPath));
  };
}

/** The client that handed it in; for a notice also the one that brought the message it reports. */
function readClient(value: string): Where | null {
  const network = parseNetwork(value);
  if (!network) return null;
  return ({ entry }) =>
    [entry.client?.address, entry.report?.client].some((text) => {
      const address = text ? parseIp(text) : null;
      return address !== null && contains(network, unmapped(address));
    });
}

/** Letter case makes no difference here: nobody who searches means one spelling. */
export function addressTest(pattern: string): (path: string) => boolean {
  const wanted = withoutBrackets(pattern).toLowerCase();
  return (path) => matches(wanted, path.toLowerCase());
}

/** Null where it is none. */
export function domainTest(pattern: string): ((domain: string) => boolean) | null {
  if (pattern === '') return null;
  const wanted = pattern.includes('*') ? pattern.toLowerCase() : comparableDomain(pattern);
  return (domain) => matches(wanted, domain);
}

/** Comparable; '' where the path has none. */
export function domainOf(path: string): string {
  const address = parseAddress(path);
  return address.kind === 'mailbox' ? formatDomain(address.domain) : '';
}
