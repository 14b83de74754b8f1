/**
 * Run by a test as a process of its own: appends receipts with growing queue ids to the journal
 * that its argument names, and prints each id once the journal has promised to keep it.
 */

import { openJournalStore } from '../../src/store/open-journal.ts';
import { exampleReceipt } from './journal-suite.ts';

const store = await openJournalStore(process.argv[2] ?? '');
for (let number = 0; ; number += 2) {
  const ids = [`q${number}`, `q${number + 1}`];
  await Promise.all(
    ids.map((queueId, index) =>
      store.append([exampleReceipt({ queueId, from: number + index, until: number + index })]),
    ),
  );
  process.stdout.write(ids.map((id) => `${id}\n`).join(''));
}
