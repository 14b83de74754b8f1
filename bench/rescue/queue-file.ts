/**
 * What a maker of queue files gives, and the makers by server.
 */
import type { Mta } from '../../src/foreign/queue-entry.ts';
import { makeExim } from './exim.ts';
import type { Letter } from './letter.ts';
import { makeOpenSmtpd } from './opensmtpd.ts';
import { makePostfix } from './postfix.ts';
import { makeSendmail } from './sendmail.ts';

export interface QueueFile {
  /** Below the folder that the server calls its queue. */
  readonly path: string;
  readonly content: Buffer;
  /** Permission bits. */
  readonly mode: number;
  /** ms since 1970, where the server reads something out of it. */
  readonly modifiedAt?: number;
}

/** Files of one letter, in the order in which the server writes them. Pure. */
export type Maker = (letter: Letter) => readonly QueueFile[];

export const makers: { readonly [mta in Mta]: Maker } = {
  sendmail: makeSendmail,
  postfix: makePostfix,
  exim: (letter) => makeExim(letter, true),
  opensmtpd: makeOpenSmtpd,
};
