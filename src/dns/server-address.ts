/**
 * Which DNS servers to ask: from the configuration or from resolv.conf.
 *
 * Format of resolv.conf: resolv.conf(5); only `nameserver` lines count, as names are absolute here.
 */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { formatHostPort, parseHostPort } from '../mail/endpoint.ts';

export interface DnsServerAddress {
  /** IP address in text; a link-local one keeps its zone, `fe80::1%eth0`. */
  readonly host: string;
  readonly port: number;
}

const dnsPort = 53;
const serverLimit = 8;

/** Reads `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53` or `[2001:db8::53]:5353`; else null. */
export function parseDnsServer(text: string): DnsServerAddress | null {
  if (isIP(text) !== 0) return { host: text, port: dnsPort };
  const server = parseHostPort(text) ?? parseHostPort(`${text}:${dnsPort}`);
  return server && isIP(server.host) !== 0 && server.port > 0 ? server : null;
}

/** `192.0.2.53`, and the port where it is not 53. */
export function formatDnsServer(server: DnsServerAddress): string {
  return server.port === dnsPort ? server.host : formatHostPort(server);
}

/** The name servers in their order, the first 8 of them; lines that cannot be read are skipped. */
export function parseResolvConf(text: string): DnsServerAddress[] {
  const servers: DnsServerAddress[] = [];
  for (const line of text.split('\n')) {
    const [keyword, host = ''] = line.trim().split(/\s+/, 2);
    if (keyword === 'nameserver' && isIP(host) !== 0 && servers.length < serverLimit)
      servers.push({ host, port: dnsPort });
  }
  return servers;
}

/**
 * The servers of this machine. Without a file, or with none in it, the machine itself is asked, as
 * the C library does. Rejects where the file is there and cannot be read.
 */
export async function readResolvConf(path = '/etc/resolv.conf'): Promise<DnsServerAddress[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const servers = parseResolvConf(text);
  return servers.length > 0 ? servers : [{ host: '127.0.0.1', port: dnsPort }];
}
