/**
 * The transports of a running server, with the connections that they share.
 */
import type { Endpoint } from '../mail/endpoint.ts';
import type { IpAddress } from '../mail/ip.ts';
import type { Probe } from '../recipients/probe.ts';
import type { ConfiguredHosts } from './configured-hosts.ts';
import { createMaildirTransport, type MaildirOptions } from './maildir-transport.ts';
import { createSmtpClient, type SmtpClientOptions } from './smtp-client.ts';
import type { SmtpHop, SmtpLogin, TlsMode } from './smtp-hop.ts';
import type { Transports } from './transports.ts';

export interface TransportsOptions extends SmtpClientOptions, MaildirOptions {
  readonly tls: Readonly<Record<'mx' | 'backend' | 'smarthost', TlsMode>>;
  /** At the smarthost. */
  readonly login: SmtpLogin | null;
  /** Default 25; another one is for tests. */
  readonly mxPort?: number;
}

export interface ConnectedTransports extends Transports, AsyncDisposable {
  /** `reversePath`: '' is the null reverse-path. `timeout`: for one question, ms. */
  probeFrom(hosts: ConfiguredHosts, reversePath: string, timeout: number): Probe;
  /** Says QUIT on all connections that nobody uses, and keeps none from now on. */
  close(): Promise<void>;
}

/** RFC 8314 §3.3: TLS from the first byte. */
const submissions = 465;

export function createTransports(options: TransportsOptions): ConnectedTransports {
  const { tls, login, mxPort = 25 } = options;
  const client = createSmtpClient(options);

  function configuredHop(
    kind: 'smtp' | 'lmtp' | 'smarthost',
    endpoint: Endpoint,
    addresses: readonly IpAddress[],
  ): SmtpHop {
    const isSmarthost = kind === 'smarthost';
    return {
      protocol: kind === 'lmtp' ? 'lmtp' : 'smtp',
      place: { kind: 'configured', endpoint, addresses },
      // Nobody listens in on a socket of this machine.
      tls: 'path' in endpoint ? 'off' : isSmarthost ? tls.smarthost : tls.backend,
      implicitTls: isSmarthost && 'port' in endpoint && endpoint.port === submissions,
      login: isSmarthost ? login : null,
    };
  }

  return {
    maildir: (folder) => createMaildirTransport(folder, options),
    configured: (kind, endpoint, addresses) =>
      client.transportTo(configuredHop(kind, endpoint, addresses)),
    mx: (_domain, targets) =>
      client.transportTo({
        protocol: 'smtp',
        place: { kind: 'mx', targets, port: mxPort },
        tls: tls.mx,
        implicitTls: false,
        login: null,
      }),
    probeFrom: (hosts, reversePath, timeout) => async (destination, forwardPath) => {
      if (destination.kind === 'mx' || destination.kind === 'maildir')
        return { kind: 'silent', detail: `a destination of kind ${destination.kind} is not asked` };
      const { kind, endpoint } = destination;
      const host = 'path' in endpoint ? noHost : await hosts.find(endpoint);
      if (host === null)
        return { kind: 'silent', detail: 'its address cannot be found at the moment' };
      if (host.isOurselves) return { kind: 'silent', detail: 'it is this very server' };
      const hop = configuredHop(kind, endpoint, host.addresses);
      return client.probe(hop, reversePath, forwardPath, timeout);
    },
    close: () => client.close(),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

const noHost = { addresses: [], isOurselves: false };
