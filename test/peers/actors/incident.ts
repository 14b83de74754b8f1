/**
 * The world of the incident: DNS, spammer, senders, backend and good sink, against one mail server.
 */
import { type Progress, playIncident, type ReplayOptions } from '../../../src/replay/replay.ts';

/** ms that are watched on where somebody says when it is enough. */
const longest = 120_000;

export async function start(options: ReplayOptions) {
  let progress: Progress | null = null;
  let enough = new AbortController();
  let sent = Promise.withResolvers<void>();

  function onProgress(now: Progress): void {
    progress = now;
    if (now.phase === 'settle') sent.resolve();
  }

  return {
    /**
     * `isOpen`: until `enough` is called, instead of for the time that the options tell. `timeout`: ms, in
     * place of theirs.
     */
    play(isOpen: boolean, timeout = options.timeout) {
      enough = new AbortController();
      sent = Promise.withResolvers();
      const settle = isOpen ? longest : options.settle;
      return playIncident({ ...options, timeout, settle, enough: enough.signal, onProgress });
    },
    /** Resolves when every message of this play has been sent, or refused for good. */
    sent: () => sent.promise,
    enough: () => enough.abort(),
    /** Messages that have been sent, or refused for good, so far. */
    done: () => progress?.done ?? 0,
  };
}
