/** The clock that the journal goes by; tests bring their own, and so need not sleep. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Runs once after so many ms, unless the returned function is called before. */
  after(ms: number, run: () => void): () => void;
}

/** Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};
