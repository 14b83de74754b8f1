/**
 * The mail servers of a machine, looked at one after the other; nothing is changed, and nothing sent.
 */
import type { Mta } from '../../foreign/queue-entry.ts';
import type { Root } from '../../machine/root.ts';
import { checkExim } from './exim.ts';
import { checkOpenSmtpd } from './opensmtpd.ts';
import { checkPostfix } from './postfix.ts';
import { checkSendmail } from './sendmail.ts';
import type { ServerCheck } from './server-check.ts';

const checks: { readonly [mta in Mta]: (root: Root) => Promise<readonly ServerCheck[]> } = {
  sendmail: checkSendmail,
  postfix: checkPostfix,
  exim: checkExim,
  opensmtpd: checkOpenSmtpd,
};

/** All that are found, or those of one kind. */
export async function checkServers(root: Root, mta: Mta | null): Promise<readonly ServerCheck[]> {
  const wanted = mta ? [checks[mta]] : Object.values(checks);
  const found: ServerCheck[] = [];
  for (const check of wanted) found.push(...(await check(root)));
  return found;
}
