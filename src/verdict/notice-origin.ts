/**
 * What is known about the message whose failure would be reported, as plain data: judged by notice.ts.
 */
import type { SenderProof } from './sender-proof.ts';

export interface NoticeOrigin {
  /** It is one of our own, which tells of a flood: no part of any. */
  readonly isAlert: boolean;
  readonly reversePath: string;
  readonly proof: SenderProof;
  /** NOTIFY allows it for at least one of the recipients. */
  readonly isWanted: boolean;
  /** Notices written to this sender within the last hour, and to everybody. */
  readonly toSender: number;
  readonly toAll: number;
  /** Notices that wait to be delivered, or at least so many, while they are too many; null while they are not. */
  readonly backlog: number | null;
}
