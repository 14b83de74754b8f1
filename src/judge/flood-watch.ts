/**
 * Who watches for floods while the server runs: is told of every verdict and of what the delivery does, and
 * says what follows for the next question.
 */
import { placeOf } from '../mail/client-place.ts';
import {
  belongsTo,
  judgeNoticeInFlood,
  judgeRecipientInFlood,
} from '../verdict/flood/flood-verdict.ts';
import type { About, Incident } from '../verdict/flood/incident.ts';
import {
  createIncidentFinder,
  type FinderOptions,
  type FloodPart,
} from '../verdict/flood/incident-finder.ts';
import type { Circumstance, Observation, OverConnection } from '../verdict/flood/observation.ts';
import { type Standing, Standings } from '../verdict/flood/standings.ts';
import type { Reason } from '../verdict/reasons.ts';
import type { Question, Verdict } from '../verdict/verdict.ts';

/** What the judge needs. */
export interface FloodDesk {
  /**
   * Null: nothing speaks against it. `isOurs`: the client is this machine, or may send elsewhere, and no
   * brake is for it.
   */
  brake(question: Question, isOurs: boolean): Verdict | null;
  /**
   * A verdict that notices are a storm, by the limits of the operator, as part of its incident; null: that
   * was lifted by hand. `isBacklog`: the incident ends when they do not pile up any more.
   */
  storm(verdict: Verdict, isBacklog: boolean): Verdict | null;
  /** A verdict as it was before its mode was applied. */
  see(question: Question, verdict: Verdict, isOurs: boolean): void;
}

export interface FloodWatch extends FloodDesk {
  /** What the delivery tells. */
  observe(observation: Observation): void;
  /** What CPU the process used since this was last told, in ms: the floods have their part of it. */
  spend(cpu: number): void;
  /** So many notices wait that no more are written, or not any more. */
  backlog(isOver: boolean): void;
  /** Ends what is quiet, and gives what has changed since this was last asked. */
  changed(): Incident[];
  /** Goes on where another run ended: before anything is seen. */
  resume(incidents: readonly Incident[]): void;
  /** Clients and, with an `@`, domains that have shown good mail, and those of another run. */
  goodClients(): Standing[];
  resumeGood(clients: Iterable<Standing>): void;
  /** The brakes of incidents about these, and of no others, are lifted by hand. */
  lift(lifted: Iterable<About>): void;
}

export interface FloodWatchOptions extends FinderOptions {
  /** Whom alerts go to by mail; null: nobody. */
  readonly alertsTo?: () => string | null;
  /** ms since 1970. */
  readonly now: () => number;
}

/** ms; a clock that is set back by less is waited for. */
const mostSetBack = 600_000;

