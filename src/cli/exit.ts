/**
 * How commands end: well, with trouble found, used wrongly, or to be tried again (EX_TEMPFAIL).
 */
export const exit = { well: 0, trouble: 1, usage: 2, tryAgain: 75 } as const;

/** Ends the command with a message on stderr and a status. */
export class CommandError extends Error {
  readonly code = 'COMMAND';
  readonly status: number;

  constructor(message: string, status: number = exit.usage, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}
