/**
 * One next hop that speaks SMTP or LMTP: where its servers are and how they are spoken to.
 */
import type { Destination } from '../mail/destination.ts';
import type { Endpoint } from '../mail/endpoint.ts';
import type { JudgedMx } from '../verdict/candidates.ts';
import type { RouteVerdict } from '../verdict/route.ts';

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

export type Place =
  /** Nothing but these addresses is connected to. */
  | { readonly kind: 'judged'; readonly targets: readonly JudgedMx[]; readonly port: number }
  /** Configured by the operator: a name in it is looked up as the machine does. */
  | { readonly kind: 'endpoint'; readonly endpoint: Endpoint };

export interface SmtpHop {
  readonly protocol: 'smtp' | 'lmtp';
  readonly place: Place;
  readonly tls: TlsMode;
  /** TLS from the first byte: port 465 (RFC 8314 §3.3). */
  readonly implicitTls: boolean;
  readonly login: SmtpLogin | null;
}

/** The servers of a domain, as its route was judged. */
export function mxHop(route: RouteVerdict, tls: TlsMode, port = 25): SmtpHop {
  return {
    protocol: 'smtp',
    place: { kind: 'judged', targets: route.targets, port },
    tls,
    implicitTls: false,
    login: null,
  };
}

/** A backend that the configuration names. */
export function backendHop(
  { kind, endpoint }: Extract<Destination, { kind: 'smtp' | 'lmtp' }>,
  tls: TlsMode,
): SmtpHop {
  return {
    protocol: kind,
    place: { kind: 'endpoint', endpoint },
    tls,
    implicitTls: false,
    login: null,
  };
}
