/**
 * What the SMTP listeners need of the rest of the house.
 *
 * A reload puts new services into the holder: connections that come from then on use those, the ones
 * that are there finish with what they began with.
 */
import type { SecureContext } from 'node:tls';
import type { Delivery } from '../../delivery/delivery.ts';
import type { Judge } from '../../judge/judge.ts';
import type { Identity } from '../../mail/identity.ts';
import type { IpNetwork } from '../../mail/ip.ts';
import type { QueueId } from '../../mail/queue-id.ts';
import type { Prover } from '../../proof/prover.ts';
import type { Directory } from '../../recipients/directory.ts';
import type { QueueStore } from '../../store/queue-store.ts';
import type { Terms } from '../../wire/smtp/session.ts';
import type { Log } from '../log.ts';
import type { BoundedLog } from './bounded-log.ts';
import type { Crowd } from './crowd.ts';
import type { HopStamps } from './hop-stamp.ts';
import type { SmtpLimits } from './limits.ts';
import type { Logins } from './logins.ts';

export interface SmtpServices {
  /** Our name in the greeting, in Received and in Authentication-Results; ASCII. */
  readonly name: string;
  /** All our names and addresses, to know ourselves again. */
  readonly identity: Identity;
  readonly judge: Judge;
  readonly directory: Pick<Directory, 'expand'>;
  readonly prover: Pick<Prover, 'begin'>;
  readonly queue: Pick<QueueStore, 'begin'>;
  readonly delivery: Pick<Delivery, 'hasRoom' | 'take' | 'wake' | 'canCutThrough' | 'cutThrough'>;
  /** The next name of a message; never the same twice. */
  readonly nextId: () => QueueId;
  readonly stamps: HopStamps;
  /** Null: nobody can log in. */
  readonly logins: Logins | null;
  /** Null: no TLS. */
  readonly certificate: SecureContext | null;
  /** Who may send anywhere. */
  readonly relayNetworks: readonly IpNetwork[];
  /** Proxies whose connections begin with a PROXY header. */
  readonly proxyNetworks: readonly IpNetwork[];
  /** Proxies that may use XCLIENT. */
  readonly xclientNetworks: readonly IpNetwork[];
  readonly limits: SmtpLimits;
  /** How long a message may wait to be delivered, in ms. */
  readonly lifetime: number;
  readonly log: Log;
}

/** What all connections that began with the same services share. */
export interface Desk {
  readonly services: SmtpServices;
  readonly terms: Terms;
  readonly crowd: Crowd;
  /** For what strangers cause. */
  readonly log: BoundedLog;
}

export interface Holder<T> {
  readonly current: T;
}
