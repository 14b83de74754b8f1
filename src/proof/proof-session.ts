/**
 * The checks on one message from a stranger.
 *
 * SPF is asked at once. With the end of the header begin the questions for keys and policies, all at
 * once, and the hashing of the content if it is signed; unsigned content is not looked at. What takes
 * too long counts as `temperror`, what breaks the library as `permerror`.
 */
import { parseAddress } from '../mail/address.ts';
import { normalizeDomain } from '../mail/domain.ts';
import { noProof, type SpfResult } from '../verdict/sender-proof.ts';
import { formatResults } from './authentication-results.ts';
import type { Signature } from './dkim.ts';
import {
  type Authors,
  askPoliciesEarly,
  checkDmarc,
  type Dmarc,
  type DmarcEvidence,
  readAuthors,
} from './dmarc.ts';
import { createDnsQuestions } from './dns-questions.ts';
import { loadMailauth, type Mailauth } from './mailauth.ts';
import type { ProofSession, Proved, ProverOptions, SenderCircumstances } from './prover.ts';
import { createSignatures } from './signatures.ts';
import type { SignedHeader } from './signed-header.ts';
import { checkSpf, spfIdentityOf } from './spf.ts';

export interface ProofOptions extends Required<ProverOptions> {
  readonly sender: SenderCircumstances;
  /** Of the client; null where it is no IP address. */
  readonly address: string | null;
}

/** Names that one message may have us ask for. */
const questionLimits = { spf: 120, dkim: 10, dmarc: 80 };

export function startProof(options: ProofOptions): ProofSession {
  const { sender, address, deadline, name, onFault, resolver } = options;
  const gatherTime = (deadline * 5) / 8;
  // Less than that for one question, so that one without an answer leaves the others theirs.
  const questionsFor = (check: keyof typeof questionLimits) =>
    createDnsQuestions(resolver, questionLimits[check], deadline / 2);
  const questions = {
    spf: questionsFor('spf'),
    dkim: questionsFor('dkim'),
    dmarc: questionsFor('dmarc'),
  };
  let authors: Promise<Authors> | null = null;
  const signatures = createSignatures(questions.dkim, (header) => {
    authors = findAuthors(header);
    authors.catch(() => {});
  });
  const identity = address === null ? null : spfIdentityOf(sender.reversePath, sender.helo);
  const spf = safely(askSpf(), 'permerror');

  async function safely<T>(answer: Promise<T>, otherwise: T): Promise<T> {
    try {
      return await answer;
    } catch (fault) {
      onFault(fault);
      return otherwise;
    }
  }

  async function askSpf(): Promise<SpfResult> {
    if (identity === null || address === null) return 'none';
    const client = { address, helo: sender.helo };
    return await checkSpf(await loadMailauth(), identity, client, name, questions.spf, gatherTime);
  }

  async function findAuthors(header: SignedHeader): Promise<Authors> {
    const found = await readAuthors(await loadMailauth(), header.authors);
    askPoliciesEarly(found, questions.dmarc);
    return found;
  }

  async function askDmarc(evidence: DmarcEvidence): Promise<Dmarc | null> {
    const found = await authors;
    return found && (await checkDmarc(await loadMailauth(), found, evidence, questions.dmarc));
  }

  async function conclude(): Promise<Proved> {
    signatures.finish();
    const [spfResult, verified] = await Promise.all([
      within(spf, gatherTime, 'temperror'),
      within(
        safely(signatures.verify(), signatures.presume('permerror')),
        gatherTime,
        signatures.presume('temperror'),
      ),
    ]);
    const evidence = {
      spf: identity && { result: spfResult, domain: identity.domain },
      signatures: verified,
    };
    const dmarc = await within(safely(askDmarc(evidence), null), deadline - gatherTime, null);
    const findings = { login: null, ...evidence, spfOf: identity?.kind ?? 'mailfrom', dmarc };
    const dkim = alignedDomains(await loadMailauth(), verified, sender.reversePath);
    return {
      proof: { login: null, trustedNetwork: false, spf: evidence.spf, dkim, dmarc },
      results: formatResults(name, findings),
    };
  }

  function close(): void {
    for (const check of Object.values(questions)) check.close();
    signatures.abort();
  }

  return {
    write: (piece) => signatures.write(piece),
    async end() {
      try {
        return await conclude();
      } catch (fault) {
        onFault(fault);
        const nothing = { ...noProof, spfOf: 'mailfrom', signatures: [] } as const;
        return { proof: noProof, results: formatResults(name, nothing) };
      } finally {
        close();
      }
    },
    abort: close,
  };
}

async function within<T>(answer: Promise<T>, ms: number, otherwise: T): Promise<T> {
  const { promise: late, resolve } = Promise.withResolvers<T>();
  const timer = setTimeout(() => resolve(otherwise), ms);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Of the signatures that hold for the whole content, those of the reverse-path's own organisation. */
function alignedDomains(
  { getAlignment }: Mailauth,
  signatures: readonly Signature[],
  reversePath: string,
): readonly string[] {
  const address = parseAddress(reversePath);
  if (address.kind !== 'mailbox' || address.domain.kind !== 'name') return [];
  const { name } = address.domain;
  const domains = new Set<string>();
  for (const { result, domain, unsigned, isTest } of signatures) {
    const signer = normalizeDomain(domain);
    if (result !== 'pass' || unsigned > 0 || isTest || signer === null) continue;
    if (getAlignment(name, [signer])) domains.add(signer);
  }
  return [...domains];
}
