/**
 * What the journal says of entries that a rescue removed: one receipt for each cause of a batch.
 */
import type { ArchivedCause, StoredEntry } from '../../store/archive-store.ts';
import type { Receipt } from '../../verdict/verdict.ts';

export interface Purged {
  readonly planned: { readonly cause: ArchivedCause };
  readonly stored: StoredEntry;
}

/** `archive`: name of the receipt that holds them. `now`: ms since 1970. */
export function purgeReceipts(
  purged: readonly Purged[],
  archive: string,
  now: number,
): readonly Receipt[] {
  const groups = Map.groupBy(purged, ({ planned }) => planned.cause);
  return [...groups].map(([{ kind, reason, domain, steps }, group]) => ({
    from: now,
    until: now,
    count: group.length,
    adapter: 'rescue',
    check: kind.endsWith('notice') ? 'notice' : 'recipient',
    action: 'discard',
    enforced: true,
    reason,
    reply: null,
    domain,
    client: null,
    reversePath: group[0]?.stored.reversePath ?? null,
    forwardPath: group[0]?.stored.recipients[0] ?? null,
    queueId: group[0]?.stored.id ?? null,
    steps: [
      ...steps,
      `removed from the queue and kept in the receipt ${archive}: spillway undo ${archive} puts it back`,
    ],
  }));
}
