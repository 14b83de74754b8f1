/**
 * What `spillway run` says once it is running: what listens, where mail lands, what to type next.
 */

import { formatDestination } from '../mail/destination.ts';
import { formatEndpoint } from '../mail/endpoint.ts';
import { printable } from '../mail/printable.ts';
import type { HostedDomain } from '../recipients/hosted-domain.ts';
import type { OpenListener } from './listeners.ts';

export interface Welcome {
  readonly listeners: readonly OpenListener[];
  readonly domains: readonly HostedDomain[];
  /** The folder of the store. */
  readonly folder: string;
  readonly configFile: string | undefined;
}

/** Listeners that take mail; at all others mail servers ask. */
const mailDoors = ['smtp', 'smtps', 'submission', 'submissions', 'lmtp'];
/** More are counted. */
const shownDomains = 5;

export function formatWelcome({ listeners, domains, folder, configFile }: Welcome): string {
  const bound = listeners.map(({ name, listener }) => row(name, formatEndpoint(listener.endpoint)));
  const config = configFile === undefined ? '' : ` --config ${printable(configFile)}`;
  const takesMail = listeners.some(({ name }) => mailDoors.includes(name));
  const isOnGuard = listeners.some(({ name }) => !mailDoors.includes(name));
  const doing = [...(takesMail ? ['takes mail'] : []), ...(isOnGuard ? ['is on guard'] : [])];
  const trial = takesMail ? trialOf(listeners, domains) : null;
  return [
    `Spillway ${doing.join(' and ')}.`,
    '',
    ...bound,
    ...domainRows(takesMail ? 'mail for' : 'recipients', domains),
    row('journal', folder),
    '',
    ...(trial === null ? [] : ['Try it, in another terminal:', `  ${trial}`, '']),
    'Next, in another terminal:',
    '  bin/spillway explain seaton.biz           what becomes of mail for a domain, and why',
    ...(takesMail
      ? [command(`queue list${config}`, 'what waits for delivery')]
      : ['  bin/spillway install sendmail             show how sendmail would be guarded']),
    command(`journal${config}`, 'what was refused and ended so far'),
    '',
    '',
  ].join('\n');
}

function domainRows(title: string, domains: readonly HostedDomain[]): string[] {
  const shown = domains.slice(0, shownDomains).map((domain) => row(title, describe(domain)));
  const left = domains.length - shown.length;
  return left > 0 ? [...shown, row('', `and ${left} more domains`)] : shown;
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(12)} ${printable(text)}`.trimEnd();
}

function command(words: string, what: string): string {
  return `  bin/spillway ${words.padEnd(27)}  ${what}`;
}

/** `example.org: ann, bob and 3 others, to maildir:/...` */
function describe({ name, mailboxes, aliases, verify, destination }: HostedDomain): string {
  const [first, second] = mailboxes;
  const others = mailboxes.length + aliases.length - 2;
  const who = [first, second].filter((mailbox) => mailbox !== undefined).join(', ');
  const more = others > 0 ? ` and ${others} more` : '';
  const asked = verify === 'backend' ? 'whom the server behind knows' : 'whom its lists know';
  return `${name}: ${who === '' ? asked : who + more}, to ${formatDestination(destination)}`;
}

/** A message by a tool that everybody has; null where no listener would take it. */
function trialOf(
  listeners: readonly OpenListener[],
  domains: readonly HostedDomain[],
): string | null {
  const smtp = listeners.find(({ name }) => name === 'smtp')?.listener.endpoint;
  const domain = domains.find(({ mailboxes }) => mailboxes.length > 0);
  if (!smtp || !('port' in smtp) || !domain) return null;
  const [mailbox = ''] = domain.mailboxes;
  const address = printable(mailbox.includes('@') ? mailbox : `${mailbox}@${domain.name}`);
  const url = `smtp://${formatEndpoint(smtp)}`;
  return `printf 'Subject: hello\\r\\n\\r\\nIt works.\\r\\n' | curl -sS --url ${url} --mail-from '<>' --mail-rcpt '${address}' -T -`;
}
