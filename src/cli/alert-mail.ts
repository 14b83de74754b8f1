/**
 * The way of an alert to the postmaster: our own queue, or the mail server that is guarded.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Delivery } from '../delivery/delivery.ts';
import { comparableDomain } from '../mail/address.ts';
import type { Directory } from '../recipients/directory.ts';
import { noProof } from '../verdict/sender-proof.ts';
import type { Keeping } from './keeping.ts';

export interface OwnQueue extends Pick<Keeping, 'queue' | 'nextId'> {
  readonly delivery: Pick<Delivery, 'wake'>;
  readonly directory: Pick<Directory, 'destinationOf' | 'expand'>;
}

const day = 24 * 3_600_000;
/** ms for sendmail to take it: one that hangs must not be joined by another for each alert. */
const defaultPatience = 60_000;

/**
 * With the null reverse-path: nothing ever comes of it. `by`: our queue, or the path of sendmail. What
 * our queue knows as an alert, and another server's as a notice to that address, counts for no flood.
 */
export async function sendAlert(
  to: string,
  content: Buffer,
  by: OwnQueue | string,
  patience = defaultPatience,
): Promise<void> {
  if (typeof by === 'string') return await handOver(to, content, by, patience);
  const { queue, nextId, delivery, directory } = by;
  await using draft = queue.begin();
  if (!draft) throw new Error('the queue is busy');
  const now = Date.now();
  const message = {
    id: nextId(),
    kind: 'alert',
    receivedAt: now,
    expiresAt: now + day,
    sender: { reversePath: '', body: '8bitmime', smtpUtf8: false, ret: null, envid: null },
    client: null,
    proof: noProof,
    size: content.length,
  } as const;
  const isHosted = directory.destinationOf(domainOf(to)) !== null;
  const recipients = (isHosted ? directory.expand(to) : [to]).map((forwardPath) => ({
    forwardPath,
    original: to,
    domain: domainOf(forwardPath),
    notify: [],
    orcpt: null,
  }));
  await draft.commit(message, recipients, content, false);
  delivery.wake();
}

function domainOf(path: string): string {
  return comparableDomain(path.slice(path.lastIndexOf('@') + 1));
}

async function handOver(
  to: string,
  content: Buffer,
  sendmail: string,
  timeout: number,
): Promise<void> {
  const child = spawn(sendmail, ['-i', '-f', '<>', '--', to], {
    stdio: ['pipe', 'ignore', 'pipe'],
    timeout,
  });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(0, 500);
  });
  // sendmail reads lines as the machine writes them.
  child.stdin.on('error', () => {}).end(content.toString().replaceAll('\r\n', '\n'));
  const [status, signal] = await once(child, 'close');
  if (status !== 0) throw new Error(`${sendmail} ended with ${status ?? signal}: ${said.trim()}`);
}
