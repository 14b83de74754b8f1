/**
 * Opens the queue that a URL names: `sqlite:FOLDER`, with the file queue.sqlite in the folder.
 */
import { randomInt } from 'node:crypto';
import { statSync } from 'node:fs';
import { errorCode } from '../mail/error-code.ts';
import { QueueInUseError, QueueOpenError } from './errors.ts';
import type { QueueStore } from './queue-store.ts';
import { explainPlace, mayPass, placeOf } from './store-place.ts';
import { threadedQueue } from './threaded-queue.ts';

const MiB = 1024 * 1024;

export interface QueueOptions {
  /**
   * The process takes and delivers mail: no other one may do so on the same folder while it lives.
   * Only such a process may claim messages. Default: false.
   */
  readonly serve?: boolean;
  /** Size in bytes of the file beyond which writing fails as on a full disk. */
  readonly maxBytes?: number;
  /**
   * Where fewer bytes of the disk are free no message is taken: those in the queue need the rest.
   * Default: 32 MiB.
   */
  readonly minFreeBytes?: number;
  /** Bytes in memory that are not on disk yet, beyond which `begin` gives null. Default: 64 MiB. */
  readonly maxWaitingBytes?: number;
}

/**
 * Makes the folder (mode 0700) and the file (0600) where they are missing.
 *
 * Throws QueueOpenError where no queue can ever be kept, QueueInUseError where another server has
 * it. A full or failing disk is no such thing: the store opens all the same, its writes fail until
 * there is room.
 */
export async function openQueueStore(url: string, options: QueueOptions = {}): Promise<QueueStore> {
  const { serve = false, maxBytes, minFreeBytes = 32 * MiB, maxWaitingBytes = 64 * MiB } = options;
  const path = queuePath(url);
  const instance = randomInt(1, 2 ** 47);
  const store = threadedQueue({
    path,
    maxBytes,
    minFreeBytes,
    instance,
    serve,
    maxWaitingBytes,
  });
  try {
    await store.open();
  } catch (error) {
    if (mayPass(error)) return store;
    await store[Symbol.asyncDispose]();
    const message = explainPlace('queue', path, error, 'keep');
    throw errorCode(error) === 'STORE_LOCKED'
      ? new QueueInUseError(message, error)
      : new QueueOpenError(message, error);
  }
  return store;
}

/** The file of the queue and whether there is one yet; makes nothing. Throws QueueOpenError. */
export function findQueue(url: string): { readonly where: string; readonly exists: boolean } {
  const where = queuePath(url);
  try {
    return { where, exists: statSync(where, { throwIfNoEntry: false }) !== undefined };
  } catch (error) {
    throw new QueueOpenError(explainPlace('queue', where, error, 'read'), error);
  }
}

function queuePath(url: string): string {
  const place = placeOf(url, 'queue.sqlite');
  if ('problem' in place) throw new QueueOpenError(place.problem);
  return place.path;
}
