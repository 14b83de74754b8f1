/**
 * The export format of systemd's journal, as `journalctl -o export` writes it: entries, divided by an empty line, of
 * fields `NAME=value`, or a name alone, the length as 64 bits in little endian, and that many octets.
 *
 * https://systemd.io/JOURNAL_EXPORT_FORMATS/. Bytes in, entries out; what is not needed is not kept, whatever a field's length.
 */

import { formatNumber } from '../mail/amounts.ts';

export interface JournalEntry {
  /** ms since 1970. */
  readonly at: number;
  readonly host: string;
  readonly program: string;
  /** Of its process; empty where it is not told. */
  readonly pid: string;
  readonly message: string;
}

export type JournalEvent =
  | { readonly kind: 'entry'; readonly entry: JournalEntry }
  | { readonly kind: 'fault'; readonly problem: string };

const wanted = [
  '__REALTIME_TIMESTAMP',
  '_HOSTNAME',
  'SYSLOG_IDENTIFIER',
  '_COMM',
  'SYSLOG_PID',
  '_PID',
  'MESSAGE',
] as const;
type Field = (typeof wanted)[number];
/** Octets of a name, and of a value that is kept. */
const longestName = 64;

type State = 'line' | 'length' | 'value' | 'value end';

export class JournalParser {
  private readonly longest: number;
  private state: State = 'line';
  private held: Buffer[] = [];
  private heldLength = 0;
  private name: Field | null = null;
  /** Octets of a value that are still to come. */
  private left = 0;
  private fields: Partial<Record<Field, string>> = {};
  private isCut = false;
  private isEmpty = true;

  /** Octets of the longest message; entries with longer ones are faults. */
  constructor(longest: number) {
    this.longest = longest;
  }

  push(bytes: Buffer): JournalEvent[] {
    const events: JournalEvent[] = [];
    for (let at = 0; at < bytes.length; )
      at =
        this.state === 'line'
          ? this.readLine(bytes, at, events)
          : this.readValue(bytes, at, events);
    return events;
  }

  /** After the last byte: whatever is cut short is a fault. */
  end(): JournalEvent[] {
    if (this.isEmpty && this.heldLength === 0 && this.state === 'line') return [];
    const isWhole = this.state === 'line' && this.heldLength === 0;
    const events: JournalEvent[] = isWhole ? this.finish() : [fault('an entry that is cut short')];
    this.fields = {};
    return events;
  }

  private readLine(bytes: Buffer, at: number, events: JournalEvent[]): number {
    const end = bytes.indexOf(10, at);
    this.hold(bytes.subarray(at, end < 0 ? bytes.length : end), this.longest + longestName);
    if (end < 0) return bytes.length;
    const line = this.taken();
    if (line.length === 0) {
      if (!this.isEmpty) events.push(...this.finish());
      return end + 1;
    }
    this.isEmpty = false;
    const equals = line.indexOf(0x3d);
    const name = fieldOf(line, equals < 0 ? line.length : equals);
    if (equals >= 0) this.set(name, line.subarray(equals + 1));
    else if (line.length > longestName) events.push(fault('a line that is no field'));
    else {
      this.name = name;
      this.state = 'length';
    }
    return end + 1;
  }

  private readValue(bytes: Buffer, at: number, events: JournalEvent[]): number {
    if (this.state === 'length') {
      const end = Math.min(bytes.length, at + 8 - this.heldLength);
      this.hold(bytes.subarray(at, end), 8);
      if (this.heldLength < 8) return end;
      const length = this.taken().readBigUInt64LE();
      // No journal holds such a field: the bytes are none, and nobody knows where the next entry begins.
      if (length > 1n << 32n) {
        events.push(fault('a field that is longer than 4 GB'));
        this.reset();
        return end;
      }
      this.left = Number(length);
      this.state = this.left === 0 ? 'value end' : 'value';
      return end;
    }
    if (this.state === 'value') {
      const end = Math.min(bytes.length, at + this.left);
      if (this.name) this.hold(bytes.subarray(at, end), this.longest + 1);
      this.left -= end - at;
      if (this.left === 0) this.state = 'value end';
      return end;
    }
    // A line feed ends it.
    this.set(this.name, this.taken());
    this.name = null;
    this.state = 'line';
    if (bytes[at] === 10) return at + 1;
    events.push(fault('a field that is longer than it says'));
    return at;
  }

  private set(name: Field | null, value: Buffer): void {
    if (!name) return;
    if (value.length > this.longest) this.isCut = true;
    else this.fields[name] ??= value.toString('utf8');
  }

  private finish(): JournalEvent[] {
    const { fields, isCut } = this;
    this.fields = {};
    this.isCut = false;
    this.isEmpty = true;
    const { MESSAGE: message, __REALTIME_TIMESTAMP: time = '' } = fields;
    if (isCut) return [fault(`more than ${formatNumber(this.longest)} octets`)];
    if (!/^\d{1,17}$/.test(time)) return [fault('an entry without a time')];
    if (message === undefined) return [];
    const program = fields.SYSLOG_IDENTIFIER ?? fields._COMM ?? '';
    const entry = {
      at: Math.floor(Number(time) / 1000),
      host: fields._HOSTNAME ?? '',
      program,
      pid: fields.SYSLOG_PID ?? fields._PID ?? '',
      message,
    };
    return [{ kind: 'entry', entry }];
  }

  private reset(): void {
    this.state = 'line';
    this.held = [];
    this.heldLength = 0;
    this.name = null;
    this.fields = {};
    this.isEmpty = true;
  }

  private hold(bytes: Buffer, most: number): void {
    const kept = bytes.subarray(0, Math.max(0, most - this.heldLength));
    if (kept.length === 0) return;
    this.held.push(Buffer.from(kept));
    this.heldLength += kept.length;
  }

  private taken(): Buffer {
    const bytes =
      this.held.length === 1 ? (this.held[0] ?? Buffer.alloc(0)) : Buffer.concat(this.held);
    this.held = [];
    this.heldLength = 0;
    return bytes;
  }
}

function fieldOf(line: Buffer, end: number): Field | null {
  if (end > longestName) return null;
  const name = line.toString('latin1', 0, end);
  return wanted.find((candidate) => candidate === name) ?? null;
}

function fault(problem: string): JournalEvent {
  return { kind: 'fault', problem };
}
