/**
 * What the rescue has Exim do to messages of its queue.
 */
import { isMessageId } from '../../foreign/exim/message-id.ts';
import type { EximProgram } from '../../machine/exim.ts';
import type { Ran } from '../../machine/root.ts';

/**
 * Whoever stops the rescue at a terminal, or closes it, stops it and not Exim, which would leave a
 * message with half of its files.
 */
const unstoppable = ['sh', '-c', 'trap "" HUP INT QUIT && exec "$@"', 'sh'];

/** `-Mf`, `-Mt` and `-Mrm`, in one process for all messages of a queue. Throws for what is no id. */
export async function actOn(
  { root, path }: EximProgram,
  action: '-Mf' | '-Mt' | '-Mrm',
  /** Null: the one queue that has no name. */
  queue: string | null,
  ids: readonly string[],
): Promise<Ran> {
  if (!ids.every(isMessageId)) throw new TypeError('no message id of Exim');
  const named = queue === null ? [] : [`-qG${queue}`];
  return await root.run('/', [...unstoppable, path, ...named, action, ...ids]);
}
