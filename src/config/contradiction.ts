/**
 * Settings that cannot be meant together, as plain data.
 */
export interface Contradiction {
  readonly path: readonly (string | number)[];
  /** Completes "expected ..."; `found` is shown after it. */
  readonly expected: string;
  readonly found: unknown;
}
