/**
 * TLS to a next hop: the handshake over a connection that is open.
 */
import { isIP, type Socket } from 'node:net';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';

export interface TlsTerms {
  /** Whom the certificate has to name: a host name, or an address. */
  readonly name: string;
  readonly isVerified: boolean;
  readonly context: SecureContext;
}

/** `ca`: certificates to trust instead of the system's, PEM; null: the system's. */
export function createTlsContext(ca: string | null): SecureContext {
  return createSecureContext(ca === null ? {} : { ca });
}

/** 'secureConnect' or 'error' follows. Nothing may read from `socket` any more. */
export function startTls(socket: Socket, terms: TlsTerms): TLSSocket {
  const { name, isVerified, context } = terms;
  return connect({
    socket,
    secureContext: context,
    rejectUnauthorized: isVerified,
    // RFC 6066 §3: an address is no server name.
    ...(isIP(name) === 0 ? { servername: name } : { host: name }),
  });
}
