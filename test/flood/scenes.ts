/**
 * Floods and ordinary days as observations, with the truth about them: the same seed gives the same scene.
 */
import { type Random, seededRandom } from '../../src/replay/random.ts';
import type { IncidentCause } from '../../src/verdict/flood/incident.ts';
import type { Observation } from '../../src/verdict/flood/observation.ts';

export interface Scene {
  readonly observations: readonly Observation[];
  /** Null: nothing happened. */
  readonly truth: {
    readonly cause: IncidentCause;
    readonly subject: string;
    /** Recipients that were tried, 0 where it is about something else. */
    readonly recipients: number;
  } | null;
}

export const minute = 60_000;
export const hour = 60 * minute;
/** 2006-09-05 08:00 local time. */
export const morning = new Date(2006, 8, 5, 8).getTime();

const sites = Array.from({ length: 12 }, (_, i) => `site-${i}.example`);

export class Stage {
  readonly random: Random;
  readonly observations: Observation[] = [];

  constructor(seed: string) {
    this.random = seededRandom(seed);
  }

  attempt(
    at: number,
    client: string | null,
    reversePath: string,
    forwardPath: string,
    outcome: 'accepted' | 'unknown' | 'refused' | 'deferred',
    connection: number | null = null,
  ): void {
    this.observations.push({
      kind: 'attempt',
      at,
      client,
      connection,
      reversePath,
      forwardPath,
      outcome,
    });
  }

  received(
    at: number,
    client: string | null,
    reversePath: string,
    forwardPath: string,
    connection: number | null = null,
  ): void {
    const [bytes, recipients] = [2000, 1];
    this.observations.push({
      kind: 'received',
      at,
      client,
      connection,
      reversePath,
      forwardPath,
      bytes,
      recipients,
    });
  }

  fate(
    at: number,
    client: string | null,
    reversePath: string,
    forwardPath: string,
    outcome: Extract<Observation, { kind: 'fate' }>['outcome'],
  ): void {
    const [bytes, nextHop] = [outcome === 'delivered' ? 2000 : 0, null];
    this.observations.push({
      kind: 'fate',
      at,
      client,
      reversePath,
      forwardPath,
      outcome,
      bytes,
      nextHop,
    });
  }

  notice(at: number, client: string | null, forwardPath: string): void {
    const [reversePath, bytes] = ['', 3000];
    this.observations.push({ kind: 'notice', at, client, reversePath, forwardPath, bytes });
  }

  /** One of `count` clients, each in a network of its own. */
  client(count: number, from = 20_000): string {
    const number = from + this.random.integer(count);
    return `${100 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}.${1 + (number % 250)}`;
  }

  at(from: number, length: number): number {
    return from + this.random.integer(length);
  }

  site(): string {
    return this.random.pick(sites);
  }

  inventedMailbox(site = this.site()): string {
    return `x${this.random.integer(1e9)}@${site}`;
  }

  knownMailbox(site = this.site()): string {
    return `person-${this.random.integer(50)}@${site}`;
  }

  end(truth: Scene['truth']): Scene {
    return { observations: this.observations.toSorted((a, b) => a.at - b.at), truth };
  }
}

