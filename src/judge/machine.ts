/**
 * Who we are: the names and addresses by which a route can lead back to this machine.
 */
import { hostname, networkInterfaces } from 'node:os';
import { normalizeDomain } from '../mail/domain.ts';
import { type IpAddress, parseIp } from '../mail/ip.ts';

/** Addresses of all interfaces but loopback ones, which are a class of their own. */
export function readOwnAddresses(): IpAddress[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => !address.internal)
    .flatMap((address) => parseIp(address.address) ?? []);
}

/** The host name; empty where it is no domain name. */
export function readOwnNames(): string[] {
  const name = normalizeDomain(hostname());
  return name === null ? [] : [name];
}
