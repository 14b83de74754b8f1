/**
 * Plays the oddities of DNS against one server, until the notice to each has come to rest.
 */
import assert from 'node:assert/strict';
import { variants as all } from '../../src/replay/incident-zone.ts';
import type { VariantFate } from '../../src/replay/tally.ts';
import type { StoredReceipt } from '../../src/store/journal-store.ts';
import { type GuardedOptions, openGuarded } from './guarded-peers.ts';
import { incidentSizes, openIncident, play } from './incident.ts';
import { openNetwork } from './network.ts';
import { type GuardedName, type NoticeFate, noticeFates } from './notice-fates.ts';
import type { Peer } from './peer.ts';
import { until } from './until.ts';

export interface PlayOptions extends GuardedOptions {
  /** Those that are waited for; default all. */
  readonly awaited?: readonly string[];
  /** Before anything is played, with the server running. */
  readonly first?: (peer: Peer) => Promise<void>;
}

export interface PlayedVariants {
  readonly fates: ReadonlyMap<string, NoticeFate>;
  /** What each sender heard. */
  readonly doors: readonly VariantFate[];
  readonly receipts: readonly StoredReceipt[];
  readonly selfConnections: number;
}

/** ms; where they loop, some of OpenSMTPD's wait for the end of others. */
const patience = 180_000;
const sizes = { ...incidentSizes, messages: 0, wanted: 5, misaddressed: 0, variants: true };

export async function playVariants(
  name: GuardedName,
  options: PlayOptions,
): Promise<PlayedVariants> {
  const { awaited = all.map((one) => one.name), first } = options;
  await using network = await openNetwork();
  // A sender that is to come again later does so until the end; notices may come late.
  await using incident = await openIncident(network, { sizes, timeout: 15_000, settle: 8000 });
  await using guarded = await openGuarded(name, network, options);
  const { peer, guard } = guarded;
  await first?.(peer);
  const { variants: doors } = await play(incident);
  const taken = doors.filter((one) => one.door === 'accepted' && awaited.includes(one.name));
  let fates: ReadonlyMap<string, NoticeFate> = new Map();
  const areAll = await until(async () => {
    fates = await noticeFates(name, peer.machine, taken);
    return fates.size === taken.length;
  }, patience);
  if (!areAll) {
    const open = taken.filter((one) => !fates.has(one.name));
    const log = (await peer.machine.log()).filter((line) => line.includes(open[0]?.domain ?? ''));
    const names = open.map((one) => one.name);
    assert.fail([`still on their way: ${names.join(', ')}`, ...log].join('\n'));
  }
  await guard?.stop();
  return {
    fates,
    doors,
    receipts: (await guard?.journal()) ?? [],
    selfConnections: await peer.machine.selfConnections(),
  };
}
