/**
 * Ctrl-C and SIGTERM for a command that must not stop in the middle of something.
 */
const signals = ['SIGINT', 'SIGTERM'] as const;

export interface Interruptions extends Disposable {
  /** The first one: finish what is at hand. */
  readonly signal: AbortSignal;
  /** The second one: stop as soon as that does no harm. A third ends the process as it always does. */
  readonly atOnce: AbortSignal;
}

/** `tell` is called at the first one, to say that it was heard. */
export function listenForInterruptions(tell: () => void): Interruptions {
  const first = new AbortController();
  const second = new AbortController();

  function hear(): void {
    if (!first.signal.aborted) {
      first.abort();
      tell();
    } else {
      second.abort();
      stop();
    }
  }

  function stop(): void {
    for (const signal of signals) process.off(signal, hear);
  }

  for (const signal of signals) process.on(signal, hear);
  return { signal: first.signal, atOnce: second.signal, [Symbol.dispose]: stop };
}
