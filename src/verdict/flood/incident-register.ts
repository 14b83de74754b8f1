/**
 * The incidents: opened, joined, closed, remembered, each with its id.
 */
import { formatLocalTime } from '../../mail/amounts.ts';
import { aboutOf, type GatherKey, keyOf } from './about.ts';
import type { Account } from './account.ts';
import { floods, type GatherKind } from './causes.ts';
import type { About, Incident } from './incident.ts';
import { type Explanation, IncidentIndex } from './incident-index.ts';
import { type Flood, relate } from './joining.ts';
import { Lifts } from './lifts.ts';
import type { FloodLimits } from './limits.ts';
import type { Named, NameText } from './named.ts';
import { OpenIncident } from './open-incident.ts';
import type { Sight } from './sight.ts';
import { findByClientsOf, likeThat, together, type Union, unite } from './uniting.ts';

export class IncidentRegister {
  private readonly limits: FloodLimits;
  private readonly nameText: NameText;
  private readonly index: IncidentIndex;
  /** Open, or in their aftermath. */
  private readonly current = new Set<OpenIncident>();
  private readonly over: Incident[] = [];
  private readonly touched = new Set<OpenIncident>();
  /** By day: the last number that was given. */
  private readonly numbers = new Map<string, number>();
  private lifts = new Lifts();

  /** `nameText`: with the hashes that what is seen has. */
  constructor(limits: FloodLimits, nameText: NameText) {
    this.limits = limits;
    this.nameText = nameText;
    this.index = new IncidentIndex(nameText);
  }

  explain(sight: Sight): Explanation | null {
    return this.index.explain(sight);
  }

  /** Of these and no others the brakes are lifted by hand. */
  lift(lifted: Iterable<About>): void {
    this.lifts = new Lifts(lifted);
  }

  isLifted({ about }: OpenIncident, sight: Sight | null = null): boolean {
    return sight ? this.lifts.has(about, sight) : this.lifts.hasAll(about);
  }

  /** It happened: counted for the incident that explains it, if there is one. */
  take(sight: Sight): Explanation | null {
    const found = this.index.explain(sight);
    this.index.remember(sight, found);
    if (!found) return null;
    found.incident.add(sight, found.side);
    this.touched.add(found.incident);
    return found;
  }

  /** A gathering became a flood. */
  open(kind: GatherKind, key: Named, account: Account, at: number): void {
    const before = this.index.get(kind, key);
    if (before && at - before.account.last < this.limits.again) {
      before.reopen(account);
      this.joinLike(before, at);
    } else {
      const subject = kind === 'home' ? this.nameText(`@${key.name}`) : key.kept();
      this.openAnother({ kind, key }, { cause: floods[kind].cause, subject, account }, at);
    }
    const opened = this.index.get(kind, key);
    if (opened) this.touched.add(opened);
  }

  /** Opens it, or keeps it open. `untilReleased`: it ends by being released as well. */
  hold(
    kind: GatherKind,
    key: Named,
    seen: Account,
    at: number,
    untilReleased: boolean,
  ): OpenIncident | null {
    const wasOpen = this.index.get(kind, key)?.isOpen ?? false;
    if (!wasOpen) {
      seen.first = Math.min(seen.first, at);
      seen.last = Math.max(seen.last, at);
      this.open(kind, key, seen, at);
    }
    const incident = this.index.get(kind, key) ?? null;
    if (!incident) return null;
    incident.endsByRelease = untilReleased && (!wasOpen || incident.endsByRelease);
    incident.keepOpen(at);
    return incident;
  }

  release(kind: GatherKind, key: Named): void {
    const incident = this.index.get(kind, key);
    if (incident?.isOpen && incident.endsByRelease) this.close(incident);
  }

  private openAnother(opened: GatherKey, flood: Flood, at: number): void {
    const recent = this.recent(at);
    if (recent.some((older) => relate(older, flood) === 'counted')) return;
    const incident = this.join(unite(flood, recent, this.limits)) ?? this.create(flood, at);
    incident.addParts([{ id: null, ...aboutOf(opened) }]);
    this.index.set(opened.kind, opened.key, incident);
  }

  /** The oldest goes on. */
  private join({ flood, members }: Union): OpenIncident | null {
    const [oldest, ...others] = members;
    if (!oldest) return null;
    oldest.become(flood);
    for (const other of others) this.absorb(oldest, other);
    return oldest;
  }

  private recent(at: number): OpenIncident[] {
    const { again } = this.limits;
    return [...this.current].filter(({ isOpen, account }) => isOpen || at - account.last < again);
  }

