/**
 * TLS for connections that come in: STARTTLS (RFC 3207) and implicit (RFC 8314), 1.2 or later.
 */
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';

/** The message names the file and what is wrong with it. */
export class CertificateError extends Error {
  readonly code = 'CERTIFICATE';

  constructor(why: string, cause: unknown) {
    super(`Cannot use the certificate: ${why}`, { cause });
  }
}

/** PEM files; the certificate with its chain. Read anew at each reload. Rejects with CertificateError. */
export async function readCertificate(certificate: string, key: string): Promise<SecureContext> {
  const [cert, secret] = await Promise.all([read(certificate), read(key)]);
  try {
    return createSecureContext({ cert, key: secret, minVersion: 'TLSv1.2' });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CertificateError(`${certificate} with ${key}: ${why}`, error);
  }
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new CertificateError(error instanceof Error ? error.message : file, error);
  }
}

/**
 * Wraps a socket that nobody reads from. What the socket still holds is taken for the beginning of
 * the handshake, so for STARTTLS it has to be emptied before.
 */
export function secure(
  socket: Socket,
  context: SecureContext,
  onSecured: (socket: TLSSocket) => void,
  onFault: (error: Error) => void,
): TLSSocket {
  const wrapped = new TLSSocket(socket, { isServer: true, secureContext: context });
  // A failed handshake ends this connection; whoever it is gets no other answer.
  let isSecured = false;
  wrapped.on('error', (error) => {
    if (!isSecured) onFault(error);
    wrapped.destroy();
    socket.destroy();
  });
  wrapped.once('secure', () => {
    isSecured = true;
    onSecured(wrapped);
  });
  return wrapped;
}
