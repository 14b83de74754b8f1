/**
 * One message of a drowned queue, as data: what a maker of any server's files needs to know of it.
 *
 * Nine of ten are failure notices of the server itself about spam in the name of nicholas@seaton.biz, or of
 * one of some 200 other senders; the tenth is ordinary mail that waits for a good domain. The same seed and
 * number always give the same letter.
 */
import { forgedSender } from '../../src/replay/cases/incident.ts';
import { type Random, seededRandom } from '../../src/replay/random.ts';
import { hostedSites } from '../../src/replay/sites.ts';
import { deadDomain, deadDomains, goodDomain, goodDomains } from './zone.ts';

export interface LetterPlan {
  readonly seed: string;
  /** When the first one arrived, ms since 1970; ten come in each second. */
  readonly from: number;
}

export interface Letter {
  /** From 0. */
  readonly number: number;
  /** ms since 1970; two of a second differ. */
  readonly arrivedAt: number;
  /** Microseconds of `arrivedAt`'s second. */
  readonly microseconds: number;
  readonly lastTriedAt: number;
  /** At least 1. */
  readonly tries: number;
  readonly isHeld: boolean;
  /** '' for a notice. */
  readonly reversePath: string;
  /** One, but for some of the ordinary mail. */
  readonly recipients: readonly string[];
  /** Mail server of each recipient, that cannot be reached. */
  readonly hosts: readonly Host[];
  /** Who brought it; of a notice: who brought what it reports. */
  readonly client: Host;
  readonly subject: string;
  readonly messageId: string;
  /** Of the message, or of the one that the notice reports. */
  readonly lines: readonly string[];
  /** Null for ordinary mail. */
  readonly report: Report | null;
}

export interface Host {
  readonly name: string;
  readonly address: string;
}

export interface Report {
  readonly sender: string;
  /** Invented mailboxes of the hosted sites. */
  readonly recipients: readonly string[];
}

/** The server that all this waits on, and the one behind it that knows the mailboxes. */
export const hostName = 'mx.host.example';
export const hostAddress = '192.0.2.10';
export const backend = '192.0.2.30';
/** What the backend says of an invented mailbox. */
export const refusal = '550 5.1.1 No such mailbox here';

const perSecond = 10;
const spammers = 50;

export function letterOf({ seed, from }: LetterPlan, number: number): Letter {
  const random = seededRandom(`${seed}/${number}`);
  const arrivedAt = from + number * (1000 / perSecond) + random.integer(1000 / perSecond);
  const when = {
    number,
    arrivedAt,
    microseconds: (arrivedAt % 1000) * 1000 + random.integer(1000),
    lastTriedAt: arrivedAt + 3000 + random.integer(60_000),
    tries: 1 + random.integer(12),
  };
  return random.integer(10) === 0
    ? { ...when, ...ordinary(random, number) }
    : { ...when, ...notice(random, number) };
}

type Content = Omit<Letter, 'arrivedAt' | 'microseconds' | 'lastTriedAt' | 'tries' | 'number'>;

function notice(random: Random, number: number): Content {
  const sender = spamSender(random);
  const spammer = random.integer(spammers);
  return {
    isHeld: false,
    reversePath: '',
    recipients: [sender],
    hosts: [hostOf(sender)],
    client: { name: `pc-${spammer}.pool.example`, address: `192.0.2.${100 + spammer}` },
    subject: sentence(random, spamWords, 5),
    messageId: `spam-${number}@pool.example`,
    lines: text(random, spamWords),
    report: {
      sender,
      recipients: Array.from(
        { length: 3 + random.integer(3) },
        (_, i) => `${random.pick(names)}${random.integer(1000)}.${i}@${random.pick(hostedSites)}`,
      ),
    },
  };
}

function ordinary(random: Random, number: number): Content {
  const length = random.integer(5) === 0 ? 2 + random.integer(3) : 1;
  const recipients = Array.from(
    { length },
    (_, i) => `${random.pick(names)}${i}@${goodDomain(random.integer(goodDomains))}`,
  );
  return {
    isHeld: random.integer(10) === 0,
    reversePath: `${random.pick(names)}@${random.pick(hostedSites)}`,
    recipients,
    hosts: recipients.map(hostOf),
    client: { name: 'desk.host.example', address: '192.0.2.20' },
    subject: sentence(random, plainWords, 4),
    messageId: `letter-${number}@desk.host.example`,
    lines: text(random, plainWords),
    report: null,
  };
}

function spamSender(random: Random): string {
  const share = random.integer(100);
  if (share < 70) return forgedSender;
  const name = random.pick(names);
  return share < 95
    ? `${name}@${deadDomain(random.integer(deadDomains))}`
    : `${name}@${goodDomain(random.integer(goodDomains))}`;
}

function hostOf(mailbox: string): Host {
  return { name: `mail.${mailbox.slice(mailbox.indexOf('@') + 1)}`, address: '192.0.2.99' };
}

const names = ['anna', 'bill', 'carla', 'dave', 'erika', 'frank', 'gina', 'harry', 'irene', 'jack'];
const spamWords = ['best', 'cheap', 'pills', 'watches', 'stock', 'now', 'discount', 'alert'];
const plainWords = ['order', 'table', 'for', 'Friday', 'thanks', 'invoice', 'question', 'about'];

function sentence(random: Random, words: readonly string[], length: number): string {
  let out = random.pick(words);
  for (let i = 1; i < length; i++) out += ` ${random.pick(words)}`;
  return out;
}

function text(random: Random, words: readonly string[]): string[] {
  const length = 5 + random.integer(20);
  return Array.from({ length }, () => `${sentence(random, words, 10)}.`);
}

/** `Sun, 22 Nov 2026 21:46:12 GMT`; other servers write other zones. */
export function dateOf(time: number, zone = 'GMT'): string {
  return new Date(time).toUTCString().replace('GMT', zone);
}
