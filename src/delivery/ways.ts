/**
 * Opens the way to a next hop: the verdict is asked for once more before anything is connected to,
 * and what it leaves is handed to a transport.
 *
 * Between acceptance and delivery DNS may have changed: a domain that was fine may now lead to us.
 */

import type { Judge } from '../judge/judge.ts';
import type { Routes } from '../judge/routes.ts';
import { parseDomain } from '../mail/address.ts';
import { formatQueueId } from '../mail/queue-id.ts';
import { type Reply, replies } from '../mail/reply.ts';
import type { MessageRecord } from '../store/queue-store.ts';
import type { JudgedMx } from '../verdict/candidates.ts';
import { noLoopFacts } from '../verdict/loop-facts.ts';
import type { Reason } from '../verdict/reasons.ts';
import type { RouteVerdict } from '../verdict/route.ts';
import type { Circumstances, Verdict } from '../verdict/verdict.ts';
import type { ConfiguredHost, ConfiguredHosts } from './configured-hosts.ts';
import { describeHop, type Hop } from './next-hop.ts';
import type { Transport } from './transport.ts';
import type { Transports } from './transports.ts';

export type Way = { readonly kind: 'open'; readonly transport: Transport } | Closed;

export interface Closed {
  readonly kind: 'closed';
  readonly outcome: 'failed' | 'deferred';
  readonly reply: Reply;
  readonly reason: Reason;
  /** It is the next hop itself that is in trouble. */
  readonly isDown: boolean;
}

export interface WaysOptions {
  readonly judge: Judge;
  readonly routes: Pick<Routes, 'routeOf'>;
  readonly hosts: ConfiguredHosts;
  readonly transports: Transports;
}

/** `forwardPath`: the first of those that share the transaction; they share the domain as well. */
export type OpenWay = (hop: Hop, message: MessageRecord, forwardPath: string) => Way | Promise<Way>;

export function createWays({ judge, routes, hosts, transports }: WaysOptions): OpenWay {
  /** Calls on with what was found, at once where it is at hand. */
  function judged(hop: Hop, verdict: Verdict | Promise<Verdict>, go: () => Way | Promise<Way>) {
    const next = (found: Verdict) => closedBy(found, hop) ?? go();
    return verdict instanceof Promise ? verdict.then(next) : next(verdict);
  }

  function askRecipient(hop: Hop, circumstances: AskedOf): Verdict | Promise<Verdict> {
    const nextHop = describeHop(hop, circumstances.forwardPath);
    return judge.ask({ ...circumstances, check: 'recipient', nextHop });
  }

  function openMx(domain: string): Way | Promise<Way> {
    const parsed = parseDomain(domain);
    if (!parsed) return closed('failed', replies.recipientSyntax, 'malformed-address');
    const route = routes.routeOf(parsed);
    if (route === null) return closed('deferred', replies.overloaded, 'overloaded');
    return route instanceof Promise ? route.then(follow) : follow(route);
  }

  function follow(route: RouteVerdict): Way {
    const targets = targetsOf(route);
    if (targets.length > 0)
      return { kind: 'open', transport: transports.mx(route.domain, targets) };
    // A check that is off or only watched lets the mail pass, but there is nowhere it could go.
    // And what the operator routes by name has a way that DNS may not show at the moment.
    if (route.kind === 'unknown')
      return closed('deferred', replies.recipientUnknown, route.reason, true);
    return route.kind === 'routed'
      ? closed('deferred', nowhere, route.reason, true)
      : closed('failed', replies.recipientNoMail, route.reason);
  }

  function openConfigured(
    hop: Extract<Hop, { kind: 'smtp' | 'lmtp' | 'smarthost' }>,
    asked: AskedOf,
  ): Way | Promise<Way> {
    const { kind, endpoint } = hop;
    if ('path' in endpoint)
      return { kind: 'open', transport: transports.configured(kind, endpoint, []) };
    const pass = (host: ConfiguredHost | null): Way | Promise<Way> => {
      if (host === null) return closed('deferred', unresolved, 'dns-failure', true);
      const open = (): Way => ({
        kind: 'open',
        transport: transports.configured(kind, endpoint, host.addresses),
      });
      return host.isOurselves ? judged(hop, judge.ask({ ...asked, ...ourselves }), open) : open();
    };
    const host = hosts.find(endpoint);
    return host instanceof Promise ? host.then(pass) : pass(host);
  }

  return (hop, message, forwardPath) => {
    const asked: AskedOf = {
      adapter: 'delivery',
      client: message.client,
      reversePath: message.sender.reversePath,
      forwardPath,
      queueId: formatQueueId(message.id),
    };
    switch (hop.kind) {
      case 'maildir':
        return { kind: 'open', transport: transports.maildir(hop.folder) };
      case 'smtp':
      case 'lmtp':
        return openConfigured(hop, asked);
      case 'smarthost':
        return judged(hop, askRecipient(hop, asked), () => openConfigured(hop, asked));
      case 'mx':
        return judged(hop, askRecipient(hop, asked), () => openMx(hop.domain));
    }
  };
}

type AskedOf = Circumstances & { readonly forwardPath: string };

const ourselves = {
  check: 'loop',
  facts: { ...noLoopFacts, peer: { greetsAsUs: false, isOurselves: true } },
} as const;

const unresolved: Reply = {
  code: 451,
  status: '4.4.3',
  text: 'The address of the next hop cannot be found at the moment',
};

const nowhere: Reply = {
  code: 451,
  status: '4.4.4',
  text: 'DNS names no server for the domain but this one, or none at all',
};

/** Where the operator's switch lets a dead end pass, what stands there is all there is. */
function targetsOf(route: RouteVerdict): readonly JudgedMx[] {
  if (route.targets.length > 0 || route.kind === 'unknown' || route.deadEnd === 'refuse')
    return route.targets;
  return route.mx.filter(({ addresses }) => addresses.length > 0);
}

function closedBy({ action, reply, reason }: Verdict, hop: Hop): Closed | null {
  if (action === 'accept') return null;
  // A domain and its MX are one next hop; a smarthost is not in trouble for a domain that is.
  const isDown = hop.kind === 'mx' && reason === 'dns-failure';
  return action === 'defer'
    ? closed('deferred', reply ?? replies.internal, reason, isDown)
    : closed('failed', reply ?? replies.recipientNoMail, reason);
}

function closed(outcome: Closed['outcome'], reply: Reply, reason: Reason, isDown = false): Closed {
  return { kind: 'closed', outcome, reply, reason, isDown };
}