/** Of everything that looks a little like a flood, and is none. */
export function playOrdinaryDay(stage: Stage, from: number, length = 24 * hour): void {
  const { random } = stage;
  const hours = length / hour;
  const outcomeOf = (unknown: number) => (random.integer(100) < unknown ? 'unknown' : 'accepted');
  const to = (
    unknown: number,
    send: (mailbox: string, outcome: 'unknown' | 'accepted') => void,
  ) => {
    const outcome = outcomeOf(unknown);
    send(outcome === 'unknown' ? stage.inventedMailbox() : stage.knownMailbox(), outcome);
  };
  for (let i = 0; i < 400 * hours; i++)
    to(2, (mailbox, outcome) => {
      const at = stage.at(from, length);
      const sender = `friend-${random.integer(3000)}@provider-${random.integer(80)}.example`;
      const client = stage.client(300, 1000);
      stage.attempt(at, client, sender, mailbox, outcome);
      if (outcome === 'accepted') stage.received(at + 1000, client, sender, mailbox);
      if (outcome === 'accepted') stage.fate(at + 2000, client, sender, mailbox, 'delivered');
    });
  // A mailing list: the same sender to hundreds, some of whom left.
  for (let i = 0; i < 300 * hours; i++)
    to(5, (mailbox, outcome) =>
      stage.attempt(stage.at(from, length), '203.0.113.5', 'list@lists.example', mailbox, outcome),
    );
  // A newsletter, all within an hour, to an old list.
  for (let i = 0; i < 2000; i++)
    to(15, (mailbox, outcome) => {
      const client = `203.0.113.${10 + random.integer(4)}`;
      stage.attempt(stage.at(from + 2 * hour, hour), client, 'news@shop.example', mailbox, outcome);
    });
  // A sender whom everybody knows, from many networks.
  for (let i = 0; i < 200 * hours; i++)
    to(4, (mailbox, outcome) => {
      const client = stage.client(40, 2000);
      stage.attempt(stage.at(from, length), client, 'notify@famous.example', mailbox, outcome);
    });
  // A relay that passes on what others send, spam among it.
  for (let i = 0; i < 250 * hours; i++)
    to(20, (mailbox, outcome) => {
      const sender = `customer-${random.integer(5000)}@isp.example`;
      stage.attempt(stage.at(from, length), '203.0.113.77', sender, mailbox, outcome);
    });
  // Spam of many hosts to people who left years ago.
  for (let i = 0; i < 60 * hours; i++) {
    const sender = `s${random.integer(1e9)}@spam-${random.integer(1000)}.example`;
    const mailbox = `left-${random.integer(6)}@${stage.site()}`;
    stage.attempt(stage.at(from, length), stage.client(4000, 4000), sender, mailbox, 'unknown');
  }
  // What our own people send, and the failures that come of it.
  for (let i = 0; i < 100 * hours; i++) {
    const at = stage.at(from, length);
    const sender = stage.knownMailbox();
    const mailbox = `customer-${random.integer(1000)}@far-${random.integer(200)}.example`;
    const isLost = random.integer(100) < 4;
    stage.received(at, null, sender, mailbox);
    stage.fate(at + 1000, null, sender, mailbox, isLost ? 'unknown' : 'delivered');
    if (isLost) stage.notice(at + 2000, null, sender);
    if (isLost) stage.fate(at + 3000, null, '', sender, 'delivered');
  }
  // A newsletter of our own, and the notices of servers everywhere about it.
  for (let i = 0; i < 3000; i++) {
    const at = stage.at(from + 5 * hour, hour / 2);
    const mailbox = `reader-${i}@far-${random.integer(400)}.example`;
    stage.fate(at, null, 'news@site-3.example', mailbox, 'delivered');
    if (i % 8 === 0)
      stage.attempt(at + minute, stage.client(150, 3000), '', 'news@site-3.example', 'accepted');
  }
  // Notices and answers to people, now and then.
  for (let i = 0; i < 30 * hours; i++)
    stage.attempt(
      stage.at(from, length),
      stage.client(100, 3000),
      '',
      stage.knownMailbox(),
      'accepted',
    );
  // Two who write to each other all day, and two machines that do.
  for (let i = 0; i < 12 * hours; i++) {
    const at = stage.at(from, length);
    stage.attempt(
      at,
      stage.client(1, 1000),
      'a@chat.example',
      'person-1@site-1.example',
      'accepted',
    );
    stage.fate(at + minute, null, 'person-1@site-1.example', 'a@chat.example', 'delivered');
  }
  // Greylisting somewhere: the same recipients come again.
  for (let i = 0; i < 50 * hours; i++)
    stage.attempt(
      stage.at(from, length),
      stage.client(50, 1000),
      `again-${random.integer(100)}@slow.example`,
      stage.knownMailbox(),
      'deferred',
    );
}

