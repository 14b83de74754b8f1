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

const firstCapacity = 1024;

export class EntryTable {
  readonly ids: string[] = [];
  fingerprints = new Float64Array(firstCapacity);
  bytes = new Float64Array(firstCapacity);
  arrivals = new Float64Array(firstCapacity);
  /** -1 where the server does not tell. */
  tries = new Float64Array(firstCapacity);
  groups = new Uint32Array(firstCapacity);
  private readonly known = new Set<string>();

  get size(): number {
    return this.ids.length;
  }

  has(id: string): boolean {
    return this.known.has(id);
  }

  add({ id, fingerprint, bytes, arrivedAt, tries, group }: EntryRow): void {
    const at = this.ids.length;
    if (at === this.groups.length) this.grow();
    this.known.add(id);
    this.ids.push(id);
    this.fingerprints[at] = fingerprint;
    this.bytes[at] = bytes;
    this.arrivals[at] = arrivedAt;
    this.tries[at] = tries ?? -1;
    this.groups[at] = group;
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
