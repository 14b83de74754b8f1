/**
 * The way of an alert to the postmaster: our own queue, or the mail server that is guarded.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Delivery } from '../delivery/delivery.ts';
import { comparableDomain } from '../mail/address.ts';
import { noProof } from '../verdict/sender-proof.ts';
import type { Keeping } from './keeping.ts';

export interface OwnQueue extends Pick<Keeping, 'queue' | 'nextId'> {
  readonly delivery: Pick<Delivery, 'wake'>;
}

const day = 24 * 3_600_000;

/** With the null reverse-path: nothing ever comes of it. `by`: our queue, or the path of sendmail. */
export async function sendAlert(to: string, content: Buffer, by: OwnQueue | string): Promise<void> {
  if (typeof by === 'string') return await handOver(to, content, by);
  const { queue, nextId, delivery } = by;
  await using draft = queue.begin();
  if (!draft) throw new Error('the queue is busy');
  const now = Date.now();
  const message = {
    id: nextId(),
    kind: 'notice',
    receivedAt: now,
    expiresAt: now + day,
    sender: { reversePath: '', body: '8bitmime', smtpUtf8: false, ret: null, envid: null },
    client: null,
    proof: noProof,
    size: content.length,
  } as const;
  const domain = comparableDomain(to.slice(to.lastIndexOf('@') + 1));
  const recipient = { forwardPath: to, original: to, domain, notify: [], orcpt: null };
  await draft.commit(message, [recipient], content, false);
  delivery.wake();
}

async function handOver(to: string, content: Buffer, sendmail: string): Promise<void> {
  const child = spawn(sendmail, ['-i', '-f', '<>', '--', to], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(0, 500);
  });
  // sendmail reads lines as the machine writes them.
  child.stdin.on('error', () => {}).end(content.toString().replaceAll('\r\n', '\n'));
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`${sendmail} ended with ${status}: ${said.trim()}`);
}
