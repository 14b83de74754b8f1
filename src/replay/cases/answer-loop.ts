/**
 * Two answering machines that answer each other. What the one at home says is handed to the server for
 * relaying; a server that refuses it sees no loop, and there would be none.
 */
import { goodClients } from '../clients.ts';
import { planLetter } from '../ordinary-mail.ts';
import type { ReplayCase } from '../replay-case.ts';

const robot = 'robot@good-1.example';
const away = 'info@library.example';

export const answerLoopCase: ReplayCase = {
  title: 'two autoresponders that answer each other',
  shares: (random, { messages }) => [
    {
      count: messages,
      make: (number) => {
        const isComing = number % 2 === 1;
        return planLetter(random, {
          kind: 'spam',
          marker: `spam-${number}`,
          client: goodClients[0] ?? '',
          reversePath: isComing ? robot : away,
          forwardPaths: [isComing ? away : robot],
          subject: 'Out of office',
          fields: ['Auto-Submitted: auto-replied'],
        });
      },
    },
  ],
  truth: { cause: 'answer-loop', subject: `${away} and ${robot}` },
};
