/**
 * One thing that happened to mail, as a verdict or a line of a log tells it: what floods are seen by.
 *
 * Live, they come from the questions that are asked of the judge and from the delivery; told, from the
 * logs of mail servers. Whoever recognises an incident sees no difference.
 */
export type Observation = Circumstance &
  (
    | (OverConnection & {
        /** A recipient was tried at the door. */
        readonly kind: 'attempt';
        readonly outcome: 'accepted' | 'unknown' | 'refused' | 'deferred';
      })
    /** A message came in: once, however many recipients it has; `forwardPath` is one of them. */
    | (OverConnection & {
        readonly kind: 'received';
        readonly bytes: number;
        readonly recipients: number;
      })
    | {
        /** A recipient of a message that was taken met its end, or has to wait. */
        readonly kind: 'fate';
        /**
         * - unknown: it failed because there is no such mailbox
         * - dropped: it was taken away with a receipt, and nobody was told
         * - returned: it was handed to the very server that sent it
         */
        readonly outcome:
          | 'delivered'
          | 'unknown'
          | 'failed'
          | 'deferred'
          | 'dropped'
          | 'expired'
          | 'returned';
        /** Bytes that were sent; 0 where nothing was. */
        readonly bytes: number;
        /** Host or mailer it went to, or was to go to; null where that is not known. */
        readonly nextHop: string | null;
      }
    /** The server wrote a failure notice to `forwardPath`, about mail of `client`. */
    | { readonly kind: 'notice'; readonly bytes: number }
  );

export interface OverConnection {
  /**
   * Number of the connection that it came over, which no other has among all that one finder is told; null: the
   * source does not tell one from another, or it came over none.
   */
  readonly connection: number | null;
}

export interface Circumstance {
  /** ms since 1970. */
  readonly at: number;
  /** Of the message, or of the one that a notice is about; null for this machine itself, or unknown. */
  readonly client: string | null;
  /** Empty: a notice. Null: not known. */
  readonly reversePath: string | null;
  readonly forwardPath: string | null;
}
