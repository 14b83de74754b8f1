/**
 * Where does mail for a domain go, and does it get anywhere?
 *
 * RFC 5321 §5.1 (MX, implicit MX, recognising ourselves), RFC 7505 (null MX), RFC 6761 §6.3
 * (localhost). docs/verdicts.md tells what each DNS oddity means and why.
 */

import type { IpAddress } from '../mail/ip.ts';
import {
  type Candidate,
  describeCandidate,
  hostCandidate,
  type JudgedMx,
  mxCandidate,
} from './candidates.ts';
import { type Reason, reasonWords } from './reasons.ts';
import type { DomainFacts, HostFacts, MxFacts, RouteFacts } from './route-facts.ts';
import type { AddressClass, RouteKind, RoutePolicy, Switch } from './route-policy.ts';

export interface RouteVerdict {
  readonly domain: string;
  readonly kind: RouteKind;
  /** Of the addresses that decided; null where none did. */
  readonly class: AddressClass | null;
  readonly reason: Reason;
  /** All records, judged, best preference first; the domain itself where it has no MX. */
  readonly mx: readonly JudgedMx[];
  /** Where to deliver, best first; empty unless the kind is `deliver` or `routed`. Connect to nothing else. */
  readonly targets: readonly JudgedMx[];
  /** For a dead end: whether the operator's switch for it refuses or lets pass. */
  readonly deadEnd: Switch;
  readonly steps: readonly string[];
}

type Outcome = Omit<RouteVerdict, 'domain'>;

export function judgeRoute(facts: RouteFacts, policy: RoutePolicy): RouteVerdict {
  const outcome = isRoutedByName(facts.domain, policy)
    ? judgeRouted(facts.domain, facts.found, policy)
    : judgeFound(facts.domain, facts.found, policy);
  const steps = [...outcome.steps];
  for (const { name, addresses } of facts.hostsFile)
    steps.push(
      `the hosts file of this machine says that ${name} is ${addresses.join(', ')}; DNS counts`,
    );
  steps.push(`${facts.domain}: ${reasonWords[outcome.reason]}`);
  return { ...outcome, domain: facts.domain, steps };
}

/** Whatever DNS says, mail may go there; where it says a way, that is the way. */
function judgeRouted(domain: string, found: DomainFacts, policy: RoutePolicy): Outcome {
  const all = candidatesOf(domain, found, policy);
  const mx = all.map(({ preference, name, addresses }) => ({ preference, name, addresses }));
  const targets = beforeOurselves(all)
    .map((one) => only(one, (found) => !leadsBack.has(found)))
    .filter(({ addresses }) => addresses.length > 0);
  return outcomeOf('routed', 'routed-by-name', { mx, targets, steps: all.map(describeCandidate) });
}

/** No operator can mean these by a record in DNS. */
const leadsBack: ReadonlySet<AddressClass> = new Set([
  'self',
  'loopback',
  'unspecified',
  'multicast',
]);

function candidatesOf(domain: string, found: DomainFacts, policy: RoutePolicy): Candidate[] {
  switch (found.kind) {
    case 'mx':
      return found.mx.filter(({ name }) => name !== '').map((mx) => mxCandidate(mx, policy));
    case 'implicit':
      return [hostCandidate(0, domain, found.host, policy)];
    case 'literal':
      return [hostCandidate(0, domain, literalHost(found.address), policy)];
    default:
      return [];
  }
}

function judgeFound(domain: string, found: DomainFacts, policy: RoutePolicy): Outcome {
  switch (found.kind) {
    case 'localhost':
      return outcomeOf('blackhole', 'localhost', {
        class: 'loopback',
        deadEnd: policy.alone.loopback,
      });
    case 'nxdomain':
      return outcomeOf('nodomain', 'no-such-domain', { deadEnd: policy.alone.nodomain });
    case 'failed':
      return outcomeOf('unknown', 'dns-failure', { steps: [`MX of ${domain}: ${found.detail}`] });
    case 'literal': {
      const candidate = hostCandidate(0, domain, literalHost(found.address), policy);
      return judgeImplicit(candidate, false, policy, 'deliverable');
    }
    case 'implicit': {
      const candidate = hostCandidate(0, domain, found.host, policy);
      return judgeImplicit(candidate, found.host.truncated, policy, 'implicit-mx');
    }
    case 'mx':
      return judgeMx(found.mx, found.truncated, policy);
  }
}

