/**
 * The signs of a loop, as plain data: gathered from a message's header, judged by loop.ts.
 */
export interface LoopFacts {
  /** Number of Received fields. */
  readonly received: number;
  /** Received fields that say `by` one of our own names. */
  readonly ownReceived: number;
  /** The client's address is one of this machine's and its greeting is our own name. */
  readonly fromOurselves: boolean;
  /** Delivered-To fields that already name the recipient. */
  readonly deliveredToRecipient: boolean;
  /** How many failure notices are wrapped in each other, with a null reverse-path outside. */
  readonly noticeDepth: number;
}
