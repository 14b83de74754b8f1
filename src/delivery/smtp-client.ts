/**
 * What the delivery has for next hops that speak SMTP or LMTP: transports and questions that share
 * connections.
 */
import { comparableDomain } from '../mail/address.ts';
import type { ProbeResult } from '../recipients/probe.ts';
import { createFailureMemory } from './connect-memory.ts';
import { createConnectionPool, type PoolLimits } from './connection-pool.ts';
import type { SmtpConnection } from './smtp-connection.ts';
import type { SmtpHop } from './smtp-hop.ts';
import { createOpener } from './smtp-opener.ts';
import { createPeerJudge, type PeerOptions } from './smtp-peer.ts';
import { probeSmtp } from './smtp-probe.ts';
import { type SmtpTimeouts, standardTimeouts } from './smtp-timeouts.ts';
import { createSmtpTransport } from './smtp-transport.ts';
import { createTlsContext } from './tls.ts';
import type { Transport } from './transport.ts';

export interface SmtpClientOptions extends PeerOptions {
  /** What we call ourselves in EHLO. */
  readonly name: string;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  /** ms since any fixed point; never runs backwards. */
  readonly now: () => number;
  readonly timeouts?: SmtpTimeouts;
  readonly pool?: PoolLimits;
  /** Messages on one connection. */
  readonly maxMessages?: number;
  /** Recipients of one transaction, where the server does not tell its limit. */
  readonly maxRecipients?: number;
  /** Certificates to trust instead of the system's, PEM. */
  readonly ca?: string;
}

export interface SmtpClient extends AsyncDisposable {
  /** Cheap: make one for each delivery. */
  transportTo(hop: SmtpHop): Transport;
  /**
   * MAIL, RCPT and RSET. Never rejects, and ends after `timeout` (ms). `reversePath`: '' is the null
   * reverse-path.
   */
  probe(
    hop: SmtpHop,
    reversePath: string,
    forwardPath: string,
    timeout: number,
  ): Promise<ProbeResult>;
  /** Says QUIT on all connections that nobody uses, and keeps none from now on. */
  close(): Promise<void>;
}

const standardPool: PoolLimits = { idleTimeout: 30_000, perServer: 20, inAll: 200 };
/** How long a server is not asked for TLS after it failed at it. */
const tlsFailureKept = 3_600_000;
/** How long a server that did not answer is asked after the others. */
const awayKept = 300_000;

export function createSmtpClient(options: SmtpClientOptions): SmtpClient {
  const { name, random, now, timeouts = standardTimeouts } = options;
  const pool = createConnectionPool<SmtpConnection>(options.pool ?? standardPool);
  const open = createOpener({
    name,
    timeouts,
    context: createTlsContext(options.ca ?? null),
    tlsFailures: createFailureMemory(now, tlsFailureKept),
  });
  const ownNames = new Set([...options.ownNames, comparableDomain(name)]);
  const peers = createPeerJudge({ ...options, ownNames });
  const { maxMessages = 1000, maxRecipients = 100 } = options;
  const away = createFailureMemory(now, awayKept);
  const parts = { pool, open, peers, away, random, maxMessages, maxRecipients };
  return {
    transportTo: (hop) => createSmtpTransport(hop, parts),
    probe: (hop, reversePath, forwardPath, timeout) =>
      probeSmtp(hop, parts, reversePath, forwardPath, timeout),
    close: () => pool.close(),
    [Symbol.asyncDispose]: () => pool.close(),
  };
}
