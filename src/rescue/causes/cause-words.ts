/**
 * What a cause is, in sentences for an admin whose server is drowning.
 */
import { formatCount } from '../../mail/amounts.ts';
import { circles, type EntryKind } from '../../verdict/entry.ts';
import { type Reason, reasonWords } from '../../verdict/reasons.ts';
import type { Cause, Findings } from './cause.ts';
import { deadEndInWords, findAddress } from './dead-end-words.ts';
import {
  countsInWords,
  distinctInWords,
  domainsInWords,
  mostListed,
  nameInWords,
  namesInWords,
} from './ranking-words.ts';
import { spanInWords } from './time-words.ts';

/** Sentences, harmless on a terminal. `now`: ms since 1970; times of that day stand without the date. */
export function describeCause(cause: Cause, now = Date.now()): readonly string[] {
  const what = whatWords[cause.kind](cause);
  return [what, ...whenInWords(cause, now), whyInWords(cause)];
}

/** Where the flood came from, line by line; nothing where nothing tells. */
export function describeSources({ clients, senders, sites }: Findings): readonly string[] {
  const lines = [
    ['Where it came from', countsInWords(clients)],
    ['Who it claimed to be', countsInWords(senders)],
    ['Whom it was written to', countsInWords(sites)],
  ];
  return lines.flatMap(([label, words]) => (words === null ? [] : [`${label}: ${words}.`]));
}

type InWords = (cause: Cause) => string;

const whatWords: { readonly [kind in EntryKind]: InWords } = {
  'lost-notice': (cause) => deadEnd(cause, formatCount(cause.count, 'failure notice')),
  'lost-mail': (cause) => deadEnd(cause, formatCount(cause.count, 'message')),
  'stray-mail': (cause) => deadEnd(cause, formatCount(cause.count, 'message')),
  'waiting-notice': (cause) => waiting(cause, 'failure notice'),
  'waiting-mail': (cause) => waiting(cause, 'message'),
  'held-mail': (cause) => {
    const { count } = cause;
    return `${formatCount(count, 'held message')}${toWhom(cause)}.`;
  },
  finished: ({ count }) =>
    `${formatCount(count, 'message')} that everybody has got already: the server is about to remove ${them(count)}.`,
};

/** `4,312 failure notices to nicholas@seaton.biz: its MX is 127.0.0.1, so they come back to this server.` */
function deadEnd(cause: Cause, subject: string): string {
  const { reason, domain, count, recipients, steps } = cause;
  const isOne = recipients.distinct === 1 && recipients.isExact;
  const isNamed = isOne || (domain !== null && !isMostlyOne(cause));
  const words = deadEndInWords({
    reason,
    whose: domain === null && !isOne ? 'their' : isNamed ? 'its' : null,
    domain: domain === null ? null : nameInWords(domain),
    found: domain === null ? null : findAddress(steps, domain, reason),
    count,
  });
  return `${subject}${toWhom(cause)}: ${words}.`;
}

function waiting(cause: Cause, thing: string): string {
  const { count, reason } = cause;
  const wait = count === 1 ? 'waits' : 'wait';
  return `${formatCount(count, thing)}${toWhom(cause)} ${wait}: ${waitingReason(reason)}.`;
}

/** ` to ann@x.example`, ` to ann@x.example and 3 others`, ` to 812 addresses at x.example`. */
function toWhom(cause: Cause): string {
  const { domain, recipients, domains } = cause;
  if (recipients.distinct === 1 || isMostlyOne(cause)) {
    const names = namesInWords(recipients, 1);
    if (names !== null) return ` to ${names}`;
  }
  if (domain !== null) {
    const at = nameInWords(domain);
    return recipients.distinct > 1
      ? ` to ${distinctInWords(recipients)} addresses at ${at}`
      : ` to addresses at ${at}`;
  }
  const where = domainsInWords(domains);
  if (where === null) {
    const names = namesInWords(recipients);
    return names === null ? '' : ` to ${names}`;
  }
  return recipients.distinct > 1
    ? ` to ${distinctInWords(recipients)} addresses ${domains.distinct > mostListed ? 'in' : 'at'} ${where}`
    : ` to ${where}`;
}

