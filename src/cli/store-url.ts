/**
 * Where the journal is kept when nobody says: the system's folder for root, the user's otherwise.
 */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Config } from '../config/schema.ts';

export function storeUrlOf(config: Config): string {
  return config.store.url ?? `sqlite:${defaultFolder()}`;
}

/** The folder in which all of ours lies. */
export function dataFolderOf(config: Config): string {
  return resolve(storeUrlOf(config).replace(/^sqlite:/, ''));
}

function defaultFolder(): string {
  if (process.getuid?.() === 0) return '/var/lib/spillway';
  const state = process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  return join(state, 'spillway');
}
