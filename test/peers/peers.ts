/**
 * All the servers by name.
 */
import { openExim } from './exim.ts';
import { openHaraka } from './haraka.ts';
import { openOpensmtpd } from './opensmtpd.ts';
import type { Peer, PeerOptions } from './peer.ts';
import { openPostfix } from './postfix.ts';
import { openSendmail } from './sendmail.ts';

export const openPeer = {
  postfix: openPostfix,
  exim: openExim,
  sendmail: openSendmail,
  opensmtpd: openOpensmtpd,
  haraka: openHaraka,
} as const satisfies Record<string, (options: PeerOptions) => Promise<Peer>>;

export type PeerName = keyof typeof openPeer;
export const peerNames = Object.keys(openPeer) as PeerName[];
