/**
 * The transports, by what they need to know of the next hop. They connect to nothing but the
 * addresses that are handed to them: those were judged.
 */
import type { Endpoint } from '../mail/endpoint.ts';
import type { IpAddress } from '../mail/ip.ts';
import type { JudgedMx } from '../verdict/candidates.ts';
import type { Transport } from './transport.ts';

export interface Transports {
  /** `folder` may hold `{domain}` and `{mailbox}`. */
  maildir(folder: string): Transport;
  /** `addresses`: of the endpoint's host; empty for a unix socket. */
  configured(
    kind: 'smtp' | 'lmtp' | 'smarthost',
    endpoint: Endpoint,
    addresses: readonly IpAddress[],
  ): Transport;
  /** `targets`: best first. */
  mx(domain: string, targets: readonly JudgedMx[]): Transport;
}
