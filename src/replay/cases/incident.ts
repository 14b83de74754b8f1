/**
 * The case of 2006: a spammer writes to invented mailboxes at every hosted site, in the name of
 * nicholas@seaton.biz, whose MX leads back to whoever sends to it.
 */
import { clientAt } from '../clients.ts';
import { variants } from '../incident-zone.ts';
import type { Share } from '../mix.ts';
import { planLetter } from '../ordinary-mail.ts';
import type { Random } from '../random.ts';
import type { ReplayCase, ReplaySizes } from '../replay-case.ts';
import { inventMailbox, inventMailboxes, spamWords, writeSentence, writeText } from '../wording.ts';

export const forgedSender = 'nicholas@seaton.biz';

const networks = 50;

export const incidentCase: ReplayCase = {
  title: 'the flood of 2006: one forged sender, invented recipients at every site',
  shares: (random, sizes) => [spam(random, sizes), oddities(random, sizes)],
  truth: { cause: 'forged-sender', subject: forgedSender },
};

function spam(random: Random, { messages, recipients }: ReplaySizes): Share {
  return {
    count: messages,
    make: (number) => ({
      kind: 'spam',
      marker: `spam-${number}`,
      client: clientAt(random.integer(networks), 1 + random.integer(200)),
      reversePath: forgedSender,
      forwardPaths: inventMailboxes(random, recipients),
      subject: writeSentence(random, spamWords, 5),
      fields: [],
      body: writeText(random, spamWords),
    }),
  };
}

function oddities(random: Random, sizes: ReplaySizes): Share {
  return {
    count: sizes.variants ? variants.length : 0,
    make(number) {
      const variant = variants[number - 1];
      if (!variant) throw new RangeError(`there is no oddity ${number}`);
      return planLetter(random, {
        kind: 'variant',
        marker: `variant-${variant.name}`,
        reversePath: `visitor@${variant.domain}`,
        forwardPaths: [inventMailbox(random)],
      });
    },
  };
}
