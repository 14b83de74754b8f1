/**
 * An incident: one flood as one thing that happened, with a beginning, a cause and an end.
 */

import { parseIp } from '../../mail/ip.ts';

/**
 * - forged-sender: one sender, or many at one domain, in the mail of many clients: the case of 2006
 * - harvest: one client, or its network, tries who exists
 * - slow-harvest: many networks, each a little, try over days who exists at one domain
 * - notice-storm: the server writes failure notices to many who never wrote to it
 * - joe-job: others send us failure notices about mail that a domain of ours never sent
 * - mail-loop: mail comes back to the server that sent it
 * - answer-loop: two addresses answer each other without end
 */
export const incidentCauses = [
  'forged-sender',
  'harvest',
  'slow-harvest',
  'notice-storm',
  'joe-job',
  'mail-loop',
  'answer-loop',
] as const;
export type IncidentCause = (typeof incidentCauses)[number];

/** What an incident is about. */
export interface About {
  readonly cause: IncidentCause;
  /**
   * Whom it is about, as the cause is: a reverse-path, or `@seaton.biz` where the names at it change; a client
   * or its network; the domain that is harvested, that notices are sent to, or whose mail comes back, or the
   * address that it comes back from; `ann@a.example and bob@b.example` who answer each other. A notice storm
   * is about nobody: '', and so is a slow harvest of many domains, which are parts of it.
   */
  readonly subject: string;
}

/** What turned out to be part of another incident, as what that was once itself. */
export interface Part extends About {
  /** Null: it never was an incident of its own, or its id is that of the whole. */
  readonly id: string | null;
}

export interface Incident extends About {
  /** By the local date of its beginning, and its number on that day: `2006-09-05.1`. */
  readonly id: string;
  /** First and last observation, ms since 1970. */
  readonly start: number;
  readonly end: number;
  /** Not quiet yet. */
  readonly isOpen: boolean;
  /** A storm of notices that pile up in our own queue: it is over when they do not any more. */
  readonly isBacklog: boolean;
  /** Ids of those that turned out to be part of this one, when its cause was seen. */
  readonly joined: readonly string[];
  /** What it is about besides; of many the newest. */
  readonly parts: readonly Part[];
  /** The largest first, a few; `distinct` is an estimate where they are many. */
  readonly clients: Ranked;
  readonly senders: Ranked;
  /** Domains of recipients. */
  readonly sites: Ranked;
  /** A few recipients that were tried. */
  readonly samples: readonly string[];
  /** What came in... */
  readonly received: {
    readonly messages: number;
    readonly bytes: number;
    /** Recipients tried, and those of them that do not exist. */
    readonly recipients: number;
    readonly unknown: number;
    /**
     * Different connections over which it came, an estimate where they are many; null: no source told one from
     * another.
     */
    readonly connections: number | null;
  };
  /** ...what the server made of it... */
  readonly made: {
    readonly notices: number;
    /** Attempts to deliver, notices among them, and what was sent by them. */
    readonly deliveries: number;
    readonly bytes: number;
    /** Mail that came back to the server itself. */
    readonly returns: number;
    /**
     * ms of CPU that Spillway itself spent on it: of each turn of a few seconds the part that this incident has in
     * all that was seen then. Null: not known, as of all that is told from logs.
     */
    readonly cpu: number | null;
  };
  /** ...and how it ended: recipients. */
  readonly ended: {
    readonly refused: number;
    readonly dropped: number;
    readonly delivered: number;
    readonly failed: number;
    readonly deferred: number;
  };
}

export interface Ranked {
  readonly distinct: number;
  readonly top: readonly { readonly name: string; readonly count: number }[];
}

export function isSameAbout(one: About, other: About): boolean {
  return one.cause === other.cause && one.subject === other.subject;
}

/** Many domains are harvested at once: they are parts of it. */
export function isAboutMany({ cause, subject }: About): boolean {
  return cause === 'slow-harvest' && subject === '';
}

/** A sender may be forged in changing names of one domain: then it is about `@seaton.biz`. */
export function isWholeDomain(subject: string): boolean {
  return subject.startsWith('@');
}

/** A loop may be that of many domains by way of one next hop: then it is about the address of that. */
export function isNextHop(subject: string): boolean {
  return parseIp(subject) !== null;
}
