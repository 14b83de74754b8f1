/**
 * What tells one error from another: the `code` that Node's errors carry, and ours.
 */

/** `ENOENT`, `QUEUE_WRITE`; null where there is none. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : null;
}
