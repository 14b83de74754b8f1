/**
 * Who is at the other end? Asked before a connection is made to one of our own listeners, and after
 * the greeting of every other.
 */
import type { Judge } from '../judge/judge.ts';
import { comparableDomain } from '../mail/address.ts';
import type { IpAddress } from '../mail/ip.ts';
import { formatQueueId } from '../mail/queue-id.ts';
import { noLoopFacts, type PeerFacts } from '../verdict/loop-facts.ts';
import type { Verdict } from '../verdict/verdict.ts';
import type { Door } from './connect.ts';
import type { Place } from './smtp-hop.ts';
import type { Shipment } from './transport.ts';

export interface PeerOptions {
  readonly judge: Judge;
  /** How this server greets, and what else it is called; comparable form. */
  readonly ownNames: ReadonlySet<string>;
  /** Whether a connection to there would be one to ourselves. */
  readonly isOwnListener: (address: IpAddress, port: number) => boolean;
}

export interface PeerJudge {
  isOurselves(door: Door): boolean;
  /** `names`: what it calls itself. Whom the operator named may be called as we are. */
  factsOf(place: Place, names: readonly string[]): PeerFacts;
  ask(shipment: Shipment, peer: PeerFacts): Verdict | Promise<Verdict>;
}

export const ourselves: PeerFacts = { isOurselves: true, greetsAsUs: false };
const stranger: PeerFacts = { isOurselves: false, greetsAsUs: false };
const namesake: PeerFacts = { isOurselves: false, greetsAsUs: true };

export function createPeerJudge({ judge, ownNames, isOwnListener }: PeerOptions): PeerJudge {
  return {
    isOurselves: (door) => door.kind === 'tcp' && isOwnListener(door.address, door.port),
    factsOf(place, names) {
      const isNamesake =
        place.kind === 'mx' && names.some((name) => ownNames.has(comparableDomain(name)));
      return isNamesake ? namesake : stranger;
    },
    ask({ id, sender, recipients }, peer) {
      return judge.ask({
        check: 'loop',
        adapter: 'delivery',
        client: null,
        reversePath: sender.reversePath,
        forwardPath: recipients[0]?.forwardPath ?? null,
        queueId: formatQueueId(id),
        facts: { ...noLoopFacts, peer },
      });
    },
  };
}
