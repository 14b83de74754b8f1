/**
 * What is compared for each server; the first of each is the server alone.
 */
import { installGuard, startGuard } from '../../test/peers/guard.ts';
import { type Machine, projectInside } from '../../test/peers/machine.ts';
import { run } from '../../test/peers/place.ts';
import { postfixAsksRspamd, sendmailAsksRspamd, startRspamd } from './rspamd.ts';
import type { GuardedName, Variant } from './variant.ts';

const alone: Variant = { name: 'alone' };
const guard = (machine: Machine) => startGuard(machine);

export const variants: Readonly<Record<GuardedName, readonly [Variant, ...Variant[]]>> = {
  postfix: [
    alone,
    { name: 'guard (milter, notices)', prepare: postfixAsks('milter,notices'), companion: guard },
    { name: 'guard (policy)', prepare: postfixAsks('policy'), companion: guard },
    {
      name: 'rspamd',
      root: 'rspamd-postfix',
      prepare: postfixAsksRspamd,
      companion: startRspamd,
    },
  ],
  exim: [
    alone,
    {
      name: 'guard (readsocket)',
      prepare: (machine) => installGuard(machine, 'open', 'exim'),
      companion: guard,
    },
  ],
  sendmail: [
    alone,
    { name: 'guard (TCP)', prepare: (machine) => installGuard(machine), companion: guard },
    { name: 'guard (unix sockets)', prepare: sendmailAsksByPath, companion: guardByPath },
    {
      name: 'rspamd (TCP)',
      root: 'rspamd-sendmail',
      prepare: sendmailAsksRspamd,
      companion: startRspamd,
    },
  ],
  opensmtpd: [
    alone,
    {
      name: 'guard (filter)',
      prepare: (machine) => installGuard(machine, 'open', 'opensmtpd'),
      companion: guard,
      children: /filter-main\.ts/,
    },
  ],
};

const spillway = `${projectInside}/bin/spillway`;
const sockets = { milter: 'unix:/run/spillway/milter', socketmap: 'unix:/run/spillway/socketmap' };

/** As an admin has it written. */
function postfixAsks(hooks: string): (machine: Machine) => Promise<void> {
  return async ({ place }) => {
    await run(place, [spillway, 'install', 'postfix', '--apply', '--hooks', hooks]);
  };
}

async function sendmailAsksByPath({ place }: Machine): Promise<void> {
  const { milter, socketmap } = sockets;
  await run(place, [
    ...[spillway, 'install', 'sendmail', '--apply'],
    ...['--milter', milter, '--socketmap', socketmap],
  ]);
}

async function guardByPath(machine: Machine) {
  await run(machine.place, ['mkdir', '-p', '/run/spillway']);
  const { milter, socketmap } = sockets;
  const tables = `[guard]\nmilter = ["${milter}"]\nsocketmap = ["${socketmap}"]\n`;
  return await startGuard(machine, {}, tables);
}
