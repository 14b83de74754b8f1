/**
 * A forward-path that leads to one of our domains, looked up.
 */
import type { RecipientFacts } from '../verdict/recipient-facts.ts';
import type { DomainNames, Finding } from './domain-names.ts';
import type { HostedDomain } from './hosted-domain.ts';

/** One of our domains while the server runs. */
export interface Hosted {
  readonly domain: HostedDomain;
  readonly names: DomainNames;
  readonly unknown: RecipientFacts;
}

/** A forward-path at one of our domains. */
export interface OwnPath {
  readonly hosted: Hosted;
  /** As it was written... */
  readonly localPart: string;
  /** ...and as it is compared. */
  readonly folded: string;
  /** Null where no list knows it. */
  readonly found: Finding | null;
}
