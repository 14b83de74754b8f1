/**
 * A file put into its place whole, or not at all, and never over another.
 */
import { constants } from 'node:fs';
import { type FileHandle, link, open, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '../../mail/error-code.ts';
import { fillFile } from '../fill-file.ts';
import type { ArchivedFile } from '../mail-server.ts';

const { O_WRONLY, O_CREAT, O_EXCL, O_RDONLY, O_NOFOLLOW } = constants;

/**
 * `mayBeThere`: a file with just that content may be in the place already, left by a run that was
 * interrupted. Synced, its folder is not. Throws where it cannot be written.
 */
export async function putFile(
  path: string,
  facts: ArchivedFile,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  mayBeThere: boolean,
): Promise<'put' | 'taken'> {
  // Exim's own name for what is not complete yet; nobody else has this id.
  const draft = join(dirname(path), `hdr.spillway.${basename(path)}`);
  await rm(draft, { force: true });
  try {
    const file = await open(draft, O_WRONLY | O_CREAT | O_EXCL, 0o600);
    try {
      await fillFile(file, facts, content);
    } finally {
      await file.close();
    }
    const isPut = await link(draft, path).then(
      () => true,
      (error: unknown) => {
        if (errorCode(error) !== 'EEXIST') throw error;
        return false;
      },
    );
    if (isPut) return 'put';
    return mayBeThere && (await isSame(draft, path)) ? 'put' : 'taken';
  } finally {
    await rm(draft, { force: true });
  }
}

async function isSame(one: string, other: string): Promise<boolean> {
  const files: FileHandle[] = [];
  try {
    for (const path of [one, other]) files.push(await open(path, O_RDONLY | O_NOFOLLOW));
    const [left, right] = files;
    if (!left || !right || (await left.stat()).size !== (await right.stat()).size) return false;
    const [a, b] = [Buffer.alloc(65_536), Buffer.alloc(65_536)];
    for (;;) {
      const { bytesRead } = await left.read(a, 0, a.length, null);
      const { bytesRead: others } = await right.read(b, 0, b.length, null);
      if (bytesRead !== others || !a.subarray(0, bytesRead).equals(b.subarray(0, others)))
        return false;
      if (bytesRead === 0) return true;
    }
  } finally {
    for (const file of files) await file.close();
  }
}
