/**
 * Waiting for what gives no sign of its own: a log file, a queue folder, a counter of the kernel.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** ms; long enough for a machine that has much else to do. */
const patience = 120_000;

/** Looks again and again; true once the condition holds, false if it does not within so many ms. */
export async function until(
  condition: () => Promise<boolean>,
  timeout = patience,
  interval = 100,
): Promise<boolean> {
  const deadline = performance.now() + timeout;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await sleep(interval);
  }
  return true;
}
