/**
 * Run by a test as a process of its own: rescues the queue of a server inside its machine, or takes all
 * of that back, and is killed at a step of it.
 */
import { once } from 'node:events';
import type { Mta, QueueEntry } from '../../src/foreign/queue-entry.ts';
import type { Ran, Root } from '../../src/machine/root.ts';
import { applyPlan } from '../../src/rescue/change/apply.ts';
import type { PlannedEntry } from '../../src/rescue/change/plan.ts';
import { settleReceipt } from '../../src/rescue/change/settle.ts';
import { undoReceipt } from '../../src/rescue/change/undo.ts';
import { findServers } from '../../src/rescue/find-servers.ts';
import type { QueueHand } from '../../src/rescue/mail-server.ts';
import { openReader } from '../../src/rescue/open-reader.ts';
import { fingerprintOf, type QueueReader } from '../../src/rescue/reader.ts';
import { createReceipt, listReceipts, openReceipt } from '../../src/store/receipts.ts';
import { exampleCause } from '../rescue/toy-queue.ts';
import { tripping } from '../rescue/toy-rescue.ts';
import { type Place, start } from './place.ts';

export interface Order {
  readonly command: 'rescue' | 'undo';
  readonly mta: Mta;
  readonly place: Place;
  /** Root of the machine as it is called out here. */
  readonly folder: string;
  readonly data: string;
  /** 0: it comes to its end. */
  readonly dieAt: number;
}

/** Notices to seaton.biz go, mail to stray@good-1.example is held. */
export function actionFor({ reversePath, recipients }: QueueEntry): PlannedEntry['action'] | null {
  const waiting = recipients.filter(({ isDone }) => !isDone).map(({ forwardPath }) => forwardPath);
  if (waiting.length === 0) return null;
  if (reversePath === '' && waiting.every((path) => path.endsWith('@seaton.biz'))) return 'purge';
  return waiting.every((path) => path === 'stray@good-1.example') ? 'hold' : null;
}

export function rootIn({ place, folder }: Pick<Order, 'place' | 'folder'>): Root {
  return {
    folder,
    async run(at, command, input = ''): Promise<Ran> {
      const inside = ['sh', '-c', 'cd "$0" && exec "$@"', at, ...command];
      const child = start(place, inside, { stdio: 'pipe' });
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(Buffer.from(input, 'latin1'));
      const text = async (stream: AsyncIterable<Buffer> | null) =>
        stream ? Buffer.concat(await Array.fromAsync(stream)).toString('latin1') : '';
      const closed = once(child, 'close');
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      await closed;
      return { status: child.exitCode, stdout, stderr };
    },
  };
}

async function obey(order: Order): Promise<void> {
  let steps = 0;
  const trip = () => {
    if (++steps === order.dieAt) process.kill(process.pid, 'SIGKILL');
  };
  const [server] = await findServers(rootIn(order), order.mta);
  if (!server?.hand) throw new Error(server?.whyNoHand ?? 'no server found');
  const hand = trippingHand(server.hand, trip);
  const reader = openReader(server.source);
  const record = async () => {};
  const now = Date.now;
  const names = listReceipts(order.data).map(({ name }) => name);
  for (const name of names.toReversed()) {
    using receipt = openReceipt(order.data, name);
    const options = { archive: tripping(receipt, trip), hand, reader, record, now };
    if (order.command === 'rescue') await settleReceipt(options);
    else {
      const { problems } = await undoReceipt({ ...options, batchSize: 4 });
      if (problems.length > 0) throw new Error(JSON.stringify(problems));
    }
  }
  if (order.command === 'undo') return;
  const { source, title, queue } = server;
  const run = { ...source, title, queue, root: order.folder, startedAt: now(), chosen: '' };
  using receipt = createReceipt(order.data, run);
  const archive = tripping(receipt, trip);
  const plan = planOf(reader);
  const { problems } = await applyPlan({
    ...{ server: { hand, whyNoHand: null }, reader, archive, plan, batchSize: 6, record, now },
  });
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
}

function planOf(reader: QueueReader): PlannedEntry[] {
  return Array.from(reader.list()).flatMap((listed) => {
    const read = listed.kind === 'entry' ? reader.read(listed.place) : listed;
    const action = 'entry' in read ? actionFor(read.entry) : null;
    if (!('entry' in read) || action === null) return [];
    const { id } = read.entry;
    return [{ id, fingerprint: fingerprintOf(read.entry), action, cause: exampleCause }];
  });
}

function trippingHand(hand: QueueHand, trip: () => void): QueueHand {
  const around =
    <Args extends unknown[], Result>(act: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      trip();
      const result = await act(...args);
      trip();
      return result;
    };
  return {
    seize: around(async (places) => {
      const seizure = await hand.seize(places);
      return {
        seized: seizure.seized,
        missed: seizure.missed,
        remove: around((ids) => seizure.remove(ids)),
        [Symbol.asyncDispose]: () => seizure[Symbol.asyncDispose](),
      };
    }),
    hold: around(hand.hold),
    release: around(hand.release),
    restore: around(hand.restore),
  };
}

const [, , order] = process.argv;
if (order?.startsWith('{')) await obey(JSON.parse(order));
