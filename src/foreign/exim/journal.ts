/**
 * A -J file: addresses that were delivered since the -H file was written, one in each line.
 *
 * A line without its end was not written whole, so its address counts as not delivered.
 */
import { SpoolLines } from './spool-lines.ts';

export function parseJournal(bytes: Buffer): ReadonlySet<string> {
  const addresses = new Set<string>();
  const lines = new SpoolLines(bytes);
  while (lines.next()) addresses.add(lines.text());
  return addresses;
}