/** Whether one of several addresses stands for them. */
function isMostlyOne({ count, recipients: { distinct, top } }: Cause): boolean {
  const [first] = top;
  return first !== undefined && distinct > 1 && first.count * 2 > count;
}

function whenInWords(cause: Cause, now: number): readonly string[] {
  const { kind, oldest, newest } = cause;
  if (kind === 'finished') return [];
  const when = spanInWords(oldest, newest, now);
  if (when === null) return [];
  const isNotice = kind === 'lost-notice' || kind === 'waiting-notice';
  return [`${isNotice ? 'Written' : 'Arrived'} ${when}${isNotice ? aboutWhat(cause) : ''}.`];
}

/** ` about spam to 50 of your domains`: nobody who can be told wrote what a lost notice reports. */
function aboutWhat({ kind, sites }: Cause): string {
  const mail = kind === 'lost-notice' ? 'spam' : 'mail';
  const [first] = sites.top;
  if (!first) return '';
  if (sites.distinct === 1 && sites.isExact) return ` about ${mail} to ${nameInWords(first.text)}`;
  const domains = kind === 'lost-notice' ? 'of your domains' : 'domains';
  return ` about ${mail} to ${distinctInWords(sites)} ${domains}`;
}

function whyInWords(cause: Cause): string {
  const { kind, count, proposal, senders } = cause;
  switch (kind) {
    case 'lost-notice':
      return `Nobody can ever receive ${them(count)}, and nobody may be told (RFC 5321 6.2).`;
    case 'lost-mail': {
      const from = namesInWords(senders, 1);
      const who = from === null ? 'the sender' : from;
      return `Nobody can ever receive ${them(count)}, and nobody can be told: mail to ${who} leads nowhere either.`;
    }
    case 'stray-mail':
      return whyStray(count, proposal === 'hold', cause.reason);
    case 'waiting-notice':
      return `${They(count)} can be delivered, and the senders are to be told: left alone.`;
    case 'waiting-mail':
      return cause.reason === 'dns-failure'
        ? 'Doubt removes nothing: left alone.'
        : 'This is wanted mail as far as anybody can tell: left alone.';
    case 'held-mail':
      return `The server or its admin holds ${them(count)}, and decides: left alone.`;
    case 'finished':
      return 'Nothing is to be done.';
  }
}

function whyStray(count: number, isHold: boolean, reason: Reason): string {
  const never = `Nobody can ever receive ${them(count)}, but ${count === 1 ? 'its sender has' : 'the senders have'} to be told`;
  if (isHold)
    return `${never}, which never happens while ${count === 1 ? 'it goes' : 'they go'} in circles: held until you decide.`;
  return circles.has(reason)
    ? `${never}: held already, so you decide.`
    : `${never}, which the server does when it gives up: left alone.`;
}

/** Words for one domain, turned to many. */
const waitingWords: { readonly [reason in Reason]?: string } = {
  deliverable: 'the mail servers there can be reached',
  'implicit-mx': 'there is no MX, the domain itself takes the mail',
  'mixed-mx': 'some of the MX there lead nowhere, the others can be reached',
  'routed-by-name': 'this server has its own way for that mail',
  'local-address': 'this server is to deliver that itself',
  self: 'the MX is this very machine, and this server may well be home to that mail',
  'own-name': 'the MX is this very machine, and this server may well be home to that mail',
  'dns-failure': 'DNS does not tell at the moment where that mail goes',
  'too-many-records': 'there are more MX or addresses than anyone needs, not all were judged',
};

function waitingReason(reason: Reason): string {
  return waitingWords[reason] ?? reasonWords[reason];
}

function them(count: number): string {
  return count === 1 ? 'it' : 'them';
}

function They(count: number): string {
  return count === 1 ? 'It' : 'They';
}
