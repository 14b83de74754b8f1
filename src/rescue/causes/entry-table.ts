/**
 * What is kept of each entry of a queue: some 40 octets and its id, so that a queue of 200,000 is no burden.
 */

/** An entry in numbers. */
export interface EntryRow {
  readonly id: string;
  readonly fingerprint: number;
  readonly bytes: number;
  /** ms since 1970. */
  readonly arrivedAt: number;
  /** Null where the server does not tell. */
  readonly tries: number | null;
  /** Number of the group that it belongs to. */
  readonly group: number;
}

/** A table as plain data, for another thread. */
export interface TableState {
  /** Joined by line ends, which no id holds: one text crosses threads faster than 100,000. */
  readonly ids: string;
  readonly fingerprints: Float64Array;
  readonly bytes: Float64Array;
  readonly arrivals: Float64Array;
  readonly tries: Float64Array;
  readonly groups: Uint32Array;
}

const firstCapacity = 1024;

export class EntryTable {
  readonly ids: string[] = [];
  fingerprints = new Float64Array(firstCapacity);
  bytes = new Float64Array(firstCapacity);
  arrivals = new Float64Array(firstCapacity);
  /** -1 where the server does not tell. */
  tries = new Float64Array(firstCapacity);
  groups = new Uint32Array(firstCapacity);

  get size(): number {
    return this.ids.length;
  }

  add({ id, fingerprint, bytes, arrivedAt, tries, group }: EntryRow): void {
    const at = this.ids.length;
    if (at === this.groups.length) this.grow();
    this.ids.push(id);
    this.fingerprints[at] = fingerprint;
    this.bytes[at] = bytes;
    this.arrivals[at] = arrivedAt;
    this.tries[at] = tries ?? -1;
    this.groups[at] = group;
  }

  get state(): TableState {
    const { ids, size } = this;
    return {
      ids: ids.join('\n'),
      fingerprints: this.fingerprints.slice(0, size),
      bytes: this.bytes.slice(0, size),
      arrivals: this.arrivals.slice(0, size),
      tries: this.tries.slice(0, size),
      groups: this.groups.slice(0, size),
    };
  }

  /** What another thread has gathered; none of it is here already. `groupOf` gives our number of a group. */
  absorb(state: TableState, groupOf: (theirs: number) => number): void {
    if (state.ids === '') return;
    for (const [at, id] of state.ids.split('\n').entries())
      this.add({
        id,
        fingerprint: state.fingerprints[at] ?? 0,
        bytes: state.bytes[at] ?? 0,
        arrivedAt: state.arrivals[at] ?? 0,
        tries: state.tries[at] ?? -1,
        group: groupOf(state.groups[at] ?? 0),
      });
  }

  private grow(): void {
    const capacity = this.groups.length * 2;
    const grown = (column: Float64Array) => {
      const larger = new Float64Array(capacity);
      larger.set(column);
      return larger;
    };
    this.fingerprints = grown(this.fingerprints);
    this.bytes = grown(this.bytes);
    this.arrivals = grown(this.arrivals);
    this.tries = grown(this.tries);
    const groups = new Uint32Array(capacity);
    groups.set(this.groups);
    this.groups = groups;
  }
}
