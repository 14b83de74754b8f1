/**
 * What a receipt of the journal stands for, one by one: verdicts that were obeyed.
 *
 * The times of those that were summed are spread evenly. Who was waved through left no receipt.
 */
import type { Observation } from '../../verdict/flood/observation.ts';
import { type Receipt, takesAway } from '../../verdict/verdict.ts';

export function* observationsOf(receipt: Receipt): Generator<Observation, void> {
  const { from, until, count, action, enforced, reason } = receipt;
  if (!enforced) return;
  const { reversePath, forwardPath } = receipt;
  const client = receipt.client?.address ?? null;
  const step = count > 1 ? (until - from) / (count - 1) : 0;
  for (let i = 0; i < count; i++) {
    const at = Math.round(from + i * step);
    if (takesAway(action)) {
      const end = { outcome: 'dropped', bytes: 0, nextHop: null } as const;
      yield { kind: 'fate', at, client, reversePath, forwardPath, ...end };
    } else {
      const outcome =
        action === 'defer' ? 'deferred' : reason === 'mailbox-unknown' ? 'unknown' : 'refused';
      yield { kind: 'attempt', at, client, connection: null, reversePath, forwardPath, outcome };
    }
  }
}
