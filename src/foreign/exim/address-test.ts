/**
 * What `exim -bt` tells of addresses that it was given one in a line, and `exim -bP` of the drivers.
 *
 * Specification, "The Exim command line". Each answer begins with a prompt; an address that leads
 * somewhere is `address`, `    <-- parent` lines, `  router = R, transport = T`, and hosts.
 */
import { type NextHop, unresolved } from '../../mail/envelope.ts';
import { parseToldDrivers } from './told-drivers.ts';

/** Router or transport -> its driver: `dnslookup`, `smtp`. */
export type Drivers = ReadonlyMap<string, string>;

/** Of `exim -bP routers` or `exim -bP transports`. */
export function parseDrivers(text: string): Drivers {
  return new Map(
    parseToldDrivers(text).flatMap(({ name, driver }) => (driver === null ? [] : [[name, driver]])),
  );
}

/**
 * The answers to so many addresses, in their order; null where Exim cannot tell. All are null if the
 * text is not what was expected, so that no answer is taken for another's.
 */
export function parseAddressTests(
  text: string,
  count: number,
  routers: Drivers,
  transports: Drivers,
): readonly (NextHop | null)[] {
  const [before, ...answers] = text.split(/^> ?/m);
  // After the last address it prompts once more, then finds the end of its input.
  if (before !== '' || answers.length !== count + 1) return Array<null>(count).fill(null);
  return answers.slice(0, count).map((answer) => nextHopOf(answer, routers, transports));
}

function nextHopOf(answer: string, routers: Drivers, transports: Drivers): NextHop | null {
  if (/^mail to .* is discarded$/m.test(answer)) return handedTo('blackhole');
  const [first, ...others] = answer.match(/^\S.*\n(?: .*\n)*/gm) ?? [];
  if (first === undefined) return null;
  // The server's own tables made several addresses of it.
  if (others.length > 0) return handedTo('redirect');
  const failed = /^(.*?) (is undeliverable|cannot be resolved at this time)(?:: (.*))?$/m.exec(
    first,
  );
  if (failed) return failedHop(failed, / {4}<-- /.test(first));
  const [, router = '', transport = ''] =
    /^ {2}router = (\S+), transport = (\S+)$/m.exec(first) ?? [];
  if (router === '') return null;
  const address = /^(.*?)(?: {3}\[duplicate, would not be delivered\])?$/m.exec(first)?.[1] ?? '';
  const driver = routers.get(router) ?? '';
  if (transports.get(transport) !== 'smtp') return { ...handedTo(transport), address };
  const host = /^ {2}host (\S+)/m.exec(first)?.[1];
  if (driver === 'dnslookup' || driver === 'ipliteral') return byMx(address);
  // Hosts that are an option of the transport are not told.
  return host === undefined ? handedTo(driver) : { mailer: 'smtp', host, address };
}

/** What DNS tells of a domain is for the route verdict; all else that is in doubt is left to the server. */
const byDns =
  /^(?:host lookup did not complete|remote host address is the local host|lowest numbered MX record points to local host)/;

function failedHop(
  [, address = '', how, why = '']: RegExpExecArray,
  isRedirected: boolean,
): NextHop | null {
  if (how !== 'is undeliverable' && !byDns.test(why)) return unresolved;
  return isRedirected ? byMx(address) : null;
}

function byMx(address: string): NextHop {
  return { mailer: 'smtp', host: address.slice(address.lastIndexOf('@') + 1), address };
}

/** By the server's tables, without a question to DNS; the word must not sound of SMTP. */
function handedTo(mailer: string): NextHop {
  return { mailer: /smtp|relay/i.test(mailer) ? 'local' : mailer, host: '', address: null };
}
