/**
 * Fills a queue with messages that are due tomorrow: fill-queue.ts URL MESSAGES.
 */
import type { QueueId } from '../../src/mail/queue-id.ts';
import { openQueueStore } from '../../src/store/open-queue.ts';

const [url = '', messages = '0'] = process.argv.slice(2);
const day = 86_400_000;
const body = Buffer.from('A line of a message that waits for better times.\r\n'.repeat(20));
const head = Buffer.from('Received: from a benchmark\r\nSubject: waiting\r\n\r\n');

await using store = await openQueueStore(url, { serve: true });
await store.recover();
let id: QueueId = await store.lastId();
const last = id + Number(messages);
await Promise.all(Array.from({ length: 200 }, fill));

async function fill(): Promise<void> {
  while (id < last) {
    const own = ++id;
    const draft = store.begin();
    if (!draft) throw new Error('the store is behind');
    await draft.write(body);
    // Of the second domain of the bench, a hundred in all.
    const domain = `waiting-${own % 100}.example`;
    const receivedAt = Date.now() + day;
    await draft.commit(
      {
        id: own,
        kind: 'mail',
        receivedAt,
        expiresAt: receivedAt + 5 * day,
        sender: {
          reversePath: 'ann@sender.example',
          body: '8bitmime',
          smtpUtf8: false,
          ret: null,
          envid: null,
        },
        client: { address: '192.0.2.20', name: null, helo: 'sender.example' },
        proof: { login: null, trustedNetwork: false, spf: null, dkim: [], dmarc: null },
        size: head.length + body.length,
      },
      [
        {
          forwardPath: `bob${own}@${domain}`,
          notify: null,
          orcpt: null,
          original: `bob${own}@${domain}`,
          domain,
        },
      ],
      head,
      false,
    );
  }
}
