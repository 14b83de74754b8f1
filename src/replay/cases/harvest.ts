/**
 * One client tries which mailboxes exist, each time under another name.
 */
import { clientAt } from '../clients.ts';
import type { ReplayCase } from '../replay-case.ts';
import { goodDomains } from '../sites.ts';
import { inventMailbox, inventMailboxes, spamWords, writeSentence, writeText } from '../wording.ts';

const harvester = clientAt(7, 66);

export const harvestCase: ReplayCase = {
  title: 'a harvest by one client, which tries who exists',
  shares: (random, { messages, recipients }) => [
    {
      count: messages,
      make: (number) => ({
        kind: 'spam',
        marker: `spam-${number}`,
        client: harvester,
        reversePath: inventMailbox(random, random.pick(goodDomains)),
        forwardPaths: inventMailboxes(random, recipients),
        subject: writeSentence(random, spamWords, 5),
        fields: [],
        body: writeText(random, spamWords),
      }),
    },
  ],
  truth: { cause: 'harvest', subject: harvester },
};
