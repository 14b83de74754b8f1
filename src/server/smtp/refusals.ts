/**
 * What one client was refused, for a single line in the log when its connection ends.
 */
import type { Client } from '../../mail/envelope.ts';
import { printable } from '../../mail/printable.ts';
import { formatReply, type Reply, replies } from '../../mail/reply.ts';
import type { BoundedLog } from './bounded-log.ts';

export class Refusals {
  private count = 0;
  private last: Reply | null = null;

  note(reply: Reply): void {
    if (reply.code < 400 || reply === replies.shutdown || reply === replies.timeout) return;
    this.count++;
    this.last = reply;
  }

  /** `unknown`: recipients that do not exist. */
  write(log: BoundedLog, { address, helo }: Client, unknown: number): void {
    if (this.last === null) return;
    log.warn(
      {
        client: address,
        helo: helo === null ? null : printable(helo, 100),
        refused: this.count,
        unknown,
        last: printable(formatReply(this.last), 200),
      },
      'refused a client',
    );
  }
}
