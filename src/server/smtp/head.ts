/**
 * The fields that we put on top of a message.
 *
 * RFC 5321 §4.4 (Received), RFC 8601 §2 (Authentication-Results), RFC 6409 §8 (a submission may lack
 * Date and Message-ID, and we add them; mail of others is none of our business).
 */
import { formatDate } from '../../mail/date.ts';
import type { HeaderReading } from '../../mail/header-reading.ts';
import { formatReceived, type Hop } from '../../mail/received.ts';
import type { HopStamps } from './hop-stamp.ts';

export interface HeadOptions {
  readonly hop: Hop;
  readonly reading: HeaderReading;
  /** Value of our Authentication-Results. */
  readonly results: string;
  readonly stamps: HopStamps;
  /** The client is one of us: what is missing is added. */
  readonly completes: boolean;
}

export function formatHead({ hop, reading, results, stamps, completes }: HeadOptions): Buffer {
  const { id, by, time } = hop;
  let { messageId, date } = reading;
  let missing = '';
  if (completes && date === null) {
    date = formatDate(time);
    missing += `Date: ${date}\r\n`;
  }
  if (completes && messageId === null) {
    messageId = `<${id}@${by}>`;
    missing += `Message-ID: ${messageId}\r\n`;
  }
  const proved = `Authentication-Results: ${results}\r\n`;
  const stamp = stamps.sign(id, { messageId: messageId ?? '', date: date ?? '' });
  return Buffer.from(formatReceived(hop) + proved + stamp + missing);
}
