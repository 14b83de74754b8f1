/**
 * A connection to one address on which messages can be sent, encrypted as the hop demands.
 *
 * Opportunistic TLS (RFC 7435): a handshake that fails is no obstacle, it is tried once more in plain,
 * and for a while the server is not asked for TLS at all.
 */
import type { SecureContext } from 'node:tls';
import { printable } from '../mail/printable.ts';
import type { Reply } from '../mail/reply.ts';
import { clientWords, withDetail } from '../wire/smtp/client-words.ts';
import { connectTo, formatDoor } from './connect.ts';
import type { FailureMemory } from './connect-memory.ts';
import type { Target } from './connect-order.ts';
import { type ConnectionTerms, SmtpConnection } from './smtp-connection.ts';
import type { SmtpHop } from './smtp-hop.ts';
import type { SmtpTimeouts } from './smtp-timeouts.ts';

export interface OpenerOptions {
  /** What we call ourselves in EHLO. */
  readonly name: string;
  readonly timeouts: SmtpTimeouts;
  readonly context: SecureContext;
  readonly tlsFailures: FailureMemory;
}

export type OpenedConnection =
  | { readonly kind: 'open'; readonly connection: SmtpConnection }
  | {
      readonly kind: 'closed';
      /** `away`: nobody answers; the rest as in smtp-connection.ts. */
      readonly trouble: 'away' | 'refused' | 'lost' | 'tls' | 'login';
      readonly reply: Reply;
    };

export type OpenConnection = (
  hop: SmtpHop,
  target: Target,
  signal: AbortSignal,
) => Promise<OpenedConnection>;

export function createOpener(options: OpenerOptions): OpenConnection {
  const { name, timeouts, context, tlsFailures } = options;

  function termsOf(hop: SmtpHop, target: Target, inPlain: boolean): ConnectionTerms {
    const startTls = hop.tls === 'opportunistic' ? 'whenOffered' : 'always';
    return {
      opening: {
        name,
        protocol: hop.protocol,
        startTls: inPlain || hop.implicitTls ? 'never' : startTls,
        login: hop.login,
      },
      implicitTls: hop.implicitTls,
      isVerified: hop.tls === 'verified',
      context,
      host: target.host,
      timeouts,
    };
  }

  async function openOnce(
    hop: SmtpHop,
    target: Target,
    inPlain: boolean,
    signal: AbortSignal,
  ): Promise<OpenedConnection> {
    const connected = await connectTo(target.door, timeouts.connect, signal);
    if (connected.kind === 'failed') {
      const reply = withDetail(clientWords.noAnswer, printable(connected.problem));
      return { kind: 'closed', trouble: 'away', reply };
    }
    const terms = termsOf(hop, target, inPlain);
    const connection = new SmtpConnection(connected.socket, target.label, terms);
    const opened = await connection.open(signal);
    return opened.kind === 'open' ? { kind: 'open', connection } : opened;
  }

  return async (hop, target, signal) => {
    const server = formatDoor(target.door);
    const isOpportunistic = hop.tls === 'opportunistic' && !hop.implicitTls;
    const inPlain = hop.tls === 'off' || (isOpportunistic && tlsFailures.hasFailed(server));
    const opened = await openOnce(hop, target, inPlain, signal);
    const isTlsTrouble = opened.kind === 'closed' && opened.trouble === 'tls';
    if (!isTlsTrouble || !isOpportunistic || signal.aborted) return opened;
    tlsFailures.failed(server);
    return openOnce(hop, target, true, signal);
  };
}
