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
  /** Stamps of ours, their signature verified: how often the message was accepted here before. */
  readonly ownStamps: number;
  /** Known when we connect to a next hop; null before. */
  readonly peer: PeerFacts | null;
}

/** Who answered at the next hop. */
export interface PeerFacts {
  /** The name in its greeting is one of ours, and no operator routes mail there by name. */
  readonly greetsAsUs: boolean;
  /** The address we are connected to is our own, and the port one we listen on. */
  readonly isOurselves: boolean;
}

export const noLoopFacts: LoopFacts = {
  received: 0,
  ownReceived: 0,
  fromOurselves: false,
  deliveredToRecipient: false,
  noticeDepth: 0,
  ownStamps: 0,
  peer: null,
};