export function ordinaryDay(seed: string): Scene {
  const stage = new Stage(seed);
  playOrdinaryDay(stage, morning);
  return stage.end(null);
}

interface Size {
  /** Recipients, notices or messages of the flood. */
  readonly count: number;
  readonly clients: number;
  /** ms. */
  readonly length: number;
}

const forged = 'nicholas@seaton.biz';

/** The case, seen by a server that refuses who does not exist. */
export function forgedSenderAtDoor(seed: string, size: Size): Scene {
  const stage = new Stage(seed);
  for (let i = 0; i < size.count; i++) {
    const mailbox = stage.inventedMailbox();
    stage.attempt(
      stage.at(morning, size.length),
      stage.client(size.clients),
      forged,
      mailbox,
      'unknown',
    );
  }
  return stage.end({ cause: 'forged-sender', subject: forged, recipients: size.count });
}

/** The case with another name each time. */
export function forgedDomain(seed: string, size: Size): Scene {
  const stage = new Stage(seed);
  for (let i = 0; i < size.count; i++)
    stage.attempt(
      stage.at(morning, size.length),
      stage.client(size.clients),
      `x${stage.random.integer(1e6)}@Seaton.biz`,
      stage.inventedMailbox(),
      'unknown',
    );
  return stage.end({ cause: 'forged-sender', subject: '@seaton.biz', recipients: size.count });
}

/** The same where all is accepted, fails, and is told to the senders. */
export function forgedDomainAccepted(seed: string, size: Size): Scene {
  const stage = new Stage(seed);
  for (let i = 0; i < size.count; i++) {
    const at = stage.at(morning, size.length);
    const client = stage.client(size.clients);
    const sender = `x${stage.random.integer(1e6)}@seaton.biz`;
    const mailbox = stage.inventedMailbox();
    stage.attempt(at, client, sender, mailbox, 'accepted');
    stage.received(at + 1, client, sender, mailbox);
    stage.fate(at + 500, client, sender, mailbox, 'unknown');
    stage.notice(at + 600, client, sender);
    stage.fate(at + 9000, client, '', sender, 'delivered');
  }
  return stage.end({ cause: 'forged-sender', subject: '@seaton.biz', recipients: size.count });
}

/** A provider with a million users, who mistake an address now and then, and whom spammers name as well. */
export function freemail(seed: string, { count, clients, length }: Size): Scene {
  const stage = new Stage(seed);
  for (let i = 0; i < count; i++) {
    const at = stage.at(morning, length);
    const isForged = stage.random.integer(10) < 4;
    const client = isForged ? stage.client(clients) : stage.client(60, 1000);
    const sender = `user-${stage.random.integer(1e6)}@freemail.example`;
    const isUnknown = isForged || stage.random.integer(100) < 4;
    const left = `left-${stage.random.integer(20)}@${stage.site()}`;
    const mailbox = isUnknown ? left : stage.knownMailbox();
    stage.attempt(at, client, sender, mailbox, isUnknown ? 'unknown' : 'accepted');
  }
  return stage.end(null);
}

/** Spam in random names, mostly at the same few large providers, of which nothing good comes meanwhile. */
export function spamInManyNames(seed: string, { count, clients, length }: Size): Scene {
  const stage = new Stage(seed);
  for (let i = 0; i < count; i++) {
    const provider = stage.random.integer(3) === 0 ? 0 : stage.random.integer(40);
    const sender = `u${stage.random.integer(1e6)}@freemail-${provider}.example`;
    const mailbox = `left-${stage.random.integer(20)}@${stage.site()}`;
    stage.attempt(stage.at(morning, length), stage.client(clients), sender, mailbox, 'unknown');
  }
  return stage.end(null);
}

