/**
 * A table of texts that stays small: a million addresses take about 40 MB, not 200.
 *
 * Built once, then only read. Keys and values lie one after the other in one buffer; an open hash table
 * of offsets finds them.
 */

export interface CompactTable {
  readonly size: number;
  /** Where the entry is; -1 where the key is unknown. */
  find(key: string): number;
  /** First octet of the value of an entry; 0 where it is ''. */
  firstOctet(entry: number): number;
  valueOf(entry: number): string;
}

export interface CompactTableBuilder {
  /** A key that comes again is of no account. A key is at most 32,767 octets long. */
  add(key: string, value: string): void;
  /** Yields now and then, so that others may have a turn. */
  build(): Generator<void, CompactTable>;
}

/** In front of each record: length of the key, and this bit if a value follows. */
const hasValue = 0x8000;
const turn = 20_000;

export function createCompactTableBuilder(): CompactTableBuilder {
  let records = Buffer.allocUnsafe(4096);
  let end = 0;
  let count = 0;

  function reserve(length: number): void {
    if (end + length <= records.length) return;
    const larger = Buffer.allocUnsafe(Math.max(records.length * 2, end + length));
    records.copy(larger, 0, 0, end);
    records = larger;
  }

  return {
    add(key, value) {
      const bytes = toBytes(key);
      if (bytes.length >= hasValue) return;
      const valueLength = value === '' ? 0 : Buffer.byteLength(value);
      reserve(2 + bytes.length + 4 + valueLength);
      records.writeUInt16LE(bytes.length | (valueLength > 0 ? hasValue : 0), end);
      end += 2 + records.write(bytes, end + 2, 'latin1');
      if (valueLength > 0) {
        end = records.writeUInt32LE(valueLength, end);
        end += records.write(value, end, 'utf8');
      }
      count++;
    },
    *build() {
      const slots = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(count, 2) * 1.5)));
      const table = Buffer.from(records.subarray(0, end));
      records = Buffer.alloc(0);
      const size = yield* fill(table, slots);
      return {
        size,
        find: (key) => find(table, slots, key),
        firstOctet: (entry) =>
          hasValueAt(table, entry) ? (table[valueStart(table, entry)] ?? 0) : 0,
        valueOf: (entry) => (hasValueAt(table, entry) ? readValue(table, entry) : ''),
      };
    },
  };
}

/** Offsets plus 1, so that 0 is a free slot. */
function* fill(table: Buffer, slots: Uint32Array): Generator<void, number> {
  const mask = slots.length - 1;
  let size = 0;
  let seen = 0;
  for (let at = 0; at < table.length; ) {
    const head = table.readUInt16LE(at);
    const length = head & (hasValue - 1);
    let slot = hashBytes(table, at + 2, length) & mask;
    for (;;) {
      const other = slots[slot] ?? 0;
      if (other === 0) {
        slots[slot] = at + 1;
        size++;
        break;
      }
      if (isSameKey(table, other - 1, at, length)) break;
      slot = (slot + 1) & mask;
    }
    at += 2 + length;
    if (head & hasValue) at += 4 + table.readUInt32LE(at);
    if (++seen % turn === 0) yield;
  }
  return size;
}

function find(table: Buffer, slots: Uint32Array, text: string): number {
  const plain = hashText(text);
  const key = plain === null ? toBytes(text) : text;
  const mask = slots.length - 1;
  let slot = (plain ?? hashText(key, 0xff) ?? 0) & mask;
  for (; ; slot = (slot + 1) & mask) {
    const found = slots[slot] ?? 0;
    if (found === 0) return -1;
    if (isKey(table, found - 1, key)) return found - 1;
  }
}

function hasValueAt(table: Buffer, entry: number): boolean {
  return ((table[entry + 1] ?? 0) & 0x80) !== 0;
}

function valueStart(table: Buffer, entry: number): number {
  return entry + 2 + (table.readUInt16LE(entry) & (hasValue - 1)) + 4;
}

function readValue(table: Buffer, entry: number): string {
  const start = valueStart(table, entry);
  return table.toString('utf8', start, start + table.readUInt32LE(start - 4));
}

function isKey(table: Buffer, at: number, key: string): boolean {
  const head = (table[at] ?? 0) | (((table[at + 1] ?? 0) & 0x7f) << 8);
  if (head !== key.length) return false;
  for (let i = 0; i < key.length; i++) if (table[at + 2 + i] !== key.charCodeAt(i)) return false;
  return true;
}

function isSameKey(table: Buffer, a: number, b: number, length: number): boolean {
  if ((table.readUInt16LE(a) & (hasValue - 1)) !== length) return false;
  return table.compare(table, b + 2, b + 2 + length, a + 2, a + 2 + length) === 0;
}

/** UTF-8, one character for each octet. */
function toBytes(text: string): string {
  return /[^\u0000-\u007f]/.test(text) ? Buffer.from(text).toString('latin1') : text;
}

/** FNV-1a, its high bits folded into the low ones. Null where a character is above `max`. */
function hashText(text: string, max = 0x7f): number | null {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > max) return null;
    hash = Math.imul(hash ^ code, 0x01000193);
  }
  return hash ^ (hash >>> 15);
}

function hashBytes(table: Buffer, at: number, length: number): number {
  let hash = 0x811c9dc5;
  for (let i = at; i < at + length; i++) hash = Math.imul(hash ^ (table[i] ?? 0), 0x01000193);
  return hash ^ (hash >>> 15);
}
