/**
 * The question before the flood: do the server's failure notices stay in our world?
 *
 * The forged sender is a real domain, so nothing is played until that is proved.
 */
import { goodClients } from './clients.ts';
import type { Crowd } from './crowd.ts';
import { type Planned, writeContent } from './planned.ts';
import { hostedSites } from './sites.ts';
import { describeTransaction } from './smtp-connection.ts';

/** How long a server may take to show by a notice, or a question to our DNS, that it is in our world. */
const proofTimeout = 30_000;

/** Null once it is proved that the server's notices stay in our world; else what speaks against it. */
export async function probe(
  sender: Crowd,
  run: string,
  domain: string,
  isProved: () => boolean,
  until: (condition: () => boolean, milliseconds: number) => Promise<boolean>,
): Promise<string | null> {
  const message: Planned = {
    kind: 'misaddressed',
    marker: 'probe',
    client: goodClients[0] ?? '',
    reversePath: `probe@${domain}`,
    forwardPaths: [`nobody.at.all@${hostedSites[0]}`],
    subject: 'Where do your failure notices go?',
    fields: [],
    body: 'Nobody has this mailbox.\n',
  };
  const { transaction } = await sender.send(message.client, {
    ...message,
    content: writeContent(message, run, new Date()),
  });
  // It says no to unknown recipients, so there will be no notices.
  const isRefused = transaction.kind === 'refused' && transaction.reply.code >= 500;
  if (isRefused && transaction.stage !== 'mail') return null;
  const patience = transaction.kind === 'accepted' ? proofTimeout : 1000;
  if (await until(isProved, patience)) return null;
  return transaction.kind === 'accepted'
    ? `it took a message for an unknown mailbox, but within ${proofTimeout / 1000} s it neither asked our DNS for the sender nor sent a notice to our sink`
    : `a message for an unknown mailbox was ${describeTransaction(transaction)}, and it did not ask our DNS for the sender`;
}