export function createFloodWatch(all: FloodWatchOptions): FloodWatch {
  const { now: clock, alertsTo = () => null, ...options } = all;
  const clients = new Standings();
  /** With an `@` each. Anybody can name a domain, so that they never take the place of clients. */
  const homes = new Standings();
  let finder = createFinder();
  let latest = clock();
  /** What had changed when the clock was set back. */
  let unasked: readonly Incident[] = [];
  let lifted: readonly About[] = [];
  const numbers = new WeakMap<object, number>();
  let connections = 0;

  function createFinder() {
    const knowsHome = (domain: string, at: number) => homes.isGood(`@${domain}`, at);
    return createIncidentFinder({ ...options, knowsHome });
  }

  function now(): number {
    const at = clock();
    if (latest - at > mostSetBack) setBack(at);
    else latest = Math.max(latest, at);
    return at;
  }

  /**
   * Until the clock had caught up nothing would be quiet, and all would be seen at one moment. So what goes
   * on goes on as after a restart.
   */
  function setBack(at: number): void {
    latest = at;
    unasked = [...unasked, ...finder.changed()];
    const told = finder.incidents();
    finder = createFinder();
    finder.resume(told.map((one) => endedBy(one, at)));
    finder.lift(lifted);
  }

  function findFlood(question: Question): FloodPart | null {
    const part = finder.explain({
      kind: question.check === 'notice' ? 'notice' : 'received',
      at: now(),
      client: question.client?.address ?? null,
      reversePath: question.reversePath,
      forwardPath: question.forwardPath,
    });
    return part && !part.isLifted ? part : null;
  }

  /** One about mail of a client that no brake is for goes out, whatever others in its network do. */
  function brakeNotice(question: Question, isOurs: boolean): Verdict | null {
    const part = findFlood(question);
    if (part?.by === 'client' && (isOurs || isGood(question))) return null;
    return part && judgeNoticeInFlood(part);
  }

  function isGood(question: Question): boolean {
    const address = question.client?.address;
    return (
      address !== null && address !== undefined && clients.isGood(placeOf(address).client, now())
    );
  }

  function numberOf({ connection }: Question): number | null {
    if (connection === undefined) return null;
    const known = numbers.get(connection);
    if (known !== undefined) return known;
    numbers.set(connection, ++connections);
    return connections;
  }

  /** Whoever is named may be forged, so that what failed tells nothing of the domain. */
  function countHome({ reversePath, at }: Observation): void {
    const domain = reversePath?.slice(reversePath.lastIndexOf('@') + 1).toLowerCase() ?? '';
    if (domain !== '' && domain.length < 256) homes.count(`@${domain}`, true, at);
  }

  /** Of ours: it tells of the flood, and is no part of it. */
  function isAlert(question: Question, isOurs: boolean): boolean {
    const { check, reversePath, forwardPath } = question;
    // Of our own notices it is known what they are about; whoever is forged may be named in alerts.
    if (check === 'notice' && question.origin) return question.origin.isAlert;
    if (check !== 'notice' && !isOurs) return false;
    const address = alertsTo();
    if (address === null || forwardPath === null || reversePath !== '') return false;
    return forwardPath.toLowerCase() === address.toLowerCase();
  }

  return {
    brake(question, isOurs) {
      if (isAlert(question, isOurs)) return null;
      if (question.check === 'notice') return brakeNotice(question, isOurs);
      // At MAIL nobody knows yet whom it is for, and an incident is told by its recipients.
      if (isOurs || !isRecipientAtDoor(question) || isGood(question)) return null;
      const part = findFlood(question);
      return part && judgeRecipientInFlood(part);
    },
    see(question, verdict, isOurs) {
      if (isAlert(question, isOurs)) return;
      const connection = numberOf(question);
      const observation = observationOf(question, verdict, isOurs, { at: now(), connection });
      if (!observation) return;
      finder.observe(observation);
      if (observation.kind !== 'attempt' || observation.client === null) return;
      const { outcome, client, at } = observation;
      if (outcome === 'accepted' || outcome === 'unknown')
        clients.count(placeOf(client).client, outcome === 'accepted', at);
      // Of what we take ourselves the delivery tells: whoever takes all names as they come knows no better.
      if (outcome === 'accepted' && question.adapter !== 'smtp') countHome(observation);
    },
    storm(verdict, isBacklog) {
      const part = finder.storm(now(), isBacklog);
      if (!part) return verdict;
      if (part.isLifted) return null;
      return { ...verdict, steps: [belongsTo(part.incident.id), ...verdict.steps] };
    },
    backlog(isOver) {
      if (isOver) finder.storm(now(), true);
      else finder.calm();
    },
    spend: (cpu) => finder.spend(cpu),
    observe(observation) {
      finder.observe(observation);
      const isDelivered = observation.kind === 'fate' && observation.outcome === 'delivered';
      if (isDelivered && observation.client !== null) countHome(observation);
    },
    changed() {
      finder.advance(now());
      const all = [...unasked, ...finder.changed()];
      unasked = [];
      return all;
    },
    resume(incidents) {
      const at = now();
      finder.resume(incidents.map((one) => endedBy(one, at)));
    },
    goodClients: () => [...homes.good(), ...clients.good()],
    resumeGood(told) {
      const isHome = ({ client }: Standing) => client.startsWith('@');
      const all = [...told];
      homes.resume(all.filter(isHome));
      clients.resume(all.filter((one) => !isHome(one)));
    },
    lift(abouts) {
      lifted = [...abouts];
      finder.lift(lifted);
    },
  };
}

/** No time of it is still to come: the clock may have been set back. */
function endedBy(incident: Incident, at: number): Incident {
  const { start, end } = incident;
  return end <= at ? incident : { ...incident, start: Math.min(start, at), end: at };
}

function isRecipientAtDoor({ check, adapter, client }: Question): boolean {
  if (adapter === 'delivery' || client === null) return false;
  return check === 'mailbox' || check === 'recipient';
}

/** Null: it tells nothing about floods. */
function observationOf(
  question: Question,
  verdict: Verdict,
  isOurs: boolean,
  { at, connection }: Pick<OverConnection & Circumstance, 'at' | 'connection'>,
): Observation | null {
  const { client, reversePath, forwardPath } = question;
  const address = isOurs && question.check !== 'notice' ? null : (client?.address ?? null);
  const base = { at, client: address, reversePath, forwardPath };
  switch (question.check) {
    case 'mailbox':
    case 'recipient':
    case 'flood':
      if (question.adapter === 'delivery') return null;
      return { ...base, kind: 'attempt', connection, outcome: outcomeOf(verdict) };
    case 'sender':
      // Of one that is accepted the recipients tell.
      if (verdict.action === 'accept') return null;
      return { ...base, kind: 'attempt', connection, outcome: outcomeOf(verdict) };
    case 'loop':
      // The delivery tells itself what became of what it tried.
      if (question.adapter === 'delivery') return null;
      if (returned.has(verdict.reason))
        return { ...base, kind: 'fate', outcome: 'returned', bytes: 0, nextHop: null };
      return { ...base, kind: 'received', connection, bytes: question.size ?? 0, recipients: 1 };
    case 'notice':
      if (verdict.action === 'discard')
        return { ...base, kind: 'fate', outcome: 'dropped', bytes: 0, nextHop: null };
      // Where we are not who writes it, this may be the tenth attempt to deliver it.
      return question.origin ? { ...base, kind: 'notice', bytes: 0 } : null;
    case 'dmarc':
      return null;
  }
}

function outcomeOf({ action, reason }: Verdict): 'accepted' | 'unknown' | 'refused' | 'deferred' {
  if (action === 'accept') return 'accepted';
  if (reason === 'mailbox-unknown') return 'unknown';
  // A brake is an answer to the flood, and not a doubt.
  return action === 'defer' && !reason.startsWith('flood-') ? 'deferred' : 'refused';
}

/** What comes in came from this server. */
const returned: ReadonlySet<Reason> = new Set(['own-hops', 'from-ourselves']);
