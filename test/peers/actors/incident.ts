/**
 * The world of the incident: DNS, spammer, senders, backend and good sink, against one mail server.
 */
import { type Progress, playIncident, type ReplayOptions } from '../../../src/replay/replay.ts';

export async function start(options: ReplayOptions) {
  let progress: Progress | null = null;
  return {
    play: () => playIncident({ ...options, onProgress: (now) => (progress = now) }),
    /** Messages that have been sent, or refused for good, so far. */
    done: () => progress?.done ?? 0,
  };
}
