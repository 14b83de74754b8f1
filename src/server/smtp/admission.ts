/**
 * Whether there is room for one more client, and whether this one came too often.
 */
import { type Reply, replies } from '../../mail/reply.ts';
import type { Desk } from './services.ts';
import type { Visitor } from './visitor.ts';

/** What it is told instead of the greeting; null: it is let in. It counts among the crowd already. */
export function turnAway({ crowd, services }: Desk, { key, isSpared }: Visitor): Reply | null {
  const { limits } = services;
  if (crowd.connections > limits.connections) return replies.tooManyConnections;
  if (isSpared) return null;
  const isTooMuch =
    crowd.connectionsOf(key) > limits.connectionsPerClient ||
    crowd.arrivals(key) > limits.arrivalsPerClient;
  return isTooMuch ? replies.tooManyFromClient : null;
}
