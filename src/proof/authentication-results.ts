/**
 * What we found out about a sender, for the header of the message.
 *
 * RFC 8601 §2.2 (syntax), §2.7 (results and their properties). The words are ours; of the sender's
 * nothing is shown but domain names and selectors, and these only where they are none that need quotes.
 */
import { normalizeDomain } from '../mail/domain.ts';
import type { SenderProof } from '../verdict/sender-proof.ts';
import type { Signature } from './dkim.ts';

export interface Findings extends Pick<SenderProof, 'login' | 'spf' | 'dmarc'> {
  readonly spfOf: 'mailfrom' | 'helo';
  readonly signatures: readonly Signature[];
}

/** Value of the field, folded, without its name and the last CRLF. `name`: our own, a domain. */
export function formatResults(name: string, findings: Findings): string {
  const { login, spf, spfOf, signatures, dmarc } = findings;
  const rows: string[] = [];
  if (login !== null) rows.push('auth=pass');
  if (spf) rows.push(`spf=${spf.result}${property(`smtp.${spfOf}`, spf.domain)}`);
  for (const { result, domain, selector } of signatures)
    rows.push(`dkim=${result}${property('header.d', domain)}${property('header.s', selector)}`);
  if (dmarc) {
    const policy = dmarc.result === 'none' ? '' : ` policy.dmarc=${dmarc.policy}`;
    rows.push(`dmarc=${dmarc.result}${policy}${property('header.from', dmarc.domain)}`);
  }
  // RFC 8601 §2.2: "none" says that no check was made.
  return [name, ...(rows.length > 0 ? rows : ['none'])].join(';\r\n\t');
}

function property(name: string, value: string): string {
  const domain = normalizeDomain(value);
  return domain === null ? '' : ` ${name}=${domain}`;
}
