/**
 * The four servers that have a guard, each asking it as an installation has it by default, or not.
 */
import { readFile, writeFile } from 'node:fs/promises';
import type { Check, Mode } from '../../src/verdict/verdict.ts';
import { openExim } from './exim.ts';
import { type Guard, installGuard, startGuard } from './guard.ts';
import { toBackend } from './incident.ts';
import type { Network } from './network.ts';
import type { GuardedName } from './notice-fates.ts';
import { inHurry, openOpensmtpd } from './opensmtpd.ts';
import type { Peer } from './peer.ts';
import { openPostfix } from './postfix.ts';
import { openSendmail } from './sendmail.ts';
import type { McOptions } from './sendmail-mc.ts';

export interface GuardedOptions {
  /** Null: nobody is on guard. */
  readonly modes: Partial<Record<Check, Mode>> | null;
  /** Lines of the guard's `[verdict]`. */
  readonly verdict?: string;
  /** Of Postfix's main.cf. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly mc?: McOptions;
  /** Changes the text of the one configuration file of Exim or OpenSMTPD. */
  readonly edit?: (text: string) => string;
  /** Of the hosted sites, the only recipients that exist; default: all do. */
  readonly recipients?: readonly string[];
}

export interface GuardedPeer extends AsyncDisposable {
  readonly peer: Peer;
  readonly guard: Guard | null;
}

/** By itself sendmail refuses, or asks to come later, senders whose domain cannot be looked up. */
const unresolvable = "FEATURE(`accept_unresolvable_domains')dnl";

/** For `smtp_dns_reply_filter`: an address of this machine in DNS is as good as none. */
export const withoutLoopback = 'regexp:{{/ IN (A (0|127)\\.|AAAA ::(1|ffff:127\\..*)?$$)/ IGNORE}}';

const files = { exim: '/etc/exim4/exim4.conf', opensmtpd: '/etc/smtpd.conf' } as const;

/** Takes every recipient of the hosted sites, unless told who exists; runs when it resolves. */
export async function openGuarded(
  name: GuardedName,
  network: Network,
  { modes, verdict, settings, mc = {}, edit, recipients }: GuardedOptions,
): Promise<GuardedPeer> {
  await using stack = new AsyncDisposableStack();
  const common = { network, relay: toBackend, ...(recipients ? { recipients } : {}) };
  const edited = async (peer: Peer, file: string): Promise<Peer> => {
    const path = peer.machine.path(file);
    if (edit) await writeFile(path, edit(await readFile(path, 'utf8')));
    return peer;
  };
  const open: Readonly<Record<GuardedName, () => Promise<Peer>>> = {
    sendmail: async () => {
      const features = [unresolvable, ...(mc.features ?? [])];
      const sendmail = await openSendmail({ ...common, mc: { ...mc, features } });
      if (modes) await installGuard(sendmail.machine);
      return sendmail;
    },
    postfix: async () => {
      const postfix = await openPostfix({ ...common, ...(settings ? { settings } : {}) });
      if (modes) await installGuard(postfix.machine, 'open', 'postfix');
      return postfix;
    },
    exim: async () => {
      const exim = await edited(await openExim(common), files.exim);
      if (modes) await installGuard(exim.machine, 'open', 'exim');
      return exim;
    },
    opensmtpd: async () => {
      const smtpd = await edited(
        await openOpensmtpd({ ...common, lines: [inHurry] }),
        files.opensmtpd,
      );
      if (modes) await installGuard(smtpd.machine, 'open', 'opensmtpd');
      return smtpd;
    },
  };
  const peer = stack.use(await open[name]());
  const guard = modes && stack.use(await startGuard(peer.machine, modes, '', undefined, verdict));
  await peer.start();
  const kept = stack.move();
  return { peer, guard, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
