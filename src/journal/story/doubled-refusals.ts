/**
 * Refusals of one second that are written twice: the main log and the reject log of Exim tell the same, and by
 * syslog both are one.
 */
import type { Refused } from './message.ts';

/** Most that are remembered. */
const mostDoubled = 10_000;

export class DoubledRefusals {
  private readonly seen = new Set<string>();

  /** Another second begins. */
  clear(): void {
    this.seen.clear();
  }

  /** Whether it was written before; the third is a new one again. */
  isDouble({ client, reversePath, forwardPath }: Refused): boolean {
    const key = `${client} ${reversePath} ${forwardPath}`;
    if (this.seen.delete(key)) return true;
    if (this.seen.size < mostDoubled) this.seen.add(key);
    return false;
  }
}
