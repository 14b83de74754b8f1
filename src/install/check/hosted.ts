/**
 * Unknown recipients of the hosted domains: what the configuration says, and what the server says at its door.
 */
import { randomBytes } from 'node:crypto';
import { fateOfReply, type UnknownForetold } from '../../foreign/unknown-recipient.ts';
import type { Root } from '../../machine/root.ts';
import { parseDomain } from '../../mail/address.ts';
import { probeEnvelope } from '../smtp-probe.ts';
import type { UnknownAt, UnknownFound } from './server-check.ts';

/** A server with more is asked about the first of them. */
export const mostDomains = 20;

export interface Hosted {
  readonly domains: readonly string[];
  /** Lists of domains that cannot be listed. */
  readonly unlisted: readonly string[];
}

/** Nobody's mailbox, and new each time, so that nothing remembers it. */
export function inventName(): string {
  return `spillway-check-${randomBytes(6).toString('hex')}`;
}

/** `foretell` gets addresses of invented mailboxes and answers in their order. */
export async function findUnknown(
  { domains, unlisted }: Hosted,
  foretell: (addresses: readonly string[]) => Promise<readonly UnknownForetold[]>,
  door: Door | null,
): Promise<UnknownFound> {
  const all = [...new Set(domains.map((name) => name.toLowerCase().replace(/\.$/, '')))].filter(
    (name) => parseDomain(name)?.kind === 'name',
  );
  const asked = all.slice(0, mostDomains);
  const addresses = asked.map((domain) => `${inventName()}@${domain}`);
  const answers = await foretell(addresses);
  const found: UnknownAt[] = [];
  for (const [i, domain] of asked.entries()) {
    const answer = answers[i];
    const said = (await door?.ask(addresses[i] ?? '')) ?? null;
    if (answer) found.push({ domain, ...joined(answer, said, door?.isLikeOthers ?? true) });
  }
  return { domains: found, left: all.length - asked.length, unlisted };
}

function joined(
  answer: UnknownForetold,
  said: string | null,
  isLikeOthers: boolean,
): Omit<UnknownAt, 'domain'> {
  const { because, cures, backend } = answer;
  const asked = { said, backend };
  const fate = said === null ? answer.fate : fateOfReply(said);
  const isSame = fate === answer.fate || fate === 'unclear' || answer.fate === 'catch-all';
  if (isSame) return { ...asked, fate: answer.fate, because: [because], cures };
  if (fate === 'accepted' && !isLikeOthers)
    return {
      ...asked,
      fate: answer.fate,
      because: [
        because,
        'its door takes it from this machine, which is allowed more than others are',
      ],
      cures,
    };
  return { ...asked, fate, because: [], cures: fate === 'refused' ? [] : cures };
}

export interface Door {
  /** The reply; null once nobody answers there, or it has taken too long. */
  ask(address: string): Promise<string | null>;
  /** Whether an unknown recipient is answered alike to this machine and to strangers. */
  readonly isLikeOthers: boolean;
}

/** ms for all questions: a server without DNS takes long over each. */
const patience = 30_000;

/** That port of this very machine; null where the server is elsewhere, or has none now. */
export function openDoor(root: Root, port: number | null, isLikeOthers: boolean): Door | null {
  if (root.folder !== '/' || port === null) return null;
  let isThere = true;
  const end = performance.now() + patience;
  return {
    isLikeOthers,
    async ask(address) {
      if (!isThere || performance.now() > end) return null;
      return await probeEnvelope(port, '', address).catch(() => {
        isThere = false;
        return null;
      });
    },
  };
}
