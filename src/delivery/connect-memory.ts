/**
 * Servers that did not answer lately, or whose TLS failed: they are asked last, or in plain.
 */
export interface FailureMemory {
  failed(server: string): void;
  worked(server: string): void;
  hasFailed(server: string): boolean;
}

const mostRemembered = 10_000;

/** `now`: ms; `keep`: how long a failure is remembered, in ms. */
export function createFailureMemory(now: () => number, keep: number): FailureMemory {
  const until = new Map<string, number>();
  return {
    failed(server) {
      until.delete(server);
      until.set(server, now() + keep);
      const oldest = until.keys().next();
      if (until.size > mostRemembered && !oldest.done) until.delete(oldest.value);
    },
    worked(server) {
      if (until.size > 0) until.delete(server);
    },
    hasFailed(server) {
      if (until.size === 0) return false;
      const end = until.get(server);
      if (end === undefined) return false;
      if (now() < end) return true;
      until.delete(server);
      return false;
    },
  };
}
