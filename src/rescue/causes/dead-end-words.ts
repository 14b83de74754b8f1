/**
 * Why mail leads nowhere, in words that stand after `4,312 failure notices to ...:`.
 */
import { isLocalhost } from '../../mail/domain.ts';
import { parseIp } from '../../mail/ip.ts';
import { type Reason, reasonWords } from '../../verdict/reasons.ts';

/** What decided, as DNS has it. */
export interface FoundAddress {
  readonly address: string;
  /** Of an MX, or of the domain itself where it has none. */
  readonly isMx: boolean;
}

export interface DeadEnd {
  readonly reason: Reason;
  /** `its`, `their`: whose mail server it is; null: that of `domain`. */
  readonly whose: 'its' | 'their' | null;
  /** In harmless words. */
  readonly domain: string | null;
  /** Null where it is not known, or one of many. */
  readonly found: FoundAddress | null;
  /** Of entries. */
  readonly count: number;
}

export function deadEndInWords(deadEnd: DeadEnd): string {
  const { reason, whose, domain, found, count } = deadEnd;
  const address = found?.address ?? null;
  const mx = found && !found.isMx ? 'address' : 'MX';
  const owner = (thing: string) =>
    whose === null ? `the ${thing} of ${domain}` : `${whose} ${thing}`;
  const comes = count === 1 ? 'it comes' : 'they come';
  const back = `so ${comes} back to this server`;
  switch (reason) {
    case 'loopback':
      return `${owner(mx)} is ${address ?? 'a loopback address'}, ${back}`;
    case 'unspecified':
      return `${owner(mx)} is ${address ?? '0.0.0.0 or ::'}, ${back}`;
    case 'self':
      return `${owner(mx)} is ${address === null ? 'this very machine' : `${address}, which is this very machine`}, ${back}`;
    case 'localhost':
      if (domain !== null && isLocalhost(domain))
        return `${domain} is always the machine that sends, ${back}`;
      return `${owner('MX')} is the name localhost, ${back}`;
    case 'own-name':
      return `${owner('MX')} is the name of this very machine, ${back}`;
    case 'private':
    case 'cgnat':
    case 'linklocal':
    case 'documentation':
    case 'reserved':
    case 'multicast': {
      const kind = reasonWords[reason].replace('its mail server is ', '');
      return `${owner(mx)} is ${address === null ? '' : `${address}, `}${kind}`;
    }
    case 'null-mx':
      return whose === 'their'
        ? 'they say that they take no mail (null MX, RFC 7505)'
        : `${subject(deadEnd)} says that it takes no mail (null MX, RFC 7505)`;
    case 'no-such-domain':
      return `${subject(deadEnd)} ${whose === 'their' ? 'do' : 'does'} not exist`;
    case 'no-mail-server':
      return `${subject(deadEnd)} ${whose === 'their' ? 'have' : 'has'} neither MX nor address`;
    case 'mx-without-address':
      return `none of ${owner('MX')} has an address`;
    case 'malformed-mx':
      return `${owner('MX')} is an IP address in text or no name at all`;
    case 'malformed-address':
      return whose === 'their' ? 'the addresses are malformed' : 'the address is malformed';
    default:
      return reasonWords[reason];
  }
}

/**
 * The address that decided, where a step says `MX 10 NAME: ADDRESS (CLASS)` with the class as reason.
 * The name comes from DNS, so what looks like an address must be one.
 */
export function findAddress(
  steps: readonly string[],
  domain: string,
  reason: Reason,
): FoundAddress | null {
  const mark = ` (${reason})`;
  for (const step of steps) {
    const name = /^MX \d+ (\S+): /.exec(step)?.[1];
    const end = step.indexOf(mark);
    if (name === undefined || end < 0) continue;
    const ip = parseIp(step.slice(step.lastIndexOf(' ', end - 1) + 1, end));
    if (ip) return { address: ip.text, isMx: !step.startsWith(`MX 0 ${domain}: `) };
  }
  return null;
}

function subject({ whose, domain }: DeadEnd): string {
  if (whose === 'their') return 'the domains';
  return whose === null && domain !== null ? domain : 'the domain';
}
