/**
 * Replies of the socketmap protocol: `STATUS text`, without the netstring around it.
 *
 * sendmail/README "socket map"; socketmap_table(5). `OK` without a value crashes sendmail, so there
 * is no way to build one here.
 */
import type { TableAnswer } from '../postfix-table/table.ts';

export function found(value: string): string {
  return value === '' ? temporary('empty answer') : `OK ${value}`;
}

export function temporary(why: string): string {
  return `TEMP ${why}`;
}

/** The one who asks is configured wrongly. */
export function permanent(why: string): string {
  return `PERM ${why}`;
}

/** Postfix: the other tables count. Not for sendmail's rules, which take it for no answer at all. */
const notFound = 'NOTFOUND ';

/** What a table of Postfix has. */
export function formatTableAnswer(answer: TableAnswer): string {
  switch (answer.kind) {
    case 'found':
      return found(answer.value);
    case 'nothing':
      return notFound;
    case 'temporary':
      return temporary(answer.why);
  }
}
