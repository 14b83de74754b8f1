/**
 * The mail servers of a machine, looked at one after the other; nothing is changed, and nothing sent.
 */
import type { DeadEnd } from '../../foreign/foretold.ts';
import type { Mta } from '../../foreign/queue-entry.ts';
import type { Root } from '../../machine/root.ts';
import { checkExim } from './exim.ts';
import { guardedNotice } from './guarded-notice.ts';
import { checkOpenSmtpd } from './opensmtpd.ts';
import { checkPostfix } from './postfix.ts';
import { checkSendmail } from './sendmail.ts';
import type { CheckModes, GuardFound, ServerCheck } from './server-check.ts';

const checks: { readonly [mta in Mta]: (root: Root) => Promise<readonly ServerCheck[]> } = {
  sendmail: checkSendmail,
  postfix: checkPostfix,
  exim: checkExim,
  opensmtpd: checkOpenSmtpd,
};

/** All that are found, or those of one kind. `modes`: of the guard that they may ask. */
export async function checkServers(
  root: Root,
  mta: Mta | null,
  modes: CheckModes,
): Promise<readonly ServerCheck[]> {
  const wanted = mta ? [checks[mta]] : Object.values(checks);
  const found: ServerCheck[] = [];
  for (const check of wanted)
    for (const server of await check(root)) found.push(withGuard(server, modes));
  return found;
}

function withGuard(server: ServerCheck, { of, problem }: CheckModes): ServerCheck {
  const { noticesBy, state, found } = server.guard;
  const guard: GuardFound = {
    ...server.guard,
    noticeMode: of && noticesBy && of[noticesBy],
    found:
      state === 'installed' && problem !== null
        ? [...found, `whether it only watches is not known: ${problem}`]
        : found,
  };
  const guarded = (deadEnd: DeadEnd) => guardedNotice(guard, server.notices[deadEnd]);
  const notices = { loopback: guarded('loopback'), 'null-mx': guarded('null-mx') };
  return { ...server, guard, notices };
}
