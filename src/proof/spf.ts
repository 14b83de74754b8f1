/**
 * SPF: may this client send for the domain of the reverse-path?
 *
 * RFC 7208 §2.3 and §2.4: a null reverse-path is checked by the name in HELO.
 */
import { parseAddress } from '../mail/address.ts';
import { normalizeDomain } from '../mail/domain.ts';
import { type SpfResult, spfResults } from '../verdict/sender-proof.ts';
import type { DnsQuestions } from './dns-questions.ts';
import type { Mailauth } from './mailauth.ts';

export interface SpfIdentity {
  readonly kind: 'mailfrom' | 'helo';
  /** A-label. */
  readonly domain: string;
  /** Null where the name in HELO is checked. */
  readonly localPart: string | null;
}

/** Null where there is no domain to ask. */
export function spfIdentityOf(reversePath: string, helo: string | null): SpfIdentity | null {
  const address = parseAddress(reversePath);
  switch (address.kind) {
    case 'null': {
      const domain = helo === null ? null : normalizeDomain(helo);
      return domain === null ? null : { kind: 'helo', domain, localPart: null };
    }
    case 'mailbox': {
      const { domain, localPart } = address;
      return domain.kind === 'name' ? { kind: 'mailfrom', domain: domain.name, localPart } : null;
    }
    case 'local':
    case 'fault':
      return null;
  }
}

/** `patience`: ms for all of it. Rejects only for a fault of the library. */
export async function checkSpf(
  mailauth: Mailauth,
  identity: SpfIdentity,
  client: { readonly address: string; readonly helo: string | null },
  ourName: string,
  questions: DnsQuestions,
  patience: number,
): Promise<SpfResult> {
  const helo = identity.kind === 'helo' ? identity.domain : client.helo;
  const found = await mailauth.spf({
    ip: client.address,
    mta: ourName,
    resolver: questions.ask,
    maxElapsedTime: patience,
    ...(identity.localPart !== null && { sender: `${identity.localPart}@${identity.domain}` }),
    ...(helo !== null && { helo }),
  });
  const result = found.status.result;
  return spfResults.find((known) => known === result) ?? 'permerror';
}
