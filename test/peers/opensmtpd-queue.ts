/**
 * An OpenSMTPD whose queue is full, and what `smtpctl show queue` says of it.
 */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import type { QueueEntry } from '../../src/foreign/queue-entry.ts';
import type { Root } from '../../src/machine/root.ts';
import type { MailServer, QueueHand } from '../../src/rescue/mail-server.ts';
import { openOpenSmtpdReader } from '../../src/rescue/opensmtpd/reader.ts';
import { findOpenSmtpd } from '../../src/rescue/opensmtpd/server.ts';
import type { EntryPlace } from '../../src/rescue/reader.ts';
import { startActor } from './actor.ts';
import type { Sent } from './actors/drowned.ts';
import { type DrownedWorld, lost as lostAtBackend, undecided } from './drowned.ts';
import { toBackend } from './incident.ts';
import { addresses, type Network, openNetwork } from './network.ts';
import { openOpensmtpd } from './opensmtpd.ts';
import type { Peer } from './peer.ts';
import { run } from './place.ts';
import { until } from './until.ts';

export interface Drowned extends AsyncDisposable {
  readonly network: Network;
  readonly world: DrownedWorld;
  readonly peer: Peer;
  readonly server: MailServer;
  readonly hand: QueueHand;
  /** Runs a shell script inside; what it says. */
  shell(script: string): Promise<string>;
}

export const spool = '/var/spool/smtpd';

export async function openDrowned(onDisk: readonly string[] = []): Promise<Drowned> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await openNetwork());
  const world = stack.use(
    await startActor<typeof import('./actors/drowned.ts')>(
      network.world,
      new URL('./actors/drowned.ts', import.meta.url),
      { records: undecided },
    ),
  );
  const clients = Object.values(addresses).map(({ v4 }) => `${v4}/32`);
  const peer = stack.use(await openOpensmtpd({ network, relay: toBackend, clients, onDisk }));
  await peer.start();
  const { place, path } = peer.machine;
  const root: Root = {
    folder: path('').replace(/\/$/, ''),
    // smtpctl is setgid, which counts only inside.
    async run(_folder, command, input = '') {
      const merged = ['sh', '-c', 'exec "$@" 2>&1', 'sh', ...command];
      const stdout = await run(place, merged, { input, accept: [...Array(256).keys()] });
      return { status: 0, stdout, stderr: '' };
    },
  };
  // It listens before it has made its queue.
  let server: MailServer | undefined;
  await until(async () => {
    [server] = await findOpenSmtpd(root);
    return server !== undefined;
  });
  assert.ok(server?.hand, server?.whyNoHand ?? 'not found');
  const { hand } = server;
  const kept = stack.move();
  return {
    ...{ network, world, peer, server, hand },
    shell: (script) => run(place, ['sh', '-ec', script]),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

export interface Surveyed {
  readonly place: EntryPlace;
  readonly entry: QueueEntry;
}

export function survey({ server }: Drowned): Surveyed[] {
  const reader = openOpenSmtpdReader(server.source.folders);
  const surveyed: Surveyed[] = [];
  for (const listed of reader.list()) {
    if (listed.kind === 'unreadable') throw new Error(JSON.stringify(listed));
    const read = reader.read(listed.place);
    if (read.kind === 'unreadable') throw new Error(JSON.stringify(read));
    if (read.kind === 'entry') surveyed.push({ place: listed.place, entry: read.entry });
  }
  return surveyed.toSorted((a, b) => (a.entry.id < b.entry.id ? -1 : 1));
}

/**
 * Mail that the server takes, and writes a notice of at once. One that a host rejects would do as well,
 * but of those it tries ten at a time, and then pauses.
 */
export function lost(sender: string, number: number): Sent {
  return { ...lostAtBackend(sender, number), rcpt: ['<nobody@nowhere.example>'] };
}

/** One line of `smtpctl show queue`; addresses without bars only. */
export interface Shown {
  readonly id: string;
  readonly agent: string;
  readonly flags: string;
  readonly sender: string;
  readonly dest: string;
  readonly createdAt: number;
  readonly lastTriedAt: number;
  readonly retries: number;
  readonly state: string;
  readonly complaint: string;
}

export async function showQueue({ shell }: Drowned): Promise<Shown[]> {
  const lines = (await shell('smtpctl show queue')).split('\n').filter((line) => line !== '');
  return lines
    .map((line): Shown => {
      const [id = '', , agent = '', flags = '', sender = '', , dest = '', ...rest] =
        line.split('|');
      const [created, , tried, retries, state = '', , complaint = ''] = rest;
      return {
        ...{ id, agent, flags, sender, dest, state, complaint },
        createdAt: Number(created),
        lastTriedAt: Number(tried),
        retries: Number(retries),
      };
    })
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Resolves once so many envelopes are there, and none but notices and mail that waits. */
export async function settled(drowned: Drowned, count: number): Promise<void> {
  let shown: readonly Shown[] = [];
  const isSo = await until(
    async () => {
      shown = await showQueue(drowned);
      return (
        shown.length === count &&
        shown.every(({ state, dest }) => state === 'pending' && !dest.endsWith('@nowhere.example'))
      );
    },
    120_000,
    200,
  );
  const log = (await drowned.peer.machine.log()).slice(-10).join('\n');
  assert.ok(
    isSo,
    `${shown.length} instead of ${count}\n${JSON.stringify(shown.slice(-5))}\n${log}`,
  );
}

/** Everything below the spool's queue but folders. */
export async function filesIn({ peer }: Drowned): Promise<string[]> {
  const found = await readdir(peer.machine.path(`${spool}/queue`), {
    recursive: true,
    withFileTypes: true,
  });
  return found.filter((one) => one.isFile()).map(({ name }) => name);
}

/** What it says when it finds a queue that it did not leave so. */
export async function assertCleanLog({ peer }: Drowned): Promise<void> {
  const lines = (await peer.machine.log()).filter((line) => /warn|fatal|queue-fs/i.test(line));
  // The first is about a folder of the test's, the second about the DNS that we break.
  const own = /purge_task: opendir|temporary failure/i;
  assert.deepEqual(
    lines.filter((line) => !own.test(line)),
    [],
  );
}
