/**
 * The reader of each server's queue.
 */
import type { Mta } from '../foreign/queue-entry.ts';
import { openEximReader } from './exim/reader.ts';
import { openOpenSmtpdReader } from './opensmtpd/reader.ts';
import { openPostfixReader } from './postfix/reader.ts';
import type { QueueReader, QueueSource, ReaderOptions } from './reader.ts';
import { openSendmailReader } from './sendmail/reader.ts';

const readers: {
  readonly [mta in Mta]: (folders: readonly string[], options: ReaderOptions) => QueueReader;
} = {
  sendmail: openSendmailReader,
  postfix: openPostfixReader,
  exim: openEximReader,
  opensmtpd: openOpenSmtpdReader,
};

export function openReader(
  { mta, folders }: QueueSource,
  options: ReaderOptions = {},
): QueueReader {
  return readers[mta](folders, options);
}