  /** With an older one that has the same clients. */
  private joinSame(newer: OpenIncident, at: number): void {
    const recent = this.recent(at);
    const older = findByClientsOf(newer, recent.slice(0, recent.indexOf(newer)));
    if (older) this.join({ flood: together(older, newer), members: [older, newer] });
  }

  /** With those of the same kind, where they are so many. */
  private joinLike(incident: OpenIncident, at: number): void {
    const recent = this.recent(at);
    const likes = likeThat(
      incident,
      recent.filter((one) => one !== incident),
      this.limits,
    );
    if (likes.length === 0) return;
    const flood = likes.reduce((all: Flood, like) => together(like, all), incident);
    const members = recent.filter((one) => one === incident || likes.includes(one));
    this.join({ flood, members });
  }

  private absorb(oldest: OpenIncident, part: OpenIncident): void {
    oldest.takeIn(part);
    this.index.replace(part, oldest);
    this.current.delete(part);
    this.touched.delete(part);
    this.touched.add(oldest);
  }

  /** Each has its part in what was seen since this was last called. */
  spend(cpuOfEach: number): void {
    for (const incident of this.current) incident.spend(cpuOfEach);
  }

  /** Closes what is quiet, and forgets whose mail met its end. */
  advance(now: number): void {
    for (const incident of [...this.current]) {
      if (incident.isOpen && incident.isQuiet(now)) this.close(incident);
      if (!incident.isOpen && now - incident.account.last > this.limits.aftermath)
        this.retire(incident);
      else if (incident.isOpen) this.joinSame(incident, now);
    }
  }

  all(): Incident[] {
    const open = Array.from(this.current, (incident) => incident.tell());
    return [...this.over, ...open].sort((a, b) => a.start - b.start || compareIds(a.id, b.id));
  }

  changed(): Incident[] {
    const told = Array.from(this.touched, (incident) => incident.tell());
    this.touched.clear();
    return told;
  }

  resume(told: Incident): void {
    for (const id of [told.id, ...told.joined]) this.takeNumber(id);
    if (this.current.size >= this.limits.open) this.makeRoom(told.end);
    const incident = OpenIncident.from(told, this.limits.quiet, this.nameText);
    this.current.add(incident);
    for (const about of [...told.parts, told]) this.resumeKey(about, incident);
  }

  /** What goes on has it rather than what is over. */
  private resumeKey(about: About, incident: OpenIncident): void {
    const found = keyOf(about, this.nameText);
    if (!found) return;
    const { kind, key } = found;
    if (incident.isOpen || !this.index.get(kind, key)?.isOpen) this.index.set(kind, key, incident);
  }

  /** No other gets the id, though it may only be that of a part. */
  private takeNumber(id: string): void {
    const [day = '', number] = id.split('.');
    this.numbers.set(day, Math.max(this.numbers.get(day) ?? 0, Number(number) || 0));
  }

  private create(flood: Flood, at: number): OpenIncident {
    if (this.current.size >= this.limits.open) this.makeRoom(at);
    const incident = new OpenIncident(this.nextId(flood.account.first), flood, this.limits.quiet);
    this.current.add(incident);
    return incident;
  }

  private nextId(start: number): string {
    const day = formatLocalTime(start).slice(0, 10);
    const number = (this.numbers.get(day) ?? 0) + 1;
    this.numbers.set(day, number);
    return `${day}.${number}`;
  }

  /** What is over goes first, then what is quietest. */
  private makeRoom(at: number): void {
    const levelOf = (one: OpenIncident) => (one.isOpen ? one.levelAt(at) : -1);
    const [first, ...others] = this.current;
    if (!first) return;
    this.retire(
      others.reduce((least, one) => (levelOf(one) < levelOf(least) ? one : least), first),
    );
  }

  private close(incident: OpenIncident): void {
    incident.isOpen = false;
    this.touched.add(incident);
  }

  private retire(incident: OpenIncident): void {
    if (incident.isOpen) this.close(incident);
    this.current.delete(incident);
    this.index.replace(incident, null);
    this.over.push(incident.tell());
    if (this.over.length > this.limits.remembered) this.over.shift();
  }
}

/** By day, then by number: `2006-09-05.2` is before `2006-09-05.10`. */
function compareIds(one: string, other: string): number {
  const [day = '', number = ''] = one.split('.');
  const [otherDay = '', otherNumber = ''] = other.split('.');
  return day === otherDay ? Number(number) - Number(otherNumber) : day < otherDay ? -1 : 1;
}
