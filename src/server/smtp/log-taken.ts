import { printable } from '../../mail/printable.ts';
import { formatQueueId } from '../../mail/queue-id.ts';
import type { MessageRecord } from '../../store/queue-store.ts';
import { describeProof } from '../../verdict/sender-proof.ts';
import type { Log } from '../log.ts';

/** The line in the log for a message that we answer for. */
export function logTaken(
  log: Log,
  { id, client, sender, size, proof }: MessageRecord,
  recipients: number,
): void {
  log.info(
    {
      id: formatQueueId(id),
      client: client?.address ?? null,
      from: printable(sender.reversePath, 320),
      recipients,
      size,
      proof: printable(describeProof(proof) ?? 'none', 200),
    },
    'took a message',
  );
}