/** The case, refused at MAIL by another check: no recipient is ever heard of. */
export function forgedSenderRefused(seed: string, size: Size): Scene {
  const stage = new Stage(seed);
  for (let i = 0; i < size.count; i++)
    stage.observations.push({
      kind: 'attempt',
      at: stage.at(morning, size.length),
      client: stage.client(size.clients),
      connection: null,
      reversePath: forged,
      forwardPath: null,
      outcome: 'refused',
    });
  return stage.end({ cause: 'forged-sender', subject: forged, recipients: size.count });
}

/** The case as it was: all is accepted, fails, is told to the sender, and comes back. */
export function forgedSenderAccepted(seed: string, size: Size): Scene {
  const stage = new Stage(seed);
  for (let i = 0; i < size.count; i++) {
    const at = stage.at(morning, size.length);
    const client = stage.client(size.clients);
    const mailbox = stage.inventedMailbox();
    stage.received(at, client, forged, mailbox);
    stage.fate(at + 500, client, forged, mailbox, 'unknown');
    stage.notice(at + 600, client, forged);
    for (let round = 1; round < 4; round++) {
      stage.fate(at + round * 2000, client, '', forged, 'returned');
      stage.received(at + round * 2000 + 1, null, '', forged);
    }
    stage.fate(at + 9000, client, '', forged, 'dropped');
  }
  return stage.end({ cause: 'forged-sender', subject: forged, recipients: 4 * size.count });
}

/** Of one botnet, some in the name of others. */
export function forgedSenderAmongOthers(seed: string, size: Size): Scene {
  const stage = new Stage(seed);
  for (let i = 0; i < size.count; i++) {
    const isForged = stage.random.integer(10) < 7;
    const sender = isForged ? forged : `s${stage.random.integer(1e9)}@spam.example`;
    const client = stage.client(size.clients);
    stage.attempt(
      stage.at(morning, size.length),
      client,
      sender,
      stage.inventedMailbox(),
      'unknown',
    );
  }
  return stage.end({ cause: 'forged-sender', subject: forged, recipients: size.count });
}

export function harvest(seed: string, { count, length }: Size): Scene {
  const stage = new Stage(seed);
  for (let i = 0; i < count; i++) {
    const isLucky = stage.random.integer(20) === 0;
    const mailbox = isLucky ? stage.knownMailbox() : stage.inventedMailbox();
    const sender = `s${stage.random.integer(1e9)}@spam.example`;
    const outcome = isLucky ? 'accepted' : 'unknown';
    stage.attempt(stage.at(morning, length), '192.0.2.7', sender, mailbox, outcome);
  }
  return stage.end({ cause: 'harvest', subject: '192.0.2.7', recipients: count });
}

export function networkHarvest(seed: string, { count, length }: Size): Scene {
  const stage = new Stage(seed);
  for (let i = 0; i < count; i++) {
    const client = `192.0.2.${stage.random.integer(250)}`;
    const sender = `s${stage.random.integer(1e9)}@spam.example`;
    stage.attempt(stage.at(morning, length), client, sender, stage.inventedMailbox(), 'unknown');
  }
  return stage.end({ cause: 'harvest', subject: '192.0.2.0/24', recipients: count });
}

export function slowHarvest(seed: string, { count, clients, length }: Size): Scene {
  const stage = new Stage(seed);
  const site = 'site-4.example';
  for (let i = 0; i < count; i++) {
    const sender = `s${stage.random.integer(1e9)}@spam-${i}.example`;
    const mailbox = stage.inventedMailbox(site);
    stage.attempt(stage.at(morning, length), stage.client(clients), sender, mailbox, 'unknown');
  }
  return stage.end({ cause: 'slow-harvest', subject: site, recipients: count });
}

/** Of all domains here, each by clients of its own. */
export function slowHarvestOfMany(seed: string, { count, clients, length }: Size): Scene {
  const stage = new Stage(seed);
  for (let i = 0; i < count; i++) {
    const n = i % sites.length;
    const sender = `s${stage.random.integer(1e9)}@spam-${i}.example`;
    const mailbox = stage.inventedMailbox(sites[n]);
    const client = stage.client(clients, 20_000 + n * clients);
    stage.attempt(stage.at(morning, length), client, sender, mailbox, 'unknown');
  }
  return stage.end({ cause: 'slow-harvest', subject: '', recipients: count });
}

