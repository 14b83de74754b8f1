/**
 * Removing an envelope of an OpenSMTPD that does not run, as it would do itself: the envelope first, the
 * message with the last one.
 */
import { readdir, rmdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../../mail/error-code.ts';
import { errorText } from '../../mail/error-text.ts';
import type { Missed } from '../mail-server.ts';

export async function removeStopped(envelope: string): Promise<Missed | 'removed'> {
  try {
    await unlink(envelope);
  } catch (error) {
    const isGone = errorCode(error) === 'ENOENT';
    return isGone ? 'gone' : { problem: errorText(error) };
  }
  const folder = dirname(envelope);
  const left = await readdir(folder).catch(() => null);
  if (left?.length === 1 && left[0] === 'message')
    await unlink(join(folder, 'message')).catch(() => undefined);
  // Where another envelope is left, the folder stays, and so it does where anything else is.
  await rmdir(folder).catch(() => undefined);
  return 'removed';
}
