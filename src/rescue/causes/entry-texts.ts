/**
 * What an entry tells of who is involved, and the rankings that are made of it.
 */
import type { Cause, JudgedEntry } from './cause.ts';
import { mostTexts, Tally, type TallyState } from './ranking.ts';

/** The texts of one entry that are counted. */
export interface EntryTexts {
  readonly recipients: readonly string[];
  readonly senders: readonly string[];
  readonly client: string | null;
  readonly sites: ReadonlySet<string> | null;
}

export function textsOf({ entry }: JudgedEntry): EntryTexts {
  const { notice, report, reversePath, client } = entry;
  const recipients = entry.recipients
    .filter(({ isDone }) => !isDone)
    .map(({ forwardPath }) => oneSpelling(forwardPath));
  if (notice === null)
    return {
      recipients,
      senders: [oneSpelling(reversePath)],
      client: client?.address ?? null,
      sites: null,
    };
  const sender = report?.sender ?? null;
  return {
    recipients,
    // A notice goes to whom the reported message claimed to be from.
    senders: sender === null ? recipients : [oneSpelling(sender)],
    client: report?.client ?? null,
    sites: report && sitesOf(report.recipients),
  };
}

/** The rankings of a cause. */
export type Rankings = Pick<Cause, 'domains' | 'recipients' | 'senders' | 'clients' | 'sites'>;

/** As plain data, for another thread. */
export type TextTalliesState = readonly TallyState[];

export class TextTallies {
  private readonly domains: Tally;
  private readonly recipients: Tally;
  private readonly senders: Tally;
  private readonly clients: Tally;
  private readonly sites: Tally;

  /** `limit`: how many texts of each kind are counted exactly. */
  constructor(limit = mostTexts) {
    this.domains = new Tally(limit);
    this.recipients = new Tally(limit);
    this.senders = new Tally(limit);
    this.clients = new Tally(limit);
    this.sites = new Tally(limit);
  }

  private get all(): readonly Tally[] {
    return [this.domains, this.recipients, this.senders, this.clients, this.sites];
  }

  /** `domain`: where domains are not apart; else it is known how many entries each has. */
  add({ recipients, senders, client, sites }: EntryTexts, domain: string | null = null): void {
    if (domain !== null) this.domains.add(domain);
    for (const recipient of recipients) this.recipients.add(recipient);
    for (const sender of senders) this.senders.add(sender);
    if (client !== null) this.clients.add(client);
    if (sites) for (const site of sites) this.sites.add(site);
  }

  addAll(other: TextTalliesState): void {
    for (const [at, tally] of this.all.entries()) {
      const added = other[at];
      if (added) tally.addAll(added);
    }
  }

  get state(): TextTalliesState {
    return this.all.map((tally) => tally.state);
  }

  /** Some of what belongs here was counted elsewhere. */
  markIncomplete(): void {
    for (const tally of this.all) tally.markIncomplete();
  }

  rankings(): Rankings {
    return {
      domains: this.domains.ranking(),
      recipients: this.recipients.ranking(),
      senders: this.senders.ranking(),
      clients: this.clients.ranking(),
      sites: this.sites.ranking(),
    };
  }
}

function sitesOf(addresses: readonly string[]): ReadonlySet<string> {
  const sites = new Set<string>();
  for (const address of addresses) {
    const at = address.lastIndexOf('@');
    if (at >= 0) sites.add(address.slice(at + 1).toLowerCase());
  }
  return sites;
}

/** RFC 5321 §2.4: the domain of an address is the same in any case, what is before it may not be. */
function oneSpelling(address: string): string {
  const at = address.lastIndexOf('@');
  if (at < 0) return address;
  const domain = address.slice(at + 1);
  const lower = domain.toLowerCase();
  return lower === domain ? address : `${address.slice(0, at + 1)}${lower}`;
}
