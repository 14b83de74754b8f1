/**
 * What a command of this room did and found, step by step; the command prints it.
 *
 * Texts may hold what programs and files said, unescaped.
 */
export interface Step {
  readonly name: string;
  /** `waiting`: not well now, worth another try once somebody has done what `found` says. */
  readonly outcome: 'well' | 'note' | 'trouble' | 'waiting';
  readonly found: string;
}

export interface Change {
  /** As the mail server sees it, inside of its root. */
  readonly path: string;
  /** Unified diff; null for a file that a program makes of another one. */
  readonly diff: string | null;
}

export interface Report {
  readonly steps: readonly Step[];
  readonly changes: readonly Change[];
  /** What the change does, in sentences; empty where it is not to be explained. */
  readonly meaning: readonly string[];
  /** Whether the changes were written, or only shown. */
  readonly written: boolean;
  /** What to type next. */
  readonly next: readonly string[];
}

/** One of what was looked at; nothing was to be changed. */
export function reportOf(steps: readonly Step[], next: readonly string[] = []): Report {
  return { steps, changes: [], meaning: [], written: false, next };
}

export function well(name: string, found: string): Step {
  return { name, outcome: 'well', found };
}

export function note(name: string, found: string): Step {
  return { name, outcome: 'note', found };
}

export function trouble(name: string, found: string): Step {
  return { name, outcome: 'trouble', found };
}

export function waiting(name: string, found: string): Step {
  return { name, outcome: 'waiting', found };
}

export function hasTrouble(steps: readonly Step[]): boolean {
  return steps.some(({ outcome }) => outcome === 'trouble');
}
