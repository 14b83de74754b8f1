/**
 * Time stamps of logs: what they look like, and which moment is meant.
 *
 * RFC 3164 `Nov  3 00:40:30` (local time, no year), RFC 5424 and RFC 3339 `2026-11-23T00:40:30.123456+01:00`, Exim's
 * `2026-11-23 00:40:30.123 +0100`. The part down to the hour is the same in line after line, and is read once.
 */

export interface Stamp {
  /** ms since 1970. */
  at: number;
  /** Position behind it and the blank that follows. */
  end: number;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const hour = 3_600_000;

export class StampReader {
  private readonly from: number;
  private shortHour = '';
  private shortBase = 0;
  private longHour = '';
  private longZone = '';
  private longBase = 0;
  private readonly stamp: Stamp = { at: 0, end: 0 };

  /** `from`: stamps without a year are of the year that begins then, in ms since 1970. */
  constructor(from: number) {
    this.from = from;
  }

  /** The stamp at a position, valid until the next call; null: there is none. */
  read(line: string, at: number): Stamp | null {
    const code = line.charCodeAt(at);
    if (code >= 0x41 && code <= 0x5a) return this.readShort(line, at);
    return code >= 0x30 && code <= 0x39 ? this.readLong(line, at) : null;
  }

  /** `Nov  3 00:40:30 ` */
  private readShort(line: string, at: number): Stamp | null {
    if (line.charCodeAt(at + 15) !== 0x20) return null;
    if (this.shortHour === '' || !line.startsWith(this.shortHour, at)) {
      const base = baseOfShort(line.slice(at, at + 10), this.from);
      if (base === null) return null;
      this.shortHour = line.slice(at, at + 10);
      this.shortBase = base;
    }
    const rest = minutesAndSeconds(line, at + 10);
    if (rest < 0) return null;
    this.stamp.at = this.shortBase + rest * 1000;
    this.stamp.end = at + 16;
    return this.stamp;
  }

  /** `2026-11-23T00:40:30.123456+01:00 `, `2026-11-23 00:40:30 +0100 ` */
  private readLong(line: string, at: number): Stamp | null {
    const separator = line.charCodeAt(at + 10);
    if (separator !== 0x54 && separator !== 0x20) return null;
    const rest = minutesAndSeconds(line, at + 14);
    if (rest < 0) return null;
    let end = at + 19;
    let ms = 0;
    if (line.charCodeAt(end) === 0x2e || line.charCodeAt(end) === 0x2c) {
      let unit = 100;
      for (end++; isDigit(line.charCodeAt(end)); end++) {
        ms += unit * (line.charCodeAt(end) - 0x30);
        unit /= 10;
      }
    }
    // Exim puts a blank before the zone.
    const sign = line.charCodeAt(separator === 0x20 ? end + 1 : end);
    const isZoned = sign === 0x2b || sign === 0x2d || line.charCodeAt(end) === 0x5a;
    let zoneEnd = isZoned ? end + 1 : end;
    // The line may be a part of a large text, in which no other blank follows.
    while (isZoned && zoneEnd - end < 7 && line.charCodeAt(zoneEnd) !== 0x20) zoneEnd++;
    if (line.charCodeAt(zoneEnd) !== 0x20) return null;
    const zone = line.slice(end, zoneEnd);
    if (this.longHour === '' || !line.startsWith(this.longHour, at) || zone !== this.longZone) {
      const base = baseOfLong(line.slice(at, at + 14), zone.trim());
      if (base === null) return null;
      this.longHour = line.slice(at, at + 14);
      this.longZone = zone;
      this.longBase = base;
    }
    this.stamp.at = this.longBase + rest * 1000 + Math.floor(ms);
    this.stamp.end = zoneEnd + 1;
    return this.stamp;
  }
}

/** `Nov  3 00:` of the year from `from` on. */
function baseOfShort(text: string, from: number): number | null {
  const found = /^([A-Z][a-z]{2}) ([ 0-3]\d) ([0-2]\d):$/.exec(text);
  const month = months.indexOf(found?.[1] ?? '');
  const [day, hours] = [Number(found?.[2]), Number(found?.[3])];
  if (!found || month < 0 || hours > 23) return null;
  const first = new Date(from).getFullYear();
  // A leap day needs up to eight years to come.
  for (let year = first; year <= first + 8; year++) {
    const date = new Date(year, month, day, hours);
    // The hour in which the clock is set forward does not exist: nothing else is compared.
    if (date.getMonth() !== month || date.getDate() !== day) continue;
    if (date.getTime() > from - hour) return date.getTime();
  }
  return null;
}

const zones = /^(?:Z|[+-]\d\d:?\d\d)$/;

/** `2026-11-23T00:` with `+01:00`, `+0100`, `Z` or nothing for local time. */
function baseOfLong(text: string, zone: string): number | null {
  const found = /^(\d{4})-(\d\d)-(\d\d)[T ]([0-2]\d):$/.exec(text);
  if (!found || (zone !== '' && !zones.test(zone))) return null;
  const [year = 0, month = 0, day = 0, hours = 0] = found.slice(1).map(Number);
  if (hours > 23) return null;
  const date = new Date(0);
  if (zone === '') {
    date.setFullYear(year, month - 1, day);
    date.setHours(hours, 0, 0, 0);
    return date.getDate() === day && date.getMonth() === month - 1 ? date.getTime() : null;
  }
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCDate() !== day || date.getUTCMonth() !== month - 1) return null;
  date.setUTCHours(hours);
  if (zone === 'Z') return date.getTime();
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return date.getTime() - (zone.startsWith('-') ? -1 : 1) * minutes * 60_000;
}

/** Seconds of `40:30`; -1: it is none. */
function minutesAndSeconds(line: string, at: number): number {
  const tens = line.charCodeAt(at) - 0x30;
  const ones = line.charCodeAt(at + 1) - 0x30;
  const secondTens = line.charCodeAt(at + 3) - 0x30;
  const secondOnes = line.charCodeAt(at + 4) - 0x30;
  const isTime =
    line.charCodeAt(at + 2) === 0x3a &&
    tens >= 0 &&
    tens <= 5 &&
    ones >= 0 &&
    ones <= 9 &&
    secondTens >= 0 &&
    secondTens <= 6 &&
    secondOnes >= 0 &&
    secondOnes <= 9;
  return isTime ? (tens * 10 + ones) * 60 + secondTens * 10 + secondOnes : -1;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
