/**
 * What the rules of the smtpd on this machine make of an address, read from its smtpd.conf and the
 * files that this names.
 */
import { hostname } from 'node:os';
import type { SmtpdConfig } from '../foreign/opensmtpd/config.ts';
import { routeOfAddress } from '../foreign/opensmtpd/config-route.ts';
import { readConfigIn, readInside } from '../rescue/opensmtpd/routes.ts';
import type { RouteOf } from '../wire/filter/questions.ts';
import type { Log } from './log.ts';

/** ms; tables change without smtpd being started again. */
const fresh = 10_000;
/** smtpd reads them for the name of the machine (getmailname()). */
const nameFiles = ['/etc/mailname', '/etc/mail/mailname', '/etc/hostname'];

interface Rules {
  readonly config: SmtpdConfig | null;
  readonly localNames: ReadonlySet<string>;
}

/** Nothing is read before the first address is asked about. `root` is where the machine's files are. */
export function createSmtpdRoutes(log: Log, root = '/'): RouteOf {
  let rules: Rules | null = null;
  let readAt = 0;
  let hasTold = false;

  return (address) => {
    const now = performance.now();
    if (rules === null || now - readAt >= fresh) {
      rules = { config: readConfigIn(root), localNames: readNames(root) };
      readAt = now;
      if (rules.config === null && !hasTold) {
        hasTold = true;
        log.warn(
          {},
          'OpenSMTPD asks, and its smtpd.conf cannot be read: domains of its own count as what DNS says of them',
        );
      }
    }
    return rules.config && routeOfAddress(address, rules.config, rules.localNames);
  };
}

function readNames(root: string): ReadonlySet<string> {
  const texts = nameFiles.map((path) => readInside(root, path)?.split('\n', 1)[0] ?? '');
  const own = root === '/' ? [hostname()] : [];
  const names = [...own, ...texts].map((text) => text.trim().toLowerCase());
  return new Set(['localhost', ...names.filter((name) => name !== '')]);
}
