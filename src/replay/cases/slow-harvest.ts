/**
 * Many networks, each a little, try which mailboxes exist at one site: no client stands out.
 */
import { clientAt } from '../clients.ts';
import type { ReplayCase } from '../replay-case.ts';
import { goodDomains } from '../sites.ts';
import { inventMailbox, spamWords, writeSentence, writeText } from '../wording.ts';

const site = 'museum.example';

export const slowHarvestCase: ReplayCase = {
  title: 'a harvest at one site by many networks, each of which tries one name',
  shares: (random, { messages }) => [
    {
      count: messages,
      make: (number) => ({
        kind: 'spam',
        marker: `spam-${number}`,
        client: clientAt(number - 1, 1 + random.integer(200)),
        reversePath: inventMailbox(random, random.pick(goodDomains)),
        forwardPaths: [inventMailbox(random, site)],
        subject: writeSentence(random, spamWords, 5),
        fields: [],
        body: writeText(random, spamWords),
      }),
    },
  ],
  truth: { cause: 'slow-harvest', subject: site },
};
