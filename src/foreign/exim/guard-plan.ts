/**
 * Where the guard belongs in an Exim configuration, and what only its admin can put in.
 */

import { type Config, parseConfig } from './config.ts';
import type { ConfigLine, ConfigReading, ConfigTexts } from './config-lines.ts';
import { ownAcl, type Part, type Placed, placeParts } from './guard-block.ts';
import { type EximGuard, isQuestion } from './guard-lines.ts';
import { goingDrivers, type Router } from './router.ts';

/** What Exim itself tells of its main options (`exim -bP`); null for one that is not set. */
export interface Hooks {
  readonly mail: string | null;
  readonly rcpt: string | null;
}

export interface LeftOut {
  readonly what: string;
  readonly why: string;
  /** To be written by hand, and where; null where nothing is amiss. */
  readonly byHand: { readonly where: string; readonly part: Part } | null;
}

export interface GuardPlan {
  /** Path -> where in its text. */
  readonly places: ReadonlyMap<string, readonly Placed[]>;
  readonly leftOut: readonly LeftOut[];
  /** Names of the routers that get one of ours before them. */
  readonly routers: readonly string[];
}

/** Of a configuration without blocks of ours. */
export function planGuard(reading: ConfigReading, hooks: Hooks): GuardPlan {
  const planner: Planner = {
    config: parseConfig(reading),
    unread: reading.unread,
    places: new Map(),
    leftOut: [],
    routers: [],
  };
  if (hooks.rcpt === null)
    planner.leftOut.push({
      what: 'ACLs',
      why: 'acl_smtp_rcpt is not set: Exim takes no mail by SMTP',
      byHand: null,
    });
  else {
    planAcl(planner, 'mail', hooks.mail);
    planAcl(planner, 'rcpt', hooks.rcpt);
  }
  let before: Router | null = null;
  for (const router of planner.config.routers) {
    planRouter(planner, router, before);
    before = router;
  }
  const { places, leftOut, routers } = planner;
  return { places, leftOut, routers };
}

/** Path -> text with the guard in it, for the files that change. */
export function writeGuard(
  plan: GuardPlan,
  texts: ConfigTexts,
  guard: EximGuard,
): Map<string, string> {
  const after = new Map<string, string>();
  for (const [path, places] of plan.places)
    after.set(path, placeParts(texts.get(path) ?? '', guard, places));
  return after;
}

interface Planner {
  readonly config: Config;
  readonly unread: readonly string[];
  readonly places: Map<string, Placed[]>;
  readonly leftOut: LeftOut[];
  readonly routers: string[];
}

function put({ places }: Planner, path: string, at: number, part: Part): void {
  const there = places.get(path);
  // A file that is included in several places is changed once.
  if (there?.some((one) => one.at === at && one.part.kind === part.kind)) return;
  if (there) there.push({ at, part });
  else places.set(path, [{ at, part }]);
}

function planAcl(planner: Planner, kind: 'mail' | 'rcpt', name: string | null): void {
  const asking = planner.config.acls.find(({ lines }) =>
    lines.some(({ text }) => isQuestion(text, kind)),
  );
  if (asking) {
    planner.leftOut.push(byHandAlready(`ACL ${asking.name}`, asking.line));
    return;
  }
  if (kind === 'mail' && (name === null || name === ownAcl)) {
    planNewAcl(planner);
    return;
  }
  const option = `acl_smtp_${kind}`;
  const found = planner.config.acls.filter((acl) => acl.name === name);
  for (const { line } of found) put(planner, line.path, line.end, { kind });
  if (found.length > 0) return;
  const why = /^\w+$/.test(name ?? '')
    ? `${option} = ${name}, and no such ACL stands in what was read${besides(planner)}`
    : `${option} = ${name}: not the name of one ACL`;
  const where = 'at the beginning of that ACL';
  planner.leftOut.push({ what: option, why, byHand: { where, part: { kind } } });
}

function besides({ unread }: Planner): string {
  return unread.length === 0 ? '' : `, which is without ${unread.slice(0, 3).join(', ')}`;
}

/** A sender is refused at MAIL, so one is made. */
function planNewAcl(planner: Planner): void {
  const { begins, acls, options } = planner.config;
  const set = options.find(({ text }) => /^acl_smtp_mail\s*=/.test(text));
  const acl = begins.find(({ section }) => section === 'acl');
  const first = begins[0];
  const taken = acls.find(({ name }) => name === ownAcl);
  if (set || taken || !acl || !first) {
    const line = set ?? taken?.line;
    const why = line
      ? `${line.path} line ${line.number}: ${line.text}, which does not count now`
      : 'it is not set, and there is no section of ACLs';
    const part = { kind: 'mail' } as const;
    const where = 'at the beginning of an ACL for it';
    planner.leftOut.push({ what: 'acl_smtp_mail', why, byHand: { where, part } });
    return;
  }
  put(planner, first.line.path, first.line.start, { kind: 'option' });
  put(planner, acl.line.path, acl.line.end, { kind: 'acl' });
}

function byHandAlready(what: string, { path, number }: ConfigLine): LeftOut {
  const why = `it asks the guard by lines that were put in by hand, ${path} line ${number}`;
  return { what, why, byHand: null };
}

function planRouter(planner: Planner, router: Router, before: Router | null): void {
  const { name, line, driver, preconditions, obstacle } = router;
  if (driver !== null && !goingDrivers.includes(driver)) return;
  if (before?.asksGuard) {
    planner.leftOut.push(byHandAlready(`router ${name}`, before.line));
    return;
  }
  const part: Part = { kind: 'router', router: name, preconditions };
  const why = obstacle ?? (driver === null ? 'its driver is not written plainly' : null);
  if (why === null) {
    put(planner, line.path, line.start, part);
    if (!planner.routers.includes(name)) planner.routers.push(name);
    return;
  }
  const where = `before ${line.path} line ${line.number}, with the preconditions of ${name}`;
  planner.leftOut.push({ what: `router ${name}`, why, byHand: { where, part } });
}
