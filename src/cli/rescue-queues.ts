/**
 * Which queues `spillway rescue` means: those of the servers found, or a folder that the admin names.
 */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Mta } from '../foreign/queue-entry.ts';
import type { Root } from '../machine/root.ts';
import { errorCode } from '../mail/error-code.ts';
import { printable } from '../mail/printable.ts';
import { findServers, serverWith } from '../rescue/find-servers.ts';
import { openFolderServer } from '../rescue/folder-server.ts';
import { guessMta } from '../rescue/guess-mta.ts';
import type { MailServer } from '../rescue/mail-server.ts';
import { queueFoldersUnder } from '../rescue/sendmail/folders.ts';
import { CommandError } from './exit.ts';

export interface QueueChoice {
  readonly root: Root;
  readonly mta: Mta | null;
  /** As the admin typed it. */
  readonly queue: string | null;
  /** The admin says that no server works on the folder. */
  readonly stopped: boolean;
}

/** At least one. Throws CommandError. */
export async function chooseQueues(choice: QueueChoice): Promise<readonly MailServer[]> {
  const { root, mta, queue } = choice;
  const servers = await findServers(root, mta);
  if (queue !== null) return [await namedQueue(queue, servers, choice)];
  if (servers.length > 0) return servers;
  const what = mta ?? 'sendmail, Postfix, Exim or OpenSMTPD';
  const where = root.folder === '/' ? 'on this machine' : `in ${printable(root.folder)}`;
  throw new CommandError(
    `no ${what} found ${where}. Name a queue with --queue FOLDER, or the root of another machine with --root FOLDER`,
  );
}

/** The server's own, where it is one's: then its own means may be used. */
async function namedQueue(
  queue: string,
  servers: readonly MailServer[],
  { mta, stopped, root }: QueueChoice,
): Promise<MailServer> {
  const folder = await realFolder(queue);
  const own = await serverWith(servers, root, [folder]);
  if (own) return own;
  const kind = mta ?? (await guessMta(folder));
  if (kind === null)
    throw new CommandError(
      `${printable(folder)} looks like no queue that is known; name its server with --mta`,
    );
  const folders = kind === 'sendmail' ? queueFoldersUnder(folder) : [folder];
  return openFolderServer({ mta: kind, folders }, stopped);
}

async function realFolder(queue: string): Promise<string> {
  try {
    return await realpath(resolve(queue));
  } catch (error) {
    const code = errorCode(error);
    const why = code === 'ENOENT' ? 'there is no such folder' : `it cannot be opened (${code})`;
    throw new CommandError(`--queue ${printable(queue)}: ${why}`, undefined, error);
  }
}
