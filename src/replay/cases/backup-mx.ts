/**
 * Spam under the names of many real senders comes to a backup MX that takes every recipient: whatever the
 * primary then refuses, it reports to people who never wrote.
 */
import { clientAt } from '../clients.ts';
import type { ReplayCase } from '../replay-case.ts';
import { goodDomains } from '../sites.ts';
import { inventMailbox, inventMailboxes, spamWords, writeSentence, writeText } from '../wording.ts';

export const backupMxCase: ReplayCase = {
  title: 'spam in the names of many real people, for a backup MX that takes everything',
  shares: (random, { messages, recipients }) => [
    {
      count: messages,
      make: (number) => ({
        kind: 'spam',
        marker: `spam-${number}`,
        client: clientAt(random.integer(400), 1 + random.integer(200)),
        reversePath: inventMailbox(random, random.pick(goodDomains)),
        forwardPaths: inventMailboxes(random, recipients),
        subject: writeSentence(random, spamWords, 5),
        fields: [],
        body: writeText(random, spamWords),
      }),
    },
  ],
  truth: { cause: 'notice-storm', subject: '' },
};
