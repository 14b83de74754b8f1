/**
 * One next hop that speaks SMTP or LMTP: where its servers are and how they are spoken to.
 */
import type { Endpoint } from '../mail/endpoint.ts';
import type { IpAddress } from '../mail/ip.ts';
import type { JudgedMx } from '../verdict/candidates.ts';

/**
 * `off`: never encrypted. `opportunistic`: where it works. `required`: encrypted, whoever it is.
 * `verified`: encrypted, and the certificate names the host.
 */
export const tlsModes = ['off', 'opportunistic', 'required', 'verified'] as const;
export type TlsMode = (typeof tlsModes)[number];

/** Only ever sent over an encrypted connection. */
export interface SmtpLogin {
  readonly user: string;
  readonly password: string;
}

/** Nothing but these addresses is connected to. */
export type Place =
  /** What the route verdict left of a domain's MX. */
  | { readonly kind: 'mx'; readonly targets: readonly JudgedMx[]; readonly port: number }
  /** Named by the operator. `addresses`: of its host; empty for a unix socket. */
  | {
      readonly kind: 'configured';
      readonly endpoint: Endpoint;
      readonly addresses: readonly IpAddress[];
    };

export interface SmtpHop {
  readonly protocol: 'smtp' | 'lmtp';
  readonly place: Place;
  readonly tls: TlsMode;
  /** TLS from the first byte: port 465 (RFC 8314 §3.3). */
  readonly implicitTls: boolean;
  readonly login: SmtpLogin | null;
}
