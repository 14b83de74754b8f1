/**
 * What OpenSMTPD does by itself with a notice to a dead end, by its smtpd.conf.
 *
 * smtpd.conf(5): listen on, match, relay, queue ttl; proved on 6.8.0p2. It compares no name and no
 * address with its own.
 */
import { type DeadEnd, type Foretold, foretold } from '../foretold.ts';
import type { SmtpdConfig } from './config.ts';
import { routeOfAddress } from './config-route.ts';

export function foretellOpenSmtpd(config: SmtpdConfig, deadEnd: DeadEnd): Foretold {
  const elsewhere = 'elsewhere.invalid';
  const route = routeOfAddress(`postmaster@${elsewhere}`, config, new Set());
  if (!route) return foretold('unknown', ['no rule takes mail for other domains']);
  if (route.host !== elsewhere)
    return foretold('relayed', [`all mail for other domains goes to ${route.host}`]);
  const ttl = config.queueTtl ?? '4d';
  if (deadEnd === 'null-mx')
    return foretold('waits', [
      'OpenSMTPD takes a null MX for a failure that passes: "No MX found for domain"',
      `it tries again for ${ttl} (queue ttl)`,
    ]);
  if (!config.listens.some(isLoopback))
    return foretold('waits', [
      `nobody listens on 127.0.0.1, port 25 (listen on ${config.listens.map(({ on }) => on).join(', ')})`,
      `OpenSMTPD tries again for ${ttl} (queue ttl)`,
    ]);
  return foretold('loops', [
    'OpenSMTPD connects to 127.0.0.1 and never looks whether that is itself',
    'it takes the notice from this machine, as it takes any mail, and sends it again',
  ]);
}

function isLoopback({ on, port }: SmtpdConfig['listens'][number]): boolean {
  const isMail = port === null || port === '25' || port === 'smtp';
  return isMail && /^(lo\d*|localhost|all|0\.0\.0\.0|127(\.\d+){3})$/.test(on);
}
