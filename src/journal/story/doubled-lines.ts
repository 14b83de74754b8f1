/**
 * Lines that several logs hold: syslog often writes those of mail into a log of their own and once more among all
 * others. What happens twice stands twice in each of them.
 *
 * The same event of the same moment on the same host is one, as often as the log tells it that has it most
 * often. Where logs name no host, those of two machines cannot be told from copies, and all of them count.
 */
import type { LogEvent } from '../../foreign/log-event.ts';
import type { Server } from './read-block.ts';

/** Most events of one moment that are remembered; what more of them is doubled counts twice. */
const mostRemembered = 50_000;

export class DoubledLines<Log> {
  /** The moment that is remembered, ms since 1970. */
  at = Number.NaN;
  /** By event: how often each log told it. */
  private readonly told = new Map<string, Map<Log, number>>();

  /** Whether another log has told this already. Times never go back. */
  isDouble(log: Log, at: number, host: string, server: Server, event: LogEvent): boolean {
    if (host === '') return false;
    if (at !== this.at) {
      this.at = at;
      this.told.clear();
    }
    const key = `${host} ${server} ${JSON.stringify(event)}`;
    const counts = this.told.get(key);
    if (!counts) {
      if (this.told.size < mostRemembered) this.told.set(key, new Map([[log, 1]]));
      return false;
    }
    const count = (counts.get(log) ?? 0) + 1;
    const most = Math.max(...counts.values());
    counts.set(log, count);
    return count <= most;
  }
}
