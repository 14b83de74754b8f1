/**
 * The tools that come with each server and look through its queue, each as fast as it can be asked.
 */
import type { Mta } from '../../src/foreign/queue-entry.ts';

export interface Tool {
  readonly name: string;
  readonly command: readonly string[];
  /** Entries in what it printed; null where it prints none. */
  readonly count: (output: string) => number | null;
}

const matches = (pattern: RegExp) => (output: string) => output.match(pattern)?.length ?? 0;
const found = (pattern: RegExp) => (output: string) => Number(pattern.exec(output)?.[1]);
const anyone = 'nicholas@seaton.biz';

export const toolsOf: { readonly [mta in Mta]: readonly Tool[] } = {
  sendmail: [
    {
      name: 'mailq',
      command: ['sh', '-c', 'sendmail -bp && sendmail -bp -qQ'],
      count: (output) =>
        [...output.matchAll(/Total requests: (\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0),
    },
    {
      // Selects by a field of the control file, and nobody is selected, so that nothing is moved.
      name: 'qtool.pl -e',
      command: [
        ...['perl', '/usr/share/sendmail/qtool.pl', '-e', '$msg{sender} =~ /nobody/'],
        ...['/tmp/none', '/var/spool/mqueue'],
      ],
      count: () => null,
    },
  ],
  postfix: [
    { name: 'postqueue -j', command: ['postqueue', '-j'], count: matches(/^\{/gm) },
    { name: 'mailq', command: ['mailq'], count: found(/ in (\d+) Requests/) },
  ],
  exim: [
    {
      name: 'exiqgrep -c',
      command: ['exiqgrep', '-c', '-r', anyone],
      count: found(/out of (\d+) messages/),
    },
    {
      name: 'exipick -c',
      command: ['exipick', '-c', '-r', anyone],
      count: found(/out of (\d+) messages/),
    },
    { name: 'mailq', command: ['mailq'], count: matches(/^ *\d+[mhd] /gm) },
  ],
  opensmtpd: [{ name: 'mailq', command: ['smtpctl', 'show', 'queue'], count: matches(/\n/g) }],
};
