/**
 * The incident with the guard in its place: sendmail, Spillway beside it, and the world around them.
 */
import type { ReplayOptions } from '../../src/replay/replay.ts';
import type { StoredReceipt } from '../../src/store/journal-store.ts';
import type { Check, Mode } from '../../src/verdict/verdict.ts';
import { type Guard, installGuard, startGuard } from './guard.ts';
import { type Incident, openIncident, toBackend } from './incident.ts';
import { type Network, openNetwork } from './network.ts';
import { openSendmail, type Sendmail } from './sendmail.ts';
import type { McOptions } from './sendmail-mc.ts';

export interface SceneOptions {
  readonly mc?: McOptions;
  readonly modes?: Partial<Record<Check, Mode>>;
  readonly onFailure?: 'open' | 'closed';
  readonly replay?: Partial<ReplayOptions>;
}

export interface Scene extends AsyncDisposable {
  readonly network: Network;
  readonly sendmail: Sendmail;
  readonly guard: Guard;
  readonly incident: Incident;
  /** After a crash of the guard. */
  restartGuard(): Promise<Guard>;
}

/** All run when it resolves; nothing is played yet. */
export async function openScene(options: SceneOptions): Promise<Scene> {
  const { mc = {}, modes = {}, onFailure = 'open', replay = {} } = options;
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await openNetwork());
  const incident = stack.use(await openIncident(network, replay));
  const sendmail = stack.use(await openSendmail({ network, relay: toBackend, mc }));
  await installGuard(sendmail.machine, onFailure);
  const guard = stack.use(await startGuard(sendmail.machine, modes));
  await sendmail.start();
  const kept = stack.move();
  return {
    network,
    sendmail,
    guard,
    incident,
    restartGuard: async () => kept.use(await startGuard(sendmail.machine, modes)),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** How many verdicts the receipts stand for. */
export function countReceipts(
  receipts: readonly StoredReceipt[],
  wanted: Partial<Pick<StoredReceipt, 'check' | 'action' | 'reason' | 'domain'>>,
): number {
  return receipts
    .filter((receipt) =>
      Object.entries(wanted).every(
        ([name, value]) => receipt[name as keyof typeof wanted] === value,
      ),
    )
    .reduce((sum, { count }) => sum + count, 0);
}
