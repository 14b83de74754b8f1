/**
 * What is known about the message whose failure would be reported, as plain data: judged by notice.ts.
 */
import type { SenderProof } from './sender-proof.ts';

export interface NoticeOrigin {
  readonly reversePath: string;
  readonly proof: SenderProof;
  /** NOTIFY allows it for at least one of the recipients. */
  readonly isWanted: boolean;
  /** Notices written to this sender within the last hour, and to everybody. */
  readonly toSender: number;
  readonly toAll: number;
}
