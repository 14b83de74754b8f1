/**
 * What became of the notice to each oddity of DNS, as the server's own log and queue tell it.
 */
import { readFile } from 'node:fs/promises';
import type { VariantFate } from '../../src/replay/tally.ts';
import type { Machine } from './machine.ts';
import { run } from './place.ts';

/**
 * - `delivered`: the good host has it
 * - `dropped`: it is gone, and nobody was told
 * - `postmaster`: it is gone, and the postmaster got a notice about the notice
 * - `waits`: it is tried again for days; `frozen`: it stays until somebody looks
 * - `loops`: the server sends it to itself, takes it, and sends it again
 */
export type NoticeFate = 'delivered' | 'dropped' | 'postmaster' | 'waits' | 'frozen' | 'loops';

export const guardedNames = ['sendmail', 'postfix', 'exim', 'opensmtpd'] as const;
export type GuardedName = (typeof guardedNames)[number];

interface Evidence {
  /** Lists the queue with the recipient of each message. */
  readonly list: readonly string[];
  /** By the lines of the log that name the address, the queue, and the whole log; null: it is still on its way. */
  fateOf(
    log: readonly string[],
    queue: string,
    address: string,
    whole: readonly string[],
  ): NoticeFate | null;
}

function some(lines: readonly string[], pattern: RegExp): boolean {
  return lines.some((line) => pattern.test(line));
}

const evidence: Readonly<Record<GuardedName, Evidence>> = {
  sendmail: {
    list: ['mailq'],
    fateOf(log, queue, address, whole) {
      if (some(log, /ruleset=check_compat, arg1=MAILER-DAEMON, .* discard$/)) return 'dropped';
      const delivery = log.filter((line) => /: to=<visitor@/.test(line));
      const sent = delivery.filter((line) => / stat=Sent /.test(line));
      if (sent.length > 0) return sent.length > 2 ? 'loops' : 'delivered';
      const id = delivery.map((line) => /: (\w+): to=.* dsn=5/.exec(line)?.[1]).find(Boolean);
      if (id !== undefined) {
        const told = new RegExp(`: ${id}: \\w+: (return to sender|postmaster notify|DSN)`);
        if (some(whole, told)) return 'postmaster';
        return queue.includes(address) ? null : 'dropped';
      }
      return some(delivery, /dsn=4/) ? 'waits' : null;
    },
  },
  postfix: {
    list: ['postqueue', '-p'],
    fateOf(log, queue, address, whole) {
      if (some(log, /milter-discard: .* from=<> to=<visitor@/)) return 'dropped';
      if (some(log, /status=sent/)) return 'delivered';
      const id = log.map((line) => /: (\w+): to=.*status=bounced/.exec(line)?.[1]).find(Boolean);
      if (id !== undefined) {
        if (some(whole, new RegExp(`: ${id}: postmaster non-delivery notification`)))
          return 'postmaster';
        return some(whole, new RegExp(`: ${id}: removed`)) ? 'dropped' : null;
      }
      if (some(log, /status=deferred/)) return 'waits';
      // Put off before it was queued: the message that it is about waits in its place.
      const isPutOff = some(log, /milter-reject: .* 4\.\d\.\d .* from=<> to=<visitor@/);
      return isPutOff && queue.includes(address) ? 'waits' : null;
    },
  },
  exim: {
    list: ['exim4', '-bp'],
    fateOf(log, queue, address) {
      if (some(log, /=> :blackhole: /)) return 'dropped';
      const sent = log.filter((line) => line.includes(' => '));
      if (sent.length > 0) return sent.length > 2 ? 'loops' : 'delivered';
      const entry = queue.split('\n\n').find((text) => text.includes(address));
      if (entry?.includes('*** frozen ***')) return 'frozen';
      if (entry === undefined) return some(log, / \*\* /) ? 'dropped' : null;
      return some(log, / == /) ? 'waits' : null;
    },
  },
  opensmtpd: {
    list: ['smtpctl', 'show', 'queue'],
    fateOf(log) {
      const taken = log.filter((line) => / smtp envelope .*from=<> /.test(line)).length;
      if (taken > 2) return 'loops';
      if (some(log, / smtp failed-command .*RCPT TO: <visitor@.*"5/)) return 'dropped';
      // Put off before it was queued: it is handed in again later.
      if (some(log, / smtp failed-command .*RCPT TO: <visitor@.*"4/)) return 'waits';
      const delivery = log.filter((line) => / mta delivery .*from=<> /.test(line));
      if (some(delivery, /result="Ok"/) && taken === 1) return 'delivered';
      if (some(delivery, /result="PermFail"/)) return 'dropped';
      return some(delivery, /result="TempFail"/) ? 'waits' : null;
    },
  },
};

/** By domain; those that are still on their way are left out. */
export async function noticeFates(
  server: GuardedName,
  machine: Machine,
  variants: readonly VariantFate[],
  /** Where it writes what it does. */
  file = '/var/log/mail.log',
): Promise<ReadonlyMap<string, NoticeFate>> {
  const { list, fateOf } = evidence[server];
  const text = await readFile(machine.path(file), 'utf8').catch(() => '');
  const log = text.split('\n').slice(0, -1);
  const queue = await run(machine.place, list);
  const fates = new Map<string, NoticeFate>();
  for (const { name, domain, noticed } of variants) {
    const address = `visitor@${domain}`;
    const lines = log.filter((line) => line.includes(address));
    const fate = fateOf(lines, queue, address, log);
    // A log may say "sent" of what went to the server itself.
    if (fate === 'delivered' && !noticed) continue;
    if (fate) fates.set(name, fate);
  }
  return fates;
}
