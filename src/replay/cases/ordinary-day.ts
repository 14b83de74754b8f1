/**
 * A day on which nothing happens: letters, a newsletter to everybody, a mailing list, a few notices to
 * people who did write, a few addresses that are old. Nobody need be told of it.
 */
import { goodClients } from '../clients.ts';
import { planLetter } from '../ordinary-mail.ts';
import type { Planned } from '../planned.ts';
import type { Random } from '../random.ts';
import type { ReplayCase } from '../replay-case.ts';
import { goodDomains, knownMailboxes } from '../sites.ts';
import { inventMailbox } from '../wording.ts';

export const ordinaryDayCase: ReplayCase = {
  title: 'an ordinary day: letters, newsletters, lists, a few notices and old addresses',
  shares: (random, { messages }) => [{ count: messages, make: (number) => plan(random, number) }],
  truth: { cause: null, subject: null },
};

function plan(random: Random, number: number): Planned {
  const marker = `wanted-day-${number}`;
  const sort = random.integer(100);
  if (sort < 10)
    return planLetter(random, {
      kind: 'wanted',
      marker,
      client: goodClients[1] ?? '',
      reversePath: 'news@good-2.example',
      forwardPaths: [random.pick(knownMailboxes)],
      fields: ['List-Unsubscribe: <mailto:leave@good-2.example>', 'Precedence: bulk'],
    });
  if (sort < 20)
    return planLetter(random, {
      kind: 'wanted',
      marker,
      client: goodClients[2] ?? '',
      reversePath: 'chess-bounces@good-3.example',
      forwardPaths: [random.pick(knownMailboxes)],
      fields: ['List-Id: <chess.good-3.example>'],
    });
  if (sort < 23)
    return planLetter(random, {
      kind: 'wanted',
      marker,
      reversePath: '',
      forwardPaths: [random.pick(knownMailboxes)],
      subject: 'Undelivered Mail Returned to Sender',
      fields: ['Auto-Submitted: auto-replied'],
    });
  if (sort < 25)
    return planLetter(random, {
      kind: 'misaddressed',
      marker: `misaddressed-day-${number}`,
      reversePath: `old-friend-${number}@${random.pick(goodDomains)}`,
      forwardPaths: [inventMailbox(random)],
    });
  return planLetter(random, {
    kind: 'wanted',
    marker,
    reversePath: `writer-${number}@${random.pick(goodDomains)}`,
    forwardPaths: [random.pick(knownMailboxes)],
  });
}
