/**
 * What shows that a reverse-path is no forgery, as plain data: gathered by proof/ when the message
 * comes in, kept with it, judged when a failure would have to be reported.
 *
 * RFC 7208 (SPF), RFC 6376 (DKIM), RFC 7489 (DMARC), RFC 8601 §2.7 (the words for the results).
 */
export const spfResults = [
  'none',
  'neutral',
  'pass',
  'fail',
  'softfail',
  'temperror',
  'permerror',
] as const;
export type SpfResult = (typeof spfResults)[number];

export interface SenderProof {
  /** The name of who logged in. */
  readonly login: string | null;
  /** The client's address is in a network that may relay: it is one of us. */
  readonly trustedNetwork: boolean;
  /** Null where it was not asked. */
  readonly spf: { readonly result: SpfResult; readonly domain: string } | null;
  /** Domains whose signature holds and that are aligned with the reverse-path's domain. */
  readonly dkim: readonly string[];
  readonly dmarc: {
    readonly result: 'none' | 'pass' | 'fail' | 'temperror' | 'permerror';
    /** What the author's domain asks for. */
    readonly policy: 'none' | 'quarantine' | 'reject';
    readonly domain: string;
  } | null;
}

export const noProof: SenderProof = {
  login: null,
  trustedNetwork: false,
  spf: null,
  dkim: [],
  dmarc: null,
};

/** In words, for steps and receipts; null where nothing proves it. */
export function describeProof(proof: SenderProof): string | null {
  if (proof.login !== null) return `the sender logged in as ${proof.login}`;
  if (proof.trustedNetwork) return 'it came from a network of ours';
  if (proof.spf?.result === 'pass') return `SPF of ${proof.spf.domain} vouches for the client`;
  const [domain] = proof.dkim;
  return domain === undefined ? null : `it is signed by ${domain}, the sender's own domain`;
}
