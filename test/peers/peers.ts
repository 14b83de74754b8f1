/**
 * All the servers by name.
 */
import { openExim } from './exim.ts';
import { openHaraka } from './haraka.ts';
import { openOpensmtpd } from './opensmtpd.ts';
import type { Peer, PeerOptions } from './peer.ts';
import { openPostfix } from './postfix.ts';
import { openSendmail } from './sendmail.ts';
import { openSpillway } from './spillway.ts';

export const openPeer = {
  spillway: openSpillway,
  postfix: openPostfix,
  exim: openExim,
  sendmail: openSendmail,
  opensmtpd: openOpensmtpd,
  haraka: openHaraka,
} as const satisfies Record<string, (options: PeerOptions) => Promise<Peer>>;

export type PeerName = keyof typeof openPeer;
export const peerNames = Object.keys(openPeer) as PeerName[];

/** Where each keeps its queue. */
export const spools: Readonly<Record<PeerName, string>> = {
  spillway: '/var/lib/spillway',
  postfix: '/var/spool/postfix',
  exim: '/var/spool/exim4',
  sendmail: '/var/spool/mqueue',
  opensmtpd: '/var/spool/smtpd',
  haraka: '/etc/haraka/queue',
};
