/**
 * Delivery into mailboxes on this machine: one file for each message, lines ended by LF.
 *
 * RFC 5321 §4.4 (Return-Path at final delivery). Delivered-To is what tells a loop later.
 */
import { errorCode } from '../mail/error-code.ts';
import { formatQueueId, queueIdTime } from '../mail/queue-id.ts';
import type { Reply } from '../mail/reply.ts';
import { clientWords, withDetail } from '../wire/smtp/client-words.ts';
import { writeMaildirFile } from './maildir-file.ts';
import { maildirOf } from './maildir-folder.ts';
import type { RecipientResult, Shipment, ShippedRecipient, Transport } from './transport.ts';

export interface MaildirOptions {
  /** Of this machine; part of every file name. */
  readonly hostName: string;
  /** Unlike that of every other process that ever ran here, such as process id and start. */
  readonly processName: string;
}

const delivered: Reply = { code: 250, status: '2.0.0', text: 'Delivered to the mailbox' };
const diskFull: Reply = { code: 452, status: '4.3.1', text: 'The disk of the mailbox is full' };
const mailboxFull: Reply = { code: 452, status: '4.2.2', text: 'The mailbox is full' };
const unwritable: Reply = { code: 451, status: '4.3.0', text: 'The mailbox cannot be written' };

/** What is wrong with the whole disk rather than with one mailbox. */
const diskTrouble = new Set(['ENOSPC', 'EROFS', 'EIO']);
/** Files written at a time for one message. */
const atOnce = 8;

let drafts = 0;

/** `template`: an absolute path with `{domain}` and `{mailbox}`. */
export function createMaildirTransport(template: string, options: MaildirOptions): Transport {
  const host = options.hostName.replaceAll('/', '\\057').replaceAll(':', '\\072');

  async function deliverOne(shipment: Shipment, recipient: ShippedRecipient): Promise<Stored> {
    const { index, forwardPath } = recipient;
    const place = maildirOf(template, forwardPath);
    if (place === null) return failed(index);
    const { id, sender } = shipment;
    const time = Math.floor(queueIdTime(id) / 1000);
    const name = `${time}.Q${formatQueueId(id)}R${index}`;
    const head = `Return-Path: <${oneLine(sender.reversePath)}>\nDelivered-To: ${oneLine(forwardPath)}\n`;
    try {
      await writeMaildirFile(place, {
        name: `${name}.${host}`,
        temporaryName: `${name}P${options.processName}N${++drafts}.${host}`,
        pieces: () => withLf(head, shipment),
      });
      return { index, outcome: 'delivered', reply: delivered, reason: null, isDown: false };
    } catch (error) {
      const isDown = diskTrouble.has(errorCode(error) ?? '');
      return { index, outcome: 'deferred', reply: replyTo(error), reason: null, isDown };
    }
  }

  return {
    async deliver(shipment, signal) {
      const results: Stored[] = [];
      for (let at = 0; at < shipment.recipients.length; at += atOnce) {
        const some = shipment.recipients.slice(at, at + atOnce);
        const stored = signal.aborted
          ? some.map(({ index }) => stopped(index))
          : await Promise.all(some.map((recipient) => deliverOne(shipment, recipient)));
        results.push(...stored);
      }
      const isDown = results.some((result) => result.isDown);
      return { results: results.map(({ isDown: _, ...result }) => result), peer: null, isDown };
    },
  };
}

type Stored = RecipientResult & { readonly isDown: boolean };

function failed(index: number): Stored {
  const reply = clientWords.badRecipient;
  return { index, outcome: 'failed', reply, reason: 'malformed-address', isDown: false };
}

function stopped(index: number): Stored {
  return { index, outcome: 'deferred', reply: clientWords.stopping, reason: null, isDown: false };
}

/** No field of ours ends before its time. */
function oneLine(path: string): string {
  return path.replace(/[\u0000-\u001f\u007f]/g, '?');
}

/** A CR stays where no LF follows it. */
async function* withLf(head: string, shipment: Shipment): AsyncGenerator<Uint8Array> {
  yield Buffer.from(head);
  let owesCr = false;
  let size = 0;
  for await (const piece of shipment.content()) {
    size += piece.length;
    const out = Buffer.allocUnsafe(piece.length + 1);
    let at = 0;
    for (const byte of piece) {
      if (owesCr && byte !== LF) out[at++] = CR;
      owesCr = byte === CR;
      if (!owesCr) out[at++] = byte;
    }
    yield out.subarray(0, at);
  }
  if (owesCr) yield Uint8Array.of(CR);
  if (size !== shipment.size) throw new UnreadableError('the content is not as long as it was');
}

const CR = 13;
const LF = 10;

class UnreadableError extends Error {
  readonly code = 'UNREADABLE';
}

function replyTo(error: unknown): Reply {
  switch (errorCode(error)) {
    case 'ENOSPC':
      return diskFull;
    case 'EDQUOT':
      return mailboxFull;
    case 'UNREADABLE':
      return clientWords.unreadable;
    default: {
      // Its words name files of ours, and the reply may end up in a notice.
      const code = errorCode(error);
      return code === null ? unwritable : withDetail(unwritable, code);
    }
  }
}
