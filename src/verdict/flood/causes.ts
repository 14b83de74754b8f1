/**
 * What is gathered, and which flood it may become.
 *
 * - sender: what one reverse-path sent, and notices to it
 * - home: what was sent in names at one domain and nobody wanted, and notices to it
 * - client, network: what one client and its neighbourhood sent, but for notices
 * - notified: notices to mailboxes of one domain
 * - harvested: recipients of one domain that do not exist
 * - loop: mail for one domain that came back
 * - hop: mail for several domains that came back from one next hop
 * - pair: mail between two addresses
 * - storm: the notices that the server itself writes
 */
import type { IncidentCause } from './incident.ts';
import {
  isAnswerLoop,
  isForgedDomain,
  isForgedSender,
  isHarvest,
  isHopLoop,
  isJoeJob,
  isMailLoop,
  isNetworkHarvest,
  isNoticeStorm,
  isSlowHarvest,
  type Rule,
} from './ripeness.ts';

export const gatherKinds = [
  'sender',
  'home',
  'client',
  'network',
  'notified',
  'harvested',
  'loop',
  'hop',
  'pair',
  'storm',
] as const;
export type GatherKind = (typeof gatherKinds)[number];

export const floods: {
  readonly [kind in GatherKind]: { readonly cause: IncidentCause; readonly isFlood: Rule };
} = {
  sender: { cause: 'forged-sender', isFlood: isForgedSender },
  home: { cause: 'forged-sender', isFlood: isForgedDomain },
  client: { cause: 'harvest', isFlood: isHarvest },
  network: { cause: 'harvest', isFlood: isNetworkHarvest },
  notified: { cause: 'joe-job', isFlood: isJoeJob },
  harvested: { cause: 'slow-harvest', isFlood: isSlowHarvest },
  loop: { cause: 'mail-loop', isFlood: isMailLoop },
  hop: { cause: 'mail-loop', isFlood: isHopLoop },
  pair: { cause: 'answer-loop', isFlood: isAnswerLoop },
  storm: { cause: 'notice-storm', isFlood: isNoticeStorm },
};
