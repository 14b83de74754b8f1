/**
 * The PROXY protocol: what a load balancer says about the client before the client says anything.
 *
 * HAProxy's proxy-protocol.txt, versions 1 (a line of text) and 2 (binary). Only for listeners that
 * expect it from the address that connects: whoever may send it can claim to be anybody.
 */
import { isIP } from 'node:net';
import { type IpAddress, ipFromBytes, parseIp } from '../../mail/ip.ts';

export type ProxyHeader =
  /** Call again with more bytes after these. */
  | { readonly kind: 'incomplete' }
  | {
      readonly kind: 'header';
      /** Octets; what the client says begins there. */
      readonly length: number;
      /** Null: the proxy speaks for itself (LOCAL, a health check), or does not know (UNKNOWN). */
      readonly client: { readonly address: IpAddress; readonly port: number } | null;
    }
  | { readonly kind: 'fault' };

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const start = Buffer.from('PROXY ');
/** Version 1, with CRLF. */
const longestText = 107;
/** Version 2: a length of 16 bits; the addresses need 36 octets, and the rest means nothing to us. */
const longestBinary = 4096;

const incomplete: ProxyHeader = { kind: 'incomplete' };
const fault: ProxyHeader = { kind: 'fault' };

/** `bytes`: all that the connection brought so far. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (beginsAlike(bytes, signature)) return parseBinary(bytes);
  return beginsAlike(bytes, start) ? parseText(bytes) : fault;
}

/** As far as both go. */
function beginsAlike(bytes: Buffer, wanted: Buffer): boolean {
  const length = Math.min(bytes.length, wanted.length);
  return bytes.compare(wanted, 0, length, 0, length) === 0;
}

/** `PROXY TCP4 192.0.2.1 192.0.2.2 12345 25`, `PROXY UNKNOWN` and anything. */
function parseText(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, longestText).indexOf('\r\n');
  if (end < 0) return bytes.length < longestText ? incomplete : fault;
  const length = end + 2;
  const words = bytes.toString('latin1', start.length, end).split(' ');
  const [family, source = '', destination = '', port = '', ownPort = ''] = words;
  if (family === 'UNKNOWN') return { kind: 'header', length, client: null };
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : null;
  if (version === null || words.length !== 5 || !isPort(port) || !isPort(ownPort)) return fault;
  if (isIP(source) !== version || isIP(destination) !== version) return fault;
  const address = parseIp(source);
  return address ? { kind: 'header', length, client: { address, port: Number(port) } } : fault;
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

/** Signature, version and command, family and transport, length, addresses, further fields. */
function parseBinary(bytes: Buffer): ProxyHeader {
  const fixed = 16;
  if (bytes.length < fixed) return incomplete;
  const command = bytes.readUInt8(12);
  const rest = bytes.readUInt16BE(14);
  const length = fixed + rest;
  if (command >> 4 !== 2 || (command & 15) > 1 || length > longestBinary) return fault;
  if (bytes.length < length) return incomplete;
  // LOCAL, or over something that has no addresses: UNSPEC, a unix socket.
  const size = new Map([
    [0x11, 4],
    [0x21, 16],
  ]).get(bytes.readUInt8(13));
  if (command === 0x20 || size === undefined) return { kind: 'header', length, client: null };
  if (rest < 2 * size + 4) return fault;
  const address = ipFromBytes(Uint8Array.from(bytes.subarray(fixed, fixed + size)));
  const port = bytes.readUInt16BE(fixed + 2 * size);
  return { kind: 'header', length, client: { address, port } };
}
