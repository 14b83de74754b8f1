/**
 * OpenSMTPD's queue on disk: `queue/XX/MSGID/` with one `message` and a file for each envelope.
 *
 * queue_fs.c. MSGID has 8 hexadecimal digits, XX are its first two, an envelope's name is MSGID and 8
 * more. What is still being taken lies in `incoming/` and is no entry yet. Envelopes are replaced by
 * rename, apart from those of notices to come, which are written in their place.
 */
import { lstatSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readNoticeReport } from '../../foreign/notice-report.ts';
import { entryOfEnvelope, isNoticeMessage } from '../../foreign/opensmtpd/entry.ts';
import type { SmtpdEnvelope } from '../../foreign/opensmtpd/envelope.ts';
import { errorCode } from '../../mail/error-code.ts';
import { createFileTexts } from '../file-text.ts';
import {
  type EntryPlace,
  type Listed,
  type PlaceRead,
  QueueFolderError,
  type QueueReader,
} from '../reader.ts';
import { changingTime, isEnvelopeFile, readEnvelopeFile } from './envelope-file.ts';
import { createMessageFiles, type Message, type MessageFiles } from './message-file.ts';
import { readRoutes } from './routes.ts';

const envelopeName = /^[0-9a-f]{16}$/;
const messageName = /^[0-9a-f]{8}$/;
const bucketName = /^[0-9a-f]{2}$/;

/** `folders`: the one spool, `/var/spool/smtpd`. */
export function openOpenSmtpdReader(folders: readonly string[]): QueueReader {
  const queues = folders.map((folder) => join(folder, 'queue'));
  const routes = folders.map(readRoutes);
  const files = createFileTexts();
  const messages = createMessageFiles(files);

  function nextHopOf(path: string, envelope: SmtpdEnvelope) {
    const queue = dirname(dirname(dirname(path)));
    return routes[queues.indexOf(queue)]?.(envelope) ?? null;
  }

  return {
    *list() {
      for (const queue of queues) yield* listQueue(queue);
    },
    read({ id, path }) {
      const read = readEnvelopeFile(files, path);
      if (read.kind === 'absent') return read;
      if (read.kind === 'unreadable') return { ...read, path };
      const { envelope } = read;
      return finish(messages, path, isNoticeMessage(envelope), (message) =>
        entryOfEnvelope(envelope, {
          id,
          size: message.size,
          report: message.prefix === null ? null : readNoticeReport(message.prefix),
          nextHop: nextHopOf(path, envelope),
        }),
      );
    },
    find(id) {
      if (!envelopeName.test(id)) return null;
      const path = queues
        .map((queue) => join(messageFolder(queue, id.slice(0, 8)), id))
        .find(isEnvelopeFile);
      return path === undefined ? null : { id, path };
    },
    filesOf: ({ path }) => [messageOf(path), path],
  };
}

/** Where a queue keeps a message, by its name. */
export function messageFolder(queue: string, message: string): string {
  return join(queue, message.slice(0, 2), message);
}

/** The message that an envelope is for. */
function messageOf(envelope: string): string {
  return join(dirname(envelope), 'message');
}

function finish(
  messages: MessageFiles,
  path: string,
  isNotice: boolean,
  entryOf: (message: Message) => ReturnType<typeof entryOfEnvelope>,
): PlaceRead {
  const file = messageOf(path);
  const message = messages.look(file, isNotice);
  // A delivery that ends takes the envelope first, and the message with the last of them.
  if (message.kind === 'absent')
    return isAtRest(dirname(path))
      ? { kind: 'unreadable', path: file, problem: 'expected the message, found none' }
      : { kind: 'absent' };
  if (message.kind === 'unreadable') return { ...message, path: file };
  return { kind: 'entry', entry: entryOf(message) };
}

function* listQueue(queue: string): Generator<Listed> {
  for (const bucket of foldersIn(queue)) {
    const folder = join(queue, bucket.name);
    if (!bucket.isFolder || !bucketName.test(bucket.name))
      yield stranger(folder, 'a folder named by two hexadecimal digits');
    else
      for (const { name, isFolder } of foldersIn(folder))
        if (isFolder && messageName.test(name) && name.startsWith(bucket.name))
          yield* listMessage(join(folder, name), name);
        else
          yield stranger(
            join(folder, name),
            `a folder named ${bucket.name} and six hexadecimal digits`,
          );
  }
}

function* listMessage(folder: string, message: string): Generator<Listed> {
  let envelopes = 0;
  for (const name of namesIn(folder))
    if (envelopeName.test(name) && name.startsWith(message)) {
      const place: EntryPlace = { id: name, path: join(folder, name) };
      envelopes++;
      yield { kind: 'entry', place };
    } else if (name !== 'message')
      yield stranger(
        join(folder, name),
        `"message", or an envelope named ${message} and eight hexadecimal digits`,
      );
  if (envelopes === 0 && isAtRest(folder))
    yield { kind: 'unreadable', path: folder, problem: withoutEnvelope };
}

const withoutEnvelope = 'expected an envelope in the folder, found none: nobody will deliver this';

/** The server removes the last envelope before the folder. */
function isAtRest(folder: string): boolean {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > changingTime;
}

function stranger(path: string, expected: string): Listed {
  return { kind: 'unreadable', path, problem: `expected ${expected}, found something else` };
}

/** None where the folder is gone by now. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    return noneIfGone(folder, error);
  }
}

/** What there is, and whether it is a folder: links to some are none. */
function foldersIn(folder: string): readonly { name: string; isFolder: boolean }[] {
  try {
    const found = readdirSync(folder, { withFileTypes: true });
    return found.map((one) => ({ name: one.name, isFolder: one.isDirectory() }));
  } catch (error) {
    return noneIfGone(folder, error);
  }
}

function noneIfGone(folder: string, error: unknown): readonly [] {
  const isGone = errorCode(error) === 'ENOENT';
  if (isGone && basename(folder) !== 'queue') return [];
  throw new QueueFolderError(folder, error);
}
