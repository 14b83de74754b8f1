/**
 * What `sendmail -bt` says to `/parse ADDRESS`: the mailer, the host and the address it would go to.
 *
 * Operation Guide §5 and `?` in that mode.
 */
import type { NextHop } from '../../mail/envelope.ts';

/**
 * The commands for addresses that can be asked about, one a line. An address comes behind `/parse `, so
 * that it is no command; what could end its line, or that sendmail takes for a list, is not asked.
 */
export function parseQuestion(address: string): string | null {
  return /^[!-~]{1,320}$/.test(address) && !/[,;()<>"\\]/.test(address)
    ? `/parse ${address}\n`
    : null;
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
