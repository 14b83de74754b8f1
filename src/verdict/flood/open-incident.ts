/**
 * An incident that is going on, or whose mail is not at its end.
 */
import { Account, type Side } from './account.ts';
import { Crowd } from './crowd.ts';
import {
  type About,
  type Incident,
  type IncidentCause,
  isSameAbout,
  type Part,
} from './incident.ts';
import type { Flood } from './joining.ts';
import type { FloodLimits } from './limits.ts';
import type { Named, NameText } from './named.ts';
import type { Sight } from './sight.ts';

/** Parts that are told: of a flood that goes on for weeks in ever new names they would be without end. */
const mostJoined = 500;

export class OpenIncident {
  readonly id: string;
  cause: IncidentCause;
  subject: Named;
  account: Account;
  /** Ids of those that turned out to be part of it. */
  joined: readonly string[] = [];
  parts: readonly Part[] = [];
  readonly crowd = new Crowd();
  isOpen = true;
  /** Who opened it will tell when it is over. */
  endsByRelease = false;
  private readonly quiet: FloodLimits['quiet'];
  /** How much of it was seen since its part of the CPU was last told. */
  private fresh = 0;
  private level: number;
  private leveledAt: number;

  constructor(id: string, { cause, subject, account }: Flood, quiet: FloodLimits['quiet']) {
    this.id = id;
    this.cause = cause;
    this.subject = subject;
    this.account = account;
    this.quiet = quiet;
    this.level = quiet.full;
    this.leveledAt = account.last;
  }

  /** As it was told; names and numbers beyond that are lost. */
  static from(told: Incident, quiet: FloodLimits['quiet'], nameText: NameText): OpenIncident {
    const { id, cause, isOpen, isBacklog, joined, parts } = told;
    const flood = { cause, subject: nameText(told.subject), account: Account.from(told, nameText) };
    const incident = new OpenIncident(id, flood, quiet);
    incident.isOpen = isOpen;
    incident.endsByRelease = isBacklog;
    incident.joined = joined;
    incident.parts = parts;
    return incident;
  }

  /** What a queue tries again for days keeps no flood alive. */
  add(sight: Sight, side: Side): void {
    const { last } = this.account;
    this.account.add(sight, side);
    this.fresh++;
    if (sight.client && side === 'from') this.crowd.add(sight.client.hash);
    if (sight.kind === 'fate' && sight.outcome !== 'returned') {
      if (!this.isOpen) this.account.last = last;
      return;
    }
    this.level = Math.min(this.levelAt(sight.at) + 1, this.quiet.full);
    this.leveledAt = sight.at;
  }

  /** It has begun anew. */
  reopen(account: Account): void {
    this.account.addAll(account);
    this.become(this);
  }

  get about(): About {
    return { cause: this.cause, subject: this.subject.name };
  }

  /** It is seen what it is part of. */
  become({ cause, subject, account }: Flood): void {
    const before = { id: null, ...this.about };
    Object.assign(this, { cause, subject, account, isOpen: true, endsByRelease: false });
    this.addParts([before]);
    this.level = this.quiet.full;
    this.leveledAt = account.last;
  }

  /** Its counts are in the account already. */
  takeIn({ id, joined, about, parts, crowd, fresh }: OpenIncident): void {
    this.joined = [...this.joined, id, ...joined].slice(-mostJoined);
    this.addParts([...parts, { id, ...about }]);
    this.crowd.addAll(crowd);
    this.fresh += fresh;
  }

  /** Its part of the CPU, in ms, for each thing that was seen meanwhile. */
  spend(cpuOfEach: number): void {
    this.account.counts.cpu += cpuOfEach * this.fresh;
    this.fresh = 0;
  }

  /** It is about these as well. */
  addParts(parts: readonly Part[]): void {
    const { about } = this;
    const added = parts.filter((part) => !isSameAbout(part, about));
    const others = this.parts.filter((one) => !added.some((part) => isSameAbout(part, one)));
    this.parts = [...others, ...added].slice(-mostJoined);
  }

  /** Nothing of it need be seen for that. */
  keepOpen(at: number): void {
    this.level = this.quiet.full;
    this.leveledAt = at;
  }

  isQuiet(now: number): boolean {
    return this.levelAt(now) < this.quiet.floor;
  }

  levelAt(now: number): number {
    const { halfLife, slowHalfLife } = this.quiet;
    const half = this.cause === 'slow-harvest' ? slowHalfLife : halfLife;
    return this.level * 0.5 ** (Math.max(0, now - this.leveledAt) / half);
  }

  tell(): Incident {
    const { id, about, isOpen, endsByRelease: isBacklog, joined, parts } = this;
    return { id, ...about, isOpen, isBacklog, joined, parts, ...this.account.tell() };
  }
}
