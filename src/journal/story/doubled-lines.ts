/**
 * Lines that several logs hold: syslog often writes those of mail into a log of their own and once more among all
 * others. What happens twice stands twice in each of them.
 *
 * The same event of the same moment on the same host is one, as often as the log tells it that has it most
 * often. Where logs name no host, those of two machines cannot be told from copies, and all of them count.
 */
import type { LogEvent } from '../../foreign/log-event.ts';
import type { Server } from './read-block.ts';

/** What several processes write at once stands in no strict order of time: so many moments are remembered... */
const mostMoments = 4;
/** ...and so many characters of each; what more of them is doubled counts twice. */
const mostText = 2 ** 23;

interface Moment<Log> {
  /** By event: how often each log told it. */
  readonly told: Map<string, Map<Log, number>>;
  /** Characters of the events. */
  length: number;
}

export class DoubledLines<Log> {
  /** By ms since 1970; those that were seen first are first. */
  private readonly moments = new Map<number, Moment<Log>>();

  /** Whether something of that time was told lately, which another log may tell as well. */
  remembers(at: number): boolean {
    return this.moments.has(at);
  }

  /** Whether another log has told this already. */
  isDouble(log: Log, at: number, host: string, server: Server, event: LogEvent): boolean {
    if (host === '') return false;
    const moment = this.momentOf(at);
    const key = `${host} ${server} ${JSON.stringify(event)}`;
    const counts = moment.told.get(key);
    if (!counts) {
      if (moment.length + key.length > mostText) return false;
      moment.told.set(key, new Map([[log, 1]]));
      moment.length += key.length;
      return false;
    }
    const count = (counts.get(log) ?? 0) + 1;
    const most = Math.max(...counts.values());
    counts.set(log, count);
    return count <= most;
  }

  private momentOf(at: number): Moment<Log> {
    const known = this.moments.get(at);
    if (known) return known;
    const [first] = this.moments.keys();
    if (first !== undefined && this.moments.size >= mostMoments) this.moments.delete(first);
    const moment = { told: new Map<string, Map<Log, number>>(), length: 0 };
    this.moments.set(at, moment);
    return moment;
  }
}
