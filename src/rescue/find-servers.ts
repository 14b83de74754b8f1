/**
 * The mail servers of a machine that have a queue.
 */
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mta } from '../foreign/queue-entry.ts';
import type { Root } from '../machine/root.ts';
import { findExim } from './exim/server.ts';
import type { MailServer } from './mail-server.ts';
import { findOpenSmtpd } from './opensmtpd/server.ts';
import { findPostfix } from './postfix/server.ts';
import { findSendmail } from './sendmail/server.ts';

const finders: {
  readonly [mta in Mta]: (root: Root) => Promise<readonly MailServer[]>;
} = { sendmail: findSendmail, postfix: findPostfix, exim: findExim, opensmtpd: findOpenSmtpd };

/** All of them, or those of one kind. */
export async function findServers(root: Root, mta: Mta | null): Promise<readonly MailServer[]> {
  const wanted = mta ? [finders[mta]] : Object.values(finders);
  return (await Promise.all(wanted.map((find) => find(root)))).flat();
}

/** The one that has one of these folders for its queue, or a part of it, by whatever path; null: none. */
export async function serverWith(
  servers: readonly MailServer[],
  root: Root,
  folders: readonly string[],
): Promise<MailServer | null> {
  const wanted = new Set(await Promise.all(folders.map(realOf)));
  for (const server of servers)
    for (const own of [...server.source.folders, join(root.folder, server.queue)])
      if (wanted.has(await realOf(own))) return server;
  return null;
}

async function realOf(path: string): Promise<string> {
  return await realpath(path).catch(() => path);
}
