/** What the delivery needs of time; tests bring a clock that stands still. */
export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Runs once after so many ms, unless the returned function is called before. */
  after(ms: number, run: () => void): () => void;
}
