/**
 * OpenSMTPD's queue on disk: `queue/XX/MSGID/` with one `message` and a file for each envelope.
 *
 * queue_fs.c. MSGID has 8 hexadecimal digits, XX are its first two, an envelope's name is MSGID and 8
 * more. What is still being taken lies in `incoming/` and is no entry yet. Envelopes are replaced by
 * rename, apart from those of notices to come, which are written in their place.
 */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readNoticeReport } from '../../foreign/notice-report.ts';
import { entryOfEnvelope, isNoticeMessage } from '../../foreign/opensmtpd/entry.ts';
import type { SmtpdEnvelope } from '../../foreign/opensmtpd/envelope.ts';
import {
  type EntryPlace,
  type Listed,
  type PlaceRead,
  QueueFolderError,
  type QueueReader,
} from '../reader.ts';
import { createEnvelopeFiles } from './envelope-file.ts';
import { createMessageFiles, type MessageFiles } from './message-file.ts';
import { readRoutes } from './routes.ts';

const envelopeName = /^[0-9a-f]{16}$/;
const messageName = /^[0-9a-f]{8}$/;
const bucketName = /^[0-9a-f]{2}$/;

/** `folders`: the one spool, `/var/spool/smtpd`. */
export function openOpenSmtpdReader(folders: readonly string[]): QueueReader {
  const queues = folders.map((folder) => join(folder, 'queue'));
  const routes = folders.map(readRoutes);
  const envelopes = createEnvelopeFiles();
  const messages = createMessageFiles();

  function nextHopOf(path: string, envelope: SmtpdEnvelope) {
    const queue = dirname(dirname(dirname(path)));
    return routes[queues.indexOf(queue)]?.(envelope) ?? null;
  }

  return {
    *list() {
      for (const queue of queues) yield* listQueue(queue);
    },
    read({ id, path }) {
      const read = envelopes.read(path);
      if (read.kind === 'absent') return read;
      if (read.kind === 'fault') return { kind: 'unreadable', path, problem: read.problem };
      const { envelope } = read;
      return finish(messages, path, isNoticeMessage(envelope), (message) =>
        entryOfEnvelope(envelope, {
          id,
          size: message.size,
          report: message.prefix && readNoticeReport(message.prefix),
          nextHop: nextHopOf(path, envelope),
        }),
      );
    },
    find(id) {
      if (!envelopeName.test(id)) return null;
      const path = queues
        .map((queue) => join(messageFolder(queue, id.slice(0, 8)), id))
        .find((one) => envelopes.exists(one));
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
export function messageOf(envelope: string): string {
  return join(dirname(envelope), 'message');
}

function finish(
  messages: MessageFiles,
  path: string,
  isNotice: boolean,
  entryOf: (message: {
    size: number;
    prefix: Uint8Array | null;
  }) => ReturnType<typeof entryOfEnvelope>,
): PlaceRead {
  const file = messageOf(path);
  const message = messages.look(file, isNotice);
  // A delivery that ends takes the envelope first, and the message with the last of them.
  if (message === null) return { kind: 'absent' };
  if ('problem' in message) return { kind: 'unreadable', path: file, problem: message.problem };
  return { kind: 'entry', entry: entryOf(message) };
}

function* listQueue(queue: string): Generator<Listed> {
  for (const bucket of namesIn(queue) ?? []) {
    const folder = join(queue, bucket);
    const messages = bucketName.test(bucket) ? namesIn(folder) : null;
    if (!messages) yield stranger(folder, 'a folder named by two hexadecimal digits');
    else for (const message of messages) yield* listMessage(folder, message);
  }
}

function* listMessage(bucket: string, message: string): Generator<Listed> {
  const folder = join(bucket, message);
  const isOne = messageName.test(message) && message.startsWith(basename(bucket));
  const names = isOne ? namesIn(folder) : null;
  if (!names) {
    yield stranger(folder, `a folder named ${basename(bucket)} and six hexadecimal digits`);
    return;
  }
  for (const name of names)
    if (envelopeName.test(name) && name.startsWith(message)) {
      const place: EntryPlace = { id: name, path: join(folder, name) };
      yield { kind: 'entry', place };
    } else if (name !== 'message')
      yield stranger(
        join(folder, name),
        `"message", or an envelope named ${message} and eight hexadecimal digits`,
      );
}

function stranger(path: string, expected: string): Listed {
  return { kind: 'unreadable', path, problem: `expected ${expected}, found something else` };
}

/** Null where it is no folder; none where it is gone by now. */
function namesIn(folder: string): readonly string[] | null {
  try {
    return readdirSync(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOTDIR') return null;
    if (code === 'ENOENT' && basename(folder) !== 'queue') return [];
    throw new QueueFolderError(folder, error);
  }
}
