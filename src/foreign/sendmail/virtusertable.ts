/**
 * sendmail's virtusertable, the text that makemap reads.
 *
 * cf/README, FEATURE(virtusertable): `ann@example.org  annie`, `@example.org  %1@other.example`,
 * `old@example.org  error:nouser No such user`; keys `ann++@...` and `ann+*@...` match details. What
 * the right side may say besides is not read here: it is for whoever fills in `%1`.
 */
import { type MapEntryReading, splitKey } from '../map-entry.ts';

/** `line`: a logical line (map-lines.ts). */
export function parseVirtualUser(line: string): MapEntryReading {
  const { key, value } = splitKey(line);
  if (!key.includes('@')) return { problem: 'expected "user@domain address"' };
  if (value === '') return { problem: `"${key}" stands for nothing` };
  if (/^error:/i.test(value)) return { key, value: { kind: 'error', text: value.slice(6).trim() } };
  const [target = ''] = value.split(/\s/);
  return { key, value: { kind: 'alias', targets: [target] } };
}