function judgeImplicit(
  candidate: Candidate,
  truncated: boolean,
  policy: RoutePolicy,
  whenGood: Reason,
): Outcome {
  const outcome = judgeCandidates([candidate], truncated, policy);
  if (outcome.reason === 'deliverable') return { ...outcome, reason: whenGood };
  return outcome.kind === 'nomail' ? { ...outcome, reason: 'no-mail-server' } : outcome;
}

function judgeMx(records: readonly MxFacts[], cut: boolean, policy: RoutePolicy): Outcome {
  const named = records.filter((mx) => mx.name !== '');
  if (named.length === 0) {
    const mx = records.map(({ preference, name }) => ({ preference, name, addresses: [] }));
    const steps = mx.map(({ preference }) => `MX ${preference} .`);
    return outcomeOf('nullmx', 'null-mx', { mx, steps, deadEnd: policy.alone.nullmx });
  }
  const truncated = cut || named.some((mx) => mx.host?.truncated);
  const candidates = named.map((mx) => mxCandidate(mx, policy));
  const outcome = judgeCandidates(candidates, truncated, policy);
  if (named.length === records.length) return outcome;
  const note = 'a null MX stands beside real ones, which is malformed: it is ignored';
  return { ...outcome, steps: [note, ...outcome.steps] };
}

function judgeCandidates(
  all: readonly Candidate[],
  truncated: boolean,
  policy: RoutePolicy,
): Outcome {
  const steps = all.map(describeCandidate);
  const mx = all.map(({ preference, name, addresses }) => ({ preference, name, addresses }));
  const considered = beforeOurselves(all);
  if (considered.length < all.length && considered.length > 0)
    steps.push('RFC 5321 5.1: this machine is one of them, so it and every worse MX are left out');
  const end = (kind: RouteKind, reason: Reason, more: Partial<Outcome> = {}) =>
    outcomeOf(kind, reason, { mx, steps, ...more });

  const targets = considered
    .map((one) => only(one, (found) => found === 'public'))
    .filter(({ addresses }) => addresses.length > 0);
  if (targets.length > 0) {
    if (truncated) return end('unknown', 'too-many-records');
    const bogus = all.flatMap((candidate) => candidate.bogus);
    const refused = bogus.find((found) => policy.mixed[found.class] === 'refuse');
    if (refused) return end('blackhole', refused.reason, { class: refused.class });
    return end('deliver', bogus.length > 0 ? 'mixed-mx' : 'deliverable', {
      class: 'public',
      targets,
    });
  }
  // What could not be looked up may hide a good address: no sentence on half a view.
  if (considered.some(({ uncertainty }) => uncertainty !== null))
    return end('unknown', 'dns-failure');
  const deadEnds = uptoOurselves(all).flatMap(({ bogus }) => bogus);
  const worst = deadEnds.find((found) => policy.alone[found.class] === 'refuse') ?? deadEnds[0];
  if (worst)
    return end('blackhole', worst.reason, {
      class: worst.class,
      deadEnd: policy.alone[worst.class],
    });
  if (all.some(({ isMalformed }) => isMalformed))
    return end('malformed', 'malformed-mx', { deadEnd: policy.alone.malformed });
  return end('nomail', 'mx-without-address', { deadEnd: policy.alone.nomail });
}

/** RFC 5321 §5.1: a relay that finds itself among the MX discards that preference and all worse. */
function beforeOurselves(all: readonly Candidate[]): readonly Candidate[] {
  const ourselves = all.find(isOurselves);
  return ourselves ? all.filter(({ preference }) => preference < ourselves.preference) : all;
}

function uptoOurselves(all: readonly Candidate[]): readonly Candidate[] {
  const ourselves = all.find(isOurselves);
  return ourselves ? all.filter(({ preference }) => preference <= ourselves.preference) : all;
}

function isOurselves({ bogus }: Candidate): boolean {
  return bogus[0]?.class === 'self';
}

function only({ preference, name, addresses }: JudgedMx, fits: (one: AddressClass) => boolean) {
  return { preference, name, addresses: addresses.filter((judged) => fits(judged.class)) };
}

function literalHost(address: IpAddress): HostFacts {
  return { addresses: [address], alias: null, failure: null, truncated: false };
}

/** The operator's list holds whole names, and `.example` for everything below a name. */
function isRoutedByName(domain: string, policy: RoutePolicy): boolean {
  if (policy.routedDomains.has(domain)) return true;
  for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1))
    if (policy.routedDomains.has(domain.slice(dot))) return true;
  return false;
}

function outcomeOf(kind: RouteKind, reason: Reason, more: Partial<Outcome> = {}): Outcome {
  return { kind, reason, class: null, mx: [], targets: [], deadEnd: 'refuse', steps: [], ...more };
}
