/**
 * DMARC: does the author's domain vouch for the message, and what does it want done if it does not?
 *
 * RFC 7489 and its successor RFC 9989, as mailauth reads them.
 */
import { normalizeDomain } from '../mail/domain.ts';
import type { SenderProof } from '../verdict/sender-proof.ts';
import type { Signature } from './dkim.ts';
import type { DnsQuestions } from './dns-questions.ts';
import type { Mailauth } from './mailauth.ts';

export type Dmarc = NonNullable<SenderProof['dmarc']>;

export interface Authors {
  readonly addresses: readonly string[];
  readonly fields: number;
}

export interface DmarcEvidence {
  readonly spf: SenderProof['spf'];
  readonly signatures: readonly Signature[];
}

/** Of a message with many authors only so many domains are asked. */
const authorLimit = 5;
/** Labels of the domains that RFC 9989 §4.10 looks at. */
const walkLimit = 7;

/** `message`: the From fields and an empty line. */
export async function readAuthors(mailauth: Mailauth, message: Buffer): Promise<Authors> {
  const { headerFrom, fromFields } = await mailauth.dkimVerify(message, {
    resolver: () => Promise.resolve([]),
  });
  return { addresses: headerFrom, fields: fromFields };
}

/** Asks at once for what will be asked for one after the other; `questions` remembers the answers. */
export function askPoliciesEarly({ addresses }: Authors, questions: DnsQuestions): void {
  for (const address of addresses.slice(0, authorLimit)) {
    const domain = normalizeDomain(address.slice(address.lastIndexOf('@') + 1));
    const labels = domain?.split('.').slice(-walkLimit) ?? [];
    for (let i = 0; i < labels.length; i++)
      questions.texts(`_dmarc.${labels.slice(i).join('.')}`).catch(() => {});
  }
}

/** Null where the message names no author with a domain. Rejects only for a fault of the library. */
export async function checkDmarc(
  mailauth: Mailauth,
  authors: Authors,
  evidence: DmarcEvidence,
  questions: DnsQuestions,
): Promise<Dmarc | null> {
  const evaluate = (headerFrom: readonly string[], fromFields: number) =>
    mailauth.evaluateDmarc({
      headerFrom,
      fromFields,
      spfDomains: evidence.spf?.result === 'pass' ? [evidence.spf.domain] : [],
      dkimDomains: evidence.signatures
        .filter(({ result }) => result === 'pass')
        .map(({ domain, unsigned }) => ({ domain, underSized: unsigned })),
      resolver: questions.ask,
    });
  const found = await evaluate(authors.addresses, authors.fields);
  if (found.response) {
    const dmarc = toDmarc(found.response);
    return dmarc && withDoubt(mailauth, dmarc, evidence);
  }

  // RFC 7489 §6.6.1: of several authors the one whose domain asks for most decides.
  let strictest: Dmarc | null = null;
  for (const domain of found.authorDomains.slice(0, authorLimit)) {
    const { response } = await evaluate([domain], 1);
    const told = response ? toDmarc(response) : null;
    const dmarc = told && withDoubt(mailauth, told, evidence);
    if (dmarc && (strictest === null || severity(dmarc) > severity(strictest))) strictest = dmarc;
  }
  return strictest;
}

type Response = Extract<
  Awaited<ReturnType<Mailauth['evaluateDmarc']>>['response'],
  { status: object }
>;

/** A name that is no domain can still be below one that has a policy. */
function toDmarc({ status, policy, domain: organisation }: Response): Dmarc | null {
  const { result } = status;
  const domain = normalizeDomain(status.header?.from ?? '') ?? normalizeDomain(organisation);
  if (domain === null) return null;
  return {
    result:
      result === 'pass' || result === 'fail' || result === 'none' || result === 'temperror'
        ? result
        : 'permerror',
    policy: policy === 'reject' || policy === 'quarantine' ? policy : 'none',
    domain,
  };
}

/** What might have passed, had DNS answered, must not count as failed. */
function withDoubt(mailauth: Mailauth, dmarc: Dmarc, { spf, signatures }: DmarcEvidence): Dmarc {
  if (dmarc.result !== 'fail') return dmarc;
  const doubtful = signatures
    .filter(({ result }) => result === 'temperror')
    .map(({ domain }) => domain);
  if (spf?.result === 'temperror') doubtful.push(spf.domain);
  return mailauth.getAlignment(dmarc.domain, doubtful) ? { ...dmarc, result: 'temperror' } : dmarc;
}

function severity({ result, policy }: Dmarc): number {
  switch (result) {
    case 'fail':
      return policy === 'reject' ? 6 : policy === 'quarantine' ? 5 : 3;
    case 'temperror':
      return 4;
    case 'permerror':
      return 2;
    case 'none':
      return 1;
    case 'pass':
      return 0;
  }
}
