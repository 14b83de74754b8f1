/**
 * Settings that are right by themselves and cannot be meant together.
 *
 * What is found here would end in a loop, in mail that nobody gets, or in a listener that nobody can
 * use; so the program does not start.
 */
import { comparableDomain } from '../mail/address.ts';
import { formatDestination } from '../mail/destination.ts';
import { isLocalhost } from '../mail/domain.ts';
import { type Endpoint, formatEndpoint } from '../mail/endpoint.ts';
import { parseIp } from '../mail/ip.ts';
import type { Contradiction } from './contradiction.ts';
import { lostNamesIn } from './lost-names.ts';
import { isThisMachine, ownListenerAt, smtpEndpoints } from './own-listeners.ts';
import type { Settings } from './settings.ts';
import { verificationOf } from './verification.ts';

export function contradictionsIn(config: Settings): Contradiction[] {
  return [
    ...listenersOf(config),
    ...encryptionOf(config),
    ...domainsOf(config),
    ...lostNamesIn(config.domains),
    ...loopsOf(config),
    ...circlesOf(config),
    ...loginsOf(config),
    ...(config.process.group !== undefined && config.process.user === undefined
      ? [at(['process', 'group'], 'a user beside it', config.process.group)]
      : []),
  ];
}

function at(path: Contradiction['path'], expected: string, found: unknown): Contradiction {
  return { path, expected, found };
}

function listenersOf({ smtp, guard }: Settings): Contradiction[] {
  const groups = {
    smtp: [smtp.listen, smtp.listenTls, smtp.submission, smtp.submissionTls, smtp.lmtp],
    guard: Object.values(guard),
  };
  const all = Object.entries(groups).flatMap(([table, lists]) =>
    lists.flat().map((endpoint) => ({ table, text: formatEndpoint(endpoint), endpoint })),
  );
  if (all.length === 0)
    return [at(['guard'], 'an endpoint in it or in [smtp], as nobody could ask otherwise', guard)];
  const seen = new Set<string>();
  return all.flatMap(({ table, text, endpoint }) => {
    const isTwice = seen.has(text) && !('port' in endpoint && endpoint.port === 0);
    seen.add(text);
    return isTwice ? [at([table], 'each endpoint only once', text)] : [];
  });
}

function encryptionOf({ smtp, logins }: Settings): Contradiction[] {
  const { certificate, key, require } = smtp.tls;
  const found: Contradiction[] = [];
  if (certificate !== undefined && key === undefined)
    found.push(at(['smtp', 'tls', 'certificate'], 'its key beside it', certificate));
  if (key !== undefined && certificate === undefined)
    found.push(at(['smtp', 'tls', 'key'], 'its certificate beside it', key));
  if (require && certificate === undefined)
    found.push(at(['smtp', 'tls', 'require'], 'a certificate beside it', require));
  for (const name of ['listenTls', 'submission', 'submissionTls'] as const) {
    const texts = smtp[name].map(formatEndpoint);
    if (texts.length === 0) continue;
    if (certificate === undefined)
      found.push(at(['smtp', name], 'a certificate in [smtp.tls], as it is encrypted', texts));
    else if (name !== 'listenTls' && logins.length === 0)
      found.push(at(['smtp', name], '[[logins]], as nobody could log in otherwise', texts));
  }
  return found;
}

function domainsOf({ domains }: Settings): Contradiction[] {
  const seen = new Set<string>();
  return domains.flatMap((domain, index) => {
    const found: Contradiction[] = [];
    const { name, deliver, verify, cutThrough } = domain;
    if (seen.has(name)) found.push(at(['domains', index, 'name'], 'each domain only once', name));
    seen.add(name);
    const hasBackend = deliver?.kind === 'smtp' || deliver?.kind === 'lmtp';
    if (verify === 'backend' && !hasBackend)
      found.push(at(['domains', index, 'verify'], 'deliver with a server to ask', verify));
    if (cutThrough && !hasBackend)
      found.push(at(['domains', index, 'cutThrough'], 'deliver with a server behind', cutThrough));
    return found;
  });
}

/** A route that leads back to us. Names and interfaces are looked at when the mail is delivered. */
function loopsOf({ smtp, domains, relay }: Settings): Contradiction[] {
  const check = (path: Contradiction['path'], endpoint: Endpoint, found: string) => {
    const listener = ownListenerAt(smtp, endpoint);
    if (listener === null) return [];
    const own = `another server: mail would come back to us at ${formatEndpoint(listener)}`;
    return [at(path, own, found)];
  };
  const backends = domains.flatMap(({ deliver }, index) =>
    deliver && 'endpoint' in deliver
      ? check(['domains', index, 'deliver'], deliver.endpoint, formatDestination(deliver))
      : [],
  );
  const { smarthost, user, password } = relay;
  const found = smarthost
    ? check(['relay', 'smarthost'], smarthost, `smtp:${formatEndpoint(smarthost)}`)
    : [];
  if (user !== undefined && (password === undefined || !smarthost))
    found.push(at(['relay', 'user'], 'a smarthost and a password beside it', user));
  if (password !== undefined && user === undefined)
    found.push(at(['relay', 'password'], 'a user beside it', '(not shown)'));
  return [...backends, ...found];
}

/** The port where the server listens that we guard. */
const smtpPort = 25;

/**
 * A guard would ask the very server that asks it. It takes no mail itself, so what listens on port 25
 * of this machine is the server that is guarded.
 */
function circlesOf({ smtp, domains, verdict }: Settings): Contradiction[] {
  if (smtpEndpoints(smtp).length > 0) return [];
  const names = new Set([...(smtp.name === undefined ? [] : [smtp.name]), ...verdict.ownNames]);
  const isOurs = (host: string) =>
    isLocalhost(host) ||
    isThisMachine(host) ||
    names.has(comparableDomain(host)) ||
    verdict.ownAddresses.some((own) => own.text === parseIp(host)?.text);
  return domains.flatMap((domain, index) => {
    const { deliver } = domain;
    if (deliver?.kind !== 'smtp' || !('port' in deliver.endpoint)) return [];
    const { host, port } = deliver.endpoint;
    if (port !== smtpPort || !isOurs(host) || verificationOf(domain) !== 'backend') return [];
    const expected =
      'the server behind, or maps: the server that is guarded would be asked by us while it asks us';
    return [at(['domains', index, 'deliver'], expected, formatDestination(deliver))];
  });
}

function loginsOf({ logins }: Settings): Contradiction[] {
  const seen = new Set<string>();
  return logins.flatMap(({ name }, index) => {
    const isTwice = seen.has(name);
    seen.add(name);
    return isTwice ? [at(['logins', index, 'name'], 'each login only once', name)] : [];
  });
}
