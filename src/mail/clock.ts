/** Time, as those are handed it who wait for something; tests bring one that stands still. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Runs once after so many ms, unless the returned function is called before. */
  after(ms: number, run: () => void): () => void;
}
