/**
 * Replies of the socketmap protocol: `STATUS text`, without the netstring around it.
 *
 * sendmail/README "socket map"; socketmap_table(5). `OK` without a value crashes sendmail, so there
 * is no way to build one here.
 */
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
export const notFound = 'NOTFOUND ';
