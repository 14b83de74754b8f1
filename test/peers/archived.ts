/**
 * Files of a queue as an archive holds them, in memory.
 */
import { readFile, stat } from 'node:fs/promises';
import type { ArchivedEntry } from '../../src/rescue/mail-server.ts';

export async function archived(
  id: string,
  wasHeld: boolean,
  paths: readonly string[],
): Promise<ArchivedEntry> {
  const files = await Promise.all(
    paths.map(async (path) => {
      const { mode, uid, gid, mtimeMs, size } = await stat(path);
      const bytes = await readFile(path);
      return {
        ...{ path, mode: mode & 0o7777, uid, gid, modifiedAt: mtimeMs, size },
        async *content() {
          yield bytes;
        },
      };
    }),
  );
  return { id, wasHeld, files };
}
