/**
 * Reads a journal page by page: each page is a look of its own, so a slow reader holds up nobody.
 */
import type { StoredReceipt } from './journal-store.ts';
import type { Cursor } from './sqlite-journal.ts';

const pageSize = 500;

export async function* readPages(
  readPage: (after: Cursor | null, limit: number) => Promise<readonly StoredReceipt[]>,
): AsyncGenerator<StoredReceipt> {
  let after: Cursor | null = null;
  for (;;) {
    const receipts: readonly StoredReceipt[] = await readPage(after, pageSize);
    yield* receipts;
    const last = receipts.at(-1);
    if (!last || receipts.length < pageSize) return;
    after = { from: last.from, id: last.id };
  }
}
