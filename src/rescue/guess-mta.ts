/**
 * Whose queue a folder is, by what lies in it.
 */
import { readdir } from 'node:fs/promises';
import type { Mta } from '../foreign/queue-entry.ts';

/** Folders that only this server's queue has; sendmail's may be flat, with files alone. */
const marks: readonly (readonly [Mta, readonly string[]])[] = [
  ['postfix', ['deferred', 'active', 'incoming']],
  ['opensmtpd', ['queue', 'incoming']],
  ['exim', ['input']],
];

/** Null: none that we know. Rejects as readdir does. */
export async function guessMta(folder: string): Promise<Mta | null> {
  const names = new Set<string>();
  for (const name of await readdir(folder)) names.add(name);
  for (const [mta, folders] of marks) if (folders.every((name) => names.has(name))) return mta;
  for (const name of names) if (/^(qf|hf|df|xf|qd)/.test(name)) return 'sendmail';
  return null;
}
