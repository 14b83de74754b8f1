/**
 * A -J file: addresses that were delivered since the -H file was written, one in each line.
 *
 * Latin1, one character for each octet. A line without its end was not written whole, so its address counts as not delivered.
 */
import { SpoolLines } from './spool-lines.ts';

export function parseJournal(file: string): ReadonlySet<string> {
  const addresses = new Set<string>();
  const lines = new SpoolLines(file);
  while (lines.next()) addresses.add(lines.text());
  return addresses;
}
