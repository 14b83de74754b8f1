/**
 * What the delivery has for next hops that speak SMTP or LMTP: transports and probes that share
 * connections.
 */
import type { Reply } from '../mail/reply.ts';
import type { SmtpHop } from './smtp-hop.ts';
import type { Transport } from './transport.ts';

/** What a server says about one recipient, when it is asked without a message. */
export type Probed =
  | { readonly kind: 'answered'; readonly reply: Reply }
  | { readonly kind: 'silent'; readonly detail: string };

export interface SmtpClient extends AsyncDisposable {
  /** Cheap: make one for each delivery. */
  transportTo(hop: SmtpHop): Transport;
  /** MAIL, RCPT and RSET; never rejects. `reversePath`: '' is the null reverse-path. */
  probe(hop: SmtpHop, reversePath: string, forwardPath: string): Promise<Probed>;
  /** Says QUIT on all connections that nobody uses, and keeps none from now on. */
  close(): Promise<void>;
}
