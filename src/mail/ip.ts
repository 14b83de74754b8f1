/**
 * IP addresses and networks as bytes.
 *
 * Only the strict spellings are addresses here: `0127.0.0.1` or `2130706433` are not.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface IpAddress {
  /** 4 or 16 bytes. */
  readonly bytes: Uint8Array;
  /** Canonical text (RFC 5952). */
  readonly text: string;
}

export interface IpNetwork {
  readonly base: IpAddress;
  /** Length of the prefix in bits. */
  readonly prefix: number;
}

/** Null where the text is not exactly one address; a zone (`fe80::1%eth0`) is dropped. */
export function parseIp(text: string): IpAddress | null {
  const bare = text.replace(/%.*$/, '');
  if (isIP(bare) === 0) return null;
  return ipFromBytes(Uint8Array.from(ipaddr.parse(bare).toByteArray()));
}

/** Shape: 4 or 16 bytes. */
export function ipFromBytes(bytes: Uint8Array): IpAddress {
  return { bytes, text: bytes.length === 4 ? bytes.join('.') : formatIPv6(bytes) };
}

/** 192.0.2.1 for ::ffff:192.0.2.1, which is how a socket for both families shows it. */
export function unmapped(address: IpAddress): IpAddress {
  return isMapped(address.bytes) ? ipFromBytes(address.bytes.slice(12)) : address;
}

/** 127.0.0.0/8 and ::1; a mapped address has to be unmapped first. */
export function isLoopback({ bytes, text }: IpAddress): boolean {
  return bytes.length === 4 ? bytes[0] === 127 : text === '::1';
}

/** RFC 5952 §5: a mapped address shows its IPv4 part in dots. */
function formatIPv6(bytes: Uint8Array): string {
  return isMapped(bytes)
    ? `::ffff:${bytes.subarray(12).join('.')}`
    : new ipaddr.IPv6([...bytes]).toRFC5952String();
}

/** ::ffff:0:0/96 (RFC 4291 §2.5.5.2). */
function isMapped(bytes: Uint8Array): boolean {
  if (bytes.length !== 16 || bytes[10] !== 0xff || bytes[11] !== 0xff) return false;
  return bytes.subarray(0, 10).every((byte) => byte === 0);
}

/** Reads `192.0.2.0/24`, `2001:db8::/32` or a single address; null where it is none. */
export function parseNetwork(text: string): IpNetwork | null {
  const [address = '', length, ...more] = text.split('/');
  const base = parseIp(address);
  if (!base || more.length > 0) return null;
  const bits = base.bytes.length * 8;
  if (length === undefined) return { base, prefix: bits };
  const prefix = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  return prefix <= bits ? { base, prefix } : null;
}

/** IPv4 addresses are in no IPv6 network, and the other way round. */
export function contains(network: IpNetwork, address: IpAddress): boolean {
  const base = network.base.bytes;
  const { bytes } = address;
  if (base.length !== bytes.length) return false;
  const whole = network.prefix >> 3;
  for (let i = 0; i < whole; i++) if (base[i] !== bytes[i]) return false;
  const rest = network.prefix & 7;
  if (rest === 0) return true;
  const mask = 0xff & (0xff << (8 - rest));
  return ((base[whole] ?? 0) & mask) === ((bytes[whole] ?? 0) & mask);
}

export function isSameIp(a: IpAddress, b: IpAddress): boolean {
  return a.bytes.length === b.bytes.length && a.bytes.every((byte, i) => byte === b.bytes[i]);
}
