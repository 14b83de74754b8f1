/**
 * What every file that is put into a queue gets, wherever it is made and however it is put in its place.
 */
import type { FileHandle } from 'node:fs/promises';

export interface NewFileFacts {
  /** Permission bits; null: as it was opened. */
  readonly mode: number | null;
  readonly uid: number;
  readonly gid: number;
  /** ms since 1970; null: now. */
  readonly modifiedAt: number | null;
}

/** It is whole and on disk when it resolves; its name is not. Rejects with what the system says. */
export async function fillFile(
  file: FileHandle,
  { mode, uid, gid, modifiedAt }: NewFileFacts,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  for await (const chunk of content) await file.writeFile(chunk);
  // Who is not root may put back what is his own.
  const found = await file.stat();
  if (found.uid !== uid || found.gid !== gid) await file.chown(uid, gid);
  if (mode !== null) await file.chmod(mode);
  if (modifiedAt !== null) await file.utimes(modifiedAt / 1000, modifiedAt / 1000);
  await file.sync();
}
