/**
 * Who exists at one domain, as far as lists tell.
 *
 * RFC 5321 §4.5.1: every domain has a postmaster. RFC 2142 §5: and an abuse desk.
 */
import type { RecipientFacts } from '../verdict/recipient-facts.ts';
import type { HostedDomain } from './hosted-domain.ts';
import { foldLocalPart, withoutDetail } from './local-part.ts';

export interface Finding {
  readonly facts: RecipientFacts;
  /** What the name stands for: local parts of this domain or whole addresses; null: a mailbox. */
  readonly targets: () => readonly string[] | null;
}

export const noTargets = () => null;

/** A list of names outside the configuration. Local parts are folded. */
export interface NameList {
  find(localPart: string, domain: string): Finding | null;
  /** Where it sends whoever it does not list. */
  findOthers(localPart: string, domain: string): Finding | null;
}

/** Local parts are folded. */
export interface DomainNames {
  /** Null where no list knows it. */
  find(localPart: string): Finding | null;
  /** The name of its mailbox: without a detail, and as the configuration spells it. */
  mailboxOf(localPart: string): string;
  /** Whether the configuration lists it as a mailbox, whatever aliases say. */
  isMailbox(localPart: string): boolean;
}

export function createDomainNames(
  domain: HostedDomain,
  lists: readonly NameList[],
  separator: string | null,
): DomainNames {
  const { name } = domain;
  const mailboxes = new Map<string, string>();
  const own = new Map<string, Finding>();
  for (const mailbox of domain.mailboxes) {
    const localPart = withoutDomain(mailbox);
    mailboxes.set(foldLocalPart(localPart), localPart);
    own.set(foldLocalPart(localPart), known(`a mailbox of ${name}`, null));
  }
  for (const { from, to } of domain.aliases)
    own.set(foldLocalPart(withoutDomain(from)), known(`an alias of ${name}`, to));
  const duties = dutiesOf(domain);
  const catchAll = catchAllOf(domain);

  function findExact(localPart: string): Finding | null {
    const found = own.get(localPart);
    if (found) return found;
    for (const list of lists) {
      const listed = list.find(localPart, name);
      if (listed) return listed;
    }
    return null;
  }

  function findOthers(localPart: string): Finding | null {
    for (const list of lists) {
      const listed = list.findOthers(localPart, name);
      if (listed) return listed;
    }
    return catchAll;
  }

  return {
    find(localPart) {
      // `""`: no mailbox can be kept under that name, so no catch-all may promise one.
      if (localPart === '') return null;
      const exact = findExact(localPart);
      if (exact) return exact;
      const base = withoutDetail(localPart, separator);
      const found = base === null ? null : findExact(base);
      return found ?? duties.get(localPart) ?? findOthers(localPart);
    },
    mailboxOf(localPart) {
      const base = withoutDetail(localPart, separator);
      const bare = base === null || findExact(localPart) ? localPart : base;
      return mailboxes.get(bare) ?? bare;
    },
    isMailbox: (localPart) => mailboxes.has(localPart),
  };
}

function known(how: string, targets: readonly string[] | null): Finding {
  return { facts: { kind: 'known', how }, targets: () => targets };
}

/** Mail for them goes to the first mailbox, where the configuration does not say otherwise. */
function dutiesOf(domain: HostedDomain): Map<string, Finding> {
  const [first] = domain.mailboxes;
  const hasPostmaster = domain.aliases.some(
    ({ from }) => foldLocalPart(withoutDomain(from)) === 'postmaster',
  );
  const duty = (name: string, to: string | undefined): [string, Finding] => [
    name,
    known(`every domain has ${name}`, to === undefined ? null : [to]),
  ];
  return new Map([duty('postmaster', first), duty('abuse', hasPostmaster ? 'postmaster' : first)]);
}

function catchAllOf({ catchAll, name }: HostedDomain): Finding | null {
  if (catchAll === null) return null;
  return known(`${name} takes mail for every name`, catchAll === '*' ? null : [catchAll]);
}

function withoutDomain(name: string): string {
  const at = name.lastIndexOf('@');
  return at < 0 ? name : name.slice(0, at);
}
