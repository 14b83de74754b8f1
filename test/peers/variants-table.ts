/**
 * The oddities of DNS and their ends on all servers, as the table of docs/verdicts.md.
 */
import type { NameRecords, ZoneData } from '../../src/replay/dns-server-zone.ts';
import { type Variant, variants } from '../../src/replay/incident-zone.ts';
import type { VariantFate } from '../../src/replay/tally.ts';
import type { GuardedName, NoticeFate } from './notice-fates.ts';

/** By the name of the variant. */
export interface Seen {
  readonly without: ReadonlyMap<string, NoticeFate>;
  readonly guarded: ReadonlyMap<string, NoticeFate>;
  /** What the sender heard with the guard. */
  readonly doors: readonly VariantFate[];
}

const titles: Readonly<Record<GuardedName, string>> = {
  sendmail: 'sendmail',
  postfix: 'Postfix',
  exim: 'Exim',
  opensmtpd: 'OpenSMTPD',
};
/** Told in the place of the addresses that the tests have. */
const places = { target: 'its own address', sink: 'good' } as const;

export function formatVariants(seen: ReadonlyMap<GuardedName, Seen>): string {
  const names = [...seen.keys()];
  const head = ['records', ...names.map((name) => titles[name]), 'with the guard', 'at MAIL'];
  const rows = variants.map((variant) => [
    formatRecords(variant),
    ...names.map((name) => fateOf(variant, seen.get(name)?.without)),
    alike(seen, (one) => fateOf(variant, one.guarded)),
    alike(seen, (one) => heard(one.doors, variant)),
  ]);
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

function fateOf({ name, notice }: Variant, fates: Seen['without'] | undefined): string {
  const fate = fates?.get(name) ?? '?';
  const isLost = notice === 'must' && (fate === 'dropped' || fate === 'postmaster');
  return isLost ? '**lost**' : fate === 'loops' ? '**loops**' : fate;
}

/** One word where all servers agree. */
function alike(seen: ReadonlyMap<GuardedName, Seen>, tell: (one: Seen) => string): string {
  const told = [...seen].map(([name, one]) => [titles[name], tell(one)] as const);
  const [first] = told;
  return told.every(([, word]) => word === first?.[1])
    ? (first?.[1] ?? '')
    : told.map(([title, word]) => `${title}: ${word}`).join('<br>');
}

function heard(doors: readonly VariantFate[], { name }: Variant): string {
  const door = doors.find((one) => one.name === name)?.door ?? '?';
  return /\d{3} \d\.\d+\.\d+/.exec(door)?.[0] ?? door;
}

function formatRecords({ domain, records }: Variant): string {
  const zone = records(domain, places);
  const own = zone[domain];
  if (own === undefined) return 'NXDOMAIN';
  if (own.trick !== undefined) return 'SERVFAIL';
  if (!own.MX) return `no MX, ${addressesOf(own)}`;
  const hosts = own.MX.map(
    ([preference, host]) => `${preference} ${formatHost(host, domain, zone)}`,
  );
  return `MX ${hosts.join(', ')}`;
}

function formatHost(host: string, domain: string, zone: ZoneData): string {
  const short = host.endsWith(`.${domain}`) ? host.slice(0, -domain.length - 1) : host;
  const records = zone[host];
  if (short === host) return `\`${short}\``;
  if (records?.CNAME !== undefined)
    return `\`${short}\` (CNAME, ${addressesOf(zone[records.CNAME] ?? {})})`;
  return `\`${short}\` (${records ? addressesOf(records) : 'no address'})`;
}

function addressesOf({ A = [], AAAA = [] }: NameRecords): string {
  return [...A.map((address) => `A ${address}`), ...AAAA.map((address) => `AAAA ${address}`)].join(
    ', ',
  );
}
