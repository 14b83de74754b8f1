/**
 * What `spillway check` finds of one mail server.
 *
 * Texts may hold what programs and files said, unescaped.
 */
import { type DeadEnd, type Foretold, foretold } from '../../foreign/foretold.ts';
import type { Mta } from '../../foreign/queue-entry.ts';
import type { UnknownFate } from '../../foreign/unknown-recipient.ts';
import type { FailureMode } from '../../mail/failure-mode.ts';

export interface ServerCheck {
  readonly mta: Mta;
  /** `Postfix 3.7.11` */
  readonly title: string;
  /** Why its own programs tell nothing; all that follows is not known then. Null: they do. */
  readonly problem: string | null;
  readonly isRunning: boolean;
  /** Null: not found. */
  readonly configuration: string | null;
  /** What hooks the guard in. */
  readonly install: string;
  readonly guard: GuardFound;
  readonly notices: Readonly<Record<DeadEnd, Foretold>>;
  readonly unknown: UnknownFound;
}

export interface GuardFound {
  readonly state: 'absent' | 'installed' | 'faulty';
  /** Whether the notices that the server writes itself are shown to it. */
  readonly seesNotices: boolean;
  /** Null where it is not installed. */
  readonly onFailure: FailureMode | null;
  /** Whether it answers wherever it is asked; null where it is not installed. */
  readonly isAnswering: boolean | null;
  /** What was found, in sentences without the final dot. */
  readonly found: readonly string[];
}

export interface UnknownFound {
  readonly domains: readonly UnknownAt[];
  /** Hosted domains that were not asked about. */
  readonly left: number;
  /** Lists of domains that cannot be listed from here. */
  readonly unlisted: readonly string[];
}

export interface UnknownAt {
  readonly domain: string;
  readonly fate: UnknownFate;
  readonly because: readonly string[];
  /** The reply at its door; null where it was not asked. */
  readonly said: string | null;
  readonly cures: readonly string[];
  readonly backend: string | null;
}

/** A server whose own programs fail. */
export function muteServer(mta: Mta, title: string, problem: string): ServerCheck {
  const unknown = foretold('unknown', [problem]);
  return {
    mta,
    title,
    problem,
    isRunning: false,
    configuration: null,
    install: `spillway install ${mta} --apply`,
    guard: noGuard,
    notices: { loopback: unknown, 'null-mx': unknown },
    unknown: { domains: [], left: 0, unlisted: [] },
  };
}

export const noGuard: GuardFound = {
  state: 'absent',
  seesNotices: false,
  onFailure: null,
  isAnswering: null,
  found: [],
};
