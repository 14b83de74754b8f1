/**
 * What `sendmail -bt` says to `/parse ADDRESS`: the mailer, the host and the address it would go to.
 *
 * Operation Guide §5 and `?` in that mode.
 */
import type { NextHop } from '../../mail/envelope.ts';

/**
 * The command for an address, a line; null where it has what could end the line. It comes behind
 * `/parse `, so that it is no command itself, whatever it says.
 */
export function parseQuestion(address: string): string | null {
  return /^[ -~]{1,320}$/.test(address) ? `/parse ${address}\n` : null;
}

/** Another mailbox of the same domain, for an address that sendmail has no answer to; null without. */
export function neighbourOf(address: string): string | null {
  const domain = /@([A-Za-z0-9.-]{1,255}|\[[0-9A-Fa-f.:IPv]{1,60}\])$/.exec(address)?.[1];
  return domain === undefined ? null : `postmaster@${domain}`;
}

/** In the order of the questions; null where it does not know. Empty where the answers are unclear. */
export function readParseAnswers(said: string, count: number): readonly (NextHop | null)[] {
  const answers = said.split(/^(?:> )?Cracked address = /m).slice(1);
  return answers.length === count ? answers.map(readAnswer) : [];
}

function readAnswer(said: string): NextHop | null {
  const lines = said.split('\n').filter((line) => line.startsWith('mailer '));
  const found = /^mailer ([^\s,]+)(?:, host ([^\s,]*))?, user (.*)$/.exec(lines.at(-1) ?? '');
  if (!found) return null;
  const [, mailer = '', host = '', address = ''] = found;
  // `*error*` is the name of the mailer that refuses, and says why instead of a host.
  if (/^\*|^error$/.test(mailer)) return null;
  return { mailer, host, address };
}
