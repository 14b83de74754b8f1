/**
 * An error in words, for a sentence that says what went wrong.
 */

/** Its message; of what is no error whatever it says of itself. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
