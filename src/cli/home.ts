/**
 * Where we are and who runs us, as far as defaults depend on it.
 */
import { hostname, userInfo } from 'node:os';
import type { Home } from '../config/hosted-domains.ts';
import type { Config } from '../config/schema.ts';
import { normalizeDomain } from '../mail/domain.ts';
import { dataFolderOf } from './store-url.ts';

export function homeOf(config: Config): Home {
  const user = config.process.user ?? userName();
  return { hostName: hostname(), user, folder: dataFolderOf(config) };
}

/** How the server calls itself where the operator does not say. */
export function serverName(config: Config): string {
  return config.smtp.name ?? normalizeDomain(hostname()) ?? 'localhost';
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name, as in some containers.
    return 'postmaster';
  }
}
