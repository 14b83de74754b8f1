/**
 * Whoever gathers what proves a sender while a message comes in: SPF, DKIM, DMARC.
 *
 * Trouble with DNS, with time or with the library makes a result `temperror` or `permerror`: never a
 * pass, and never an exception.
 */
import type { Resolver } from '../dns/resolver.ts';
import type { SenderProof } from '../verdict/sender-proof.ts';

export interface Prover {
  /** After MAIL, when it is known who sends: SPF is asked while the content comes in. */
  begin(sender: SenderCircumstances): ProofSession;
  /** Loads the library ahead of the first message. */
  warmUp(): Promise<void>;
}

export interface SenderCircumstances {
  readonly clientAddress: string;
  /** By reverse look-up; no check believes it. */
  readonly clientName: string | null;
  readonly helo: string | null;
  readonly reversePath: string;
  readonly login: string | null;
  readonly trustedNetwork: boolean;
}

export interface ProofSession {
  /**
   * Content as it was received: lines ended by CRLF, dots not stuffed, cut anywhere. Wait for the
   * promise before the next piece; a piece must not be changed afterwards. Never rejects.
   */
  write(piece: Uint8Array): void | Promise<void>;
  /** Once, after the last piece. Never rejects, and never takes longer than the deadline. */
  end(): Promise<Proved>;
  /** Instead of `end`, or after it. */
  abort(): void;
}

export interface Proved {
  readonly proof: SenderProof;
  /** Value of our Authentication-Results field, folded, without the last CRLF. */
  readonly results: string;
}

export interface ProverOptions {
  readonly resolver: Resolver;
  /** Our own name, the authserv-id of RFC 8601: a domain. */
  readonly name: string;
  /** ms that `end` may take. Default 8000. */
  readonly deadline?: number;
  /** Told of faults of the library. */
  readonly onFault: (fault: unknown) => void;
}