export function noticeStorm(seed: string, { count, clients, length }: Size): Scene {
  const stage = new Stage(seed);
  for (let i = 0; i < count; i++) {
    const at = stage.at(morning, length);
    const client = stage.client(clients);
    const sender = `victim-${stage.random.integer(1e6)}@far-${stage.random.integer(500)}.example`;
    const mailbox = stage.inventedMailbox();
    stage.received(at, client, sender, mailbox);
    // It failed at a server behind this one, for a reason that says nothing of the mailbox.
    stage.fate(at + 500, client, sender, mailbox, 'failed');
    stage.notice(at + 600, client, sender);
    stage.fate(at + 1600, client, '', sender, 'delivered');
  }
  return stage.end({ cause: 'notice-storm', subject: '', recipients: 0 });
}

export function joeJob(seed: string, { count, clients, length }: Size, known: boolean): Scene {
  const stage = new Stage(seed);
  const site = 'site-7.example';
  for (let i = 0; i < count; i++) {
    const mailbox = known ? `info@${site}` : stage.inventedMailbox(site);
    const outcome = known ? 'accepted' : 'unknown';
    stage.attempt(stage.at(morning, length), stage.client(clients), '', mailbox, outcome);
  }
  return stage.end({ cause: 'joe-job', subject: site, recipients: count });
}

export function mailLoop(seed: string, { count, length }: Size): Scene {
  const stage = new Stage(seed);
  for (let i = 0; i < count; i++) {
    const at = stage.at(morning, length);
    stage.fate(at, null, 'ann@site-1.example', 'bob@circle.example', 'returned');
    stage.received(at + 1, null, 'ann@site-1.example', 'bob@circle.example');
  }
  return stage.end({ cause: 'mail-loop', subject: 'circle.example', recipients: 0 });
}

/** Domains of which each comes back a few times only, because they all lead to one address. */
export function hopLoop(seed: string, { count, length }: Size): Scene {
  const stage = new Stage(seed);
  for (let i = 0; i < count; i++) {
    const at = stage.at(morning, length);
    const to = `bob@parked-${stage.random.integer(40)}.example`;
    stage.observations.push({
      kind: 'fate',
      at,
      client: null,
      reversePath: stage.knownMailbox(),
      forwardPath: to,
      outcome: 'returned',
      bytes: 2000,
      nextHop: `mx-${i % 7}.parking.example (127.0.0.1:25)`,
    });
    stage.received(at + 1, null, 'ann@site-1.example', to);
  }
  return stage.end({ cause: 'mail-loop', subject: '127.0.0.1', recipients: 0 });
}

export function answerLoop(seed: string, { count, length }: Size): Scene {
  const stage = new Stage(seed);
  const [one, other] = ['away@site-2.example', 'robot@machine.example'];
  for (let i = 0; i < count; i++) {
    const at = morning + (i * length) / count;
    const client = stage.client(1, 1000);
    stage.attempt(at, client, other, one, 'accepted');
    stage.received(at + 1, client, other, one);
    stage.fate(at + 1000, null, one, other, 'delivered');
  }
  return stage.end({ cause: 'answer-loop', subject: `${one} and ${other}`, recipients: 0 });
}

/** One botnet, in the name of several. */
export function severalForgedSenders(seed: string, size: Size): Scene {
  const stage = new Stage(seed);
  const senders = [forged, 'ann@victim-1.example', 'bob@victim-2.example', 'eve@victim-3.example'];
  for (let i = 0; i < size.count; i++) {
    const at = stage.at(morning, size.length);
    // The first one begins a little earlier.
    const sender = at < morning + 5 * minute ? forged : stage.random.pick(senders);
    stage.attempt(at, stage.client(size.clients), sender, stage.inventedMailbox(), 'unknown');
  }
  return stage.end({ cause: 'forged-sender', subject: forged, recipients: size.count });
}
