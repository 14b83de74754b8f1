/**
 * What `spillway check` finds of one mail server.
 *
 * Texts may hold what programs and files said, unescaped.
 */
import { type DeadEnd, type Foretold, foretold } from '../../foreign/foretold.ts';
import type { Mta } from '../../foreign/queue-entry.ts';
import type { UnknownFate } from '../../foreign/unknown-recipient.ts';
import type { FailureMode } from '../../mail/failure-mode.ts';
import type { Mode } from '../../verdict/verdict.ts';
import type { NoticeCheck } from '../installation.ts';

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
  /** Without the guard, as each server's own file tells it; with it, as `checkServers` does. */
  readonly notices: Readonly<Record<DeadEnd, Foretold>>;
  readonly unknown: UnknownFound;
}

/** How the checks of the guard are run, by its configuration. */
export interface CheckModes {
  /** Null: not known. */
  readonly of: Readonly<Record<NoticeCheck, Mode>> | null;
  /** Why they are not known. */
  readonly problem: string | null;
}

export interface GuardFound {
  readonly state: 'absent' | 'installed' | 'faulty';
  /** Its check that judges the notices that the server writes itself; null where it is not shown them. */
  readonly noticesBy: NoticeCheck | null;
  /** How that check is run, by the guard's configuration; null where that is not known. */
  readonly noticeMode: Mode | null;
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
  noticesBy: null,
  noticeMode: null,
  onFailure: null,
  isAnswering: null,
  found: [],
};
