/**
 * Somebody has sent spam in the name of a site of ours, and now the notices about it come in, from mail
 * servers all over the world, for mailboxes that never sent anything.
 */
import { clientAt } from '../clients.ts';
import type { ReplayCase } from '../replay-case.ts';
import { inventMailbox } from '../wording.ts';

const site = 'orchestra.example';

export const joeJobCase: ReplayCase = {
  title: 'a joe job: failure notices about spam that a site of ours never sent',
  shares: (random, { messages }) => [
    {
      count: messages,
      make: (number) => {
        const forged = inventMailbox(random, site);
        return {
          kind: 'spam',
          marker: `spam-${number}`,
          client: clientAt(random.integer(200), 25),
          reversePath: '',
          forwardPaths: [forged],
          subject: 'Undelivered Mail Returned to Sender',
          fields: ['Auto-Submitted: auto-replied'],
          body: `Your message from ${forged} could not be delivered: there is no such mailbox.\n`,
        };
      },
    },
  ],
  truth: { cause: 'joe-job', subject: site },
};
