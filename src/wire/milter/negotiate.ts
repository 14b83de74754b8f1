/**
 * The first exchange: the mail server offers, the filter takes a part of it.
 *
 * sendmail sendmail/milter.c milter_negotiate, Postfix src/milter/milter8.c milter8_connect. A bit
 * that was not offered makes sendmail close the connection.
 */
import {
  actionBits,
  newestVersion,
  oldestVersion,
  type SilentStep,
  silentBits,
  skipBits,
} from './codes.ts';
import type { Offer } from './commands.ts';
import { formatFrame, formatStrings, formatUint32 } from './frames.ts';

/** What both sides keep to on this connection. */
export interface Terms {
  readonly version: number;
  readonly actions: number;
  readonly protocol: number;
}

/** Zero words come from filters' first days and mean what version 1 could do. */
const firstActions = 0x0f;
const firstProtocol = 0x3f;

/** Null where the offer is older than anything in use; sendmail and libmilter refuse it as well. */
export function negotiate(offer: Offer): Terms | null {
  if (offer.version < oldestVersion) return null;
  const offered = offer.protocol || firstProtocol;
  const { deleteRecipient, quarantine, setMacroLists } = actionBits;
  const wanted = deleteRecipient | quarantine | setMacroLists;
  let protocol = offered & (silentBits.connect | silentBits.helo | silentBits.header);
  // What we never look at should not be sent at all; next best is that we need not answer it.
  for (const step of ['body', 'data', 'unknown'] as const)
    protocol |= offered & skipBits[step] || offered & silentBits[step];
  // What the header tells can be said as well when the message ends, and that saves a wait for an answer.
  protocol |= offered & skipBits.endOfHeaders;
  return {
    version: Math.min(offer.version, newestVersion),
    actions: (offer.actions || firstActions) & wanted,
    protocol,
  };
}

/** For those who are turned away: every step, every answer, nothing else. */
export function negotiatePlainly(offer: Offer): Terms | null {
  const terms = negotiate(offer);
  return terms && { version: terms.version, actions: 0, protocol: 0 };
}

/** Whether we promised to send nothing for this step: one stray reply breaks the session for good. */
export function isSilent(terms: Terms, step: SilentStep): boolean {
  return (terms.protocol & silentBits[step]) !== 0;
}

export function allows(terms: Terms, action: keyof typeof actionBits): boolean {
  return (terms.actions & actionBits[action]) !== 0;
}

/**
 * The macros we want at each stage, by libmilter's numbers. Postfix empties every list that is not
 * sent, and sendmail 8.17 looks at list 6 before it obeys list 5: so all of them are.
 *
 * `i` at the connection: only Postfix's own submissions have a queue id that early (client.ts).
 *
 * No more of them than needed: macros are a packet of their own before the command, and over TCP the
 * second packet waits some 40 ms for the acknowledgement of the first (Nagle, delayed ACK). An earlier
 * stage's macros stay known.
 */
const macroLists: readonly [stage: number, names: string][] = [
  [0, 'j v i'], // connect
  [1, ''], // HELO
  [2, 'i {auth_authen} {mail_mailer} {mail_host} {mail_addr}'],
  [3, 'i {rcpt_mailer} {rcpt_host} {rcpt_addr}'],
  [4, ''], // DATA
  [5, ''], // end of message
  [6, 'i'], // end of headers
];

const formattedLists = Buffer.concat(
  macroLists.flatMap(([stage, names]) => [formatUint32(stage), formatStrings(names)]),
);

export function formatTerms(terms: Terms): Uint8Array {
  const words = [terms.version, terms.actions, terms.protocol].map(formatUint32);
  if (allows(terms, 'setMacroLists')) words.push(formattedLists);
  return formatFrame('O', ...words);
}
