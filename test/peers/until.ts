/**
 * Waiting for what gives no sign of its own: a log file, a queue folder, a counter of the kernel.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** Looks again and again; true once the condition holds, false if it does not within so many ms. */
export async function until(
  condition: () => Promise<boolean>,
  timeout: number,
  interval = 100,
): Promise<boolean> {
  const deadline = performance.now() + timeout;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await sleep(interval);
  }
  return true;
}
