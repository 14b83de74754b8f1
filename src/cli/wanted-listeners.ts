/**
 * The listeners that a configuration names.
 */
import type { Config } from '../config/schema.ts';
import type { Judge } from '../judge/judge.ts';
import type { Endpoint } from '../mail/endpoint.ts';
import type { Identity } from '../mail/identity.ts';
import { serveFilter } from '../server/filter.ts';
import type { Listener } from '../server/listener.ts';
import type { Log } from '../server/log.ts';
import { serveMilter } from '../server/milter.ts';
import { servePolicy } from '../server/policy.ts';
import { serveReadsocket } from '../server/readsocket.ts';
import type { Crowd } from '../server/smtp/crowd.ts';
import type { Holder, SmtpServices } from '../server/smtp/services.ts';
import { type SmtpKind, serveSmtp } from '../server/smtp/smtp.ts';
import { createSmtpdRoutes } from '../server/smtpd-routes.ts';
import { serveSocketmap } from '../server/socketmap.ts';
import { serveTcpTable } from '../server/tcp-table.ts';
import type { WantedListener } from './listeners.ts';
import type { Privileges } from './privileges.ts';

/** Behind all of them answers whatever is current. */
export interface Doors {
  readonly judge: Judge;
  readonly identity: Identity;
  readonly services: Holder<SmtpServices>;
  readonly crowd: Crowd;
  readonly requiresTls: () => boolean;
  readonly privileges: Privileges;
  readonly log: Log;
}

export function wantedListeners({ smtp, guard }: Config, doors: Doors): WantedListener[] {
  const { judge, identity, services, crowd, requiresTls, privileges, log } = doors;
  const wanted = (
    name: string,
    endpoints: readonly Endpoint[],
    open: (endpoint: Endpoint) => Promise<Listener>,
  ): WantedListener[] =>
    endpoints.map((endpoint) => ({
      name,
      endpoint,
      open: () => (isForRoot(endpoint) ? privileges.asRoot(() => open(endpoint)) : open(endpoint)),
    }));
  const mail = (
    name: string,
    endpoints: readonly Endpoint[],
    kind: SmtpKind,
    implicitTls = false,
  ): WantedListener[] =>
    wanted(name, endpoints, (endpoint) =>
      serveSmtp(services, endpoint, {
        kind,
        implicitTls,
        crowd,
        get requiresTls() {
          return kind === 'smtp' && requiresTls();
        },
      }),
    );
  return [
    ...mail('smtp', smtp.listen, 'smtp'),
    ...mail('smtps', smtp.listenTls, 'smtp', true),
    ...mail('submission', smtp.submission, 'submission'),
    ...mail('submissions', smtp.submissionTls, 'submission', true),
    ...mail('lmtp', smtp.lmtp, 'lmtp'),
    ...wanted('milter', guard.milter, (endpoint) =>
      serveMilter(judge, endpoint, { identity, log }),
    ),
    ...wanted('socketmap', guard.socketmap, (endpoint) => serveSocketmap(judge, endpoint, { log })),
    ...wanted('policy', guard.policy, (endpoint) => servePolicy(judge, endpoint, { log })),
    ...tables.flatMap(([name, table]) =>
      wanted(name, guard[name], (endpoint) => serveTcpTable(judge, table, endpoint, { log })),
    ),
    ...wanted('readsocket', guard.readsocket, (endpoint) =>
      serveReadsocket(judge, endpoint, { log }),
    ),
    ...wanted('filter', guard.filter, (endpoint) =>
      serveFilter(judge, endpoint, { log, routeOf: createSmtpdRoutes(log) }),
    ),
  ];
}

/** The protocol names no table: each has its endpoints. */
const tables = [
  ['tcp', 'postfix_transport'],
  ['tcpSender', 'postfix_sender'],
  ['tcpRecipient', 'postfix_recipient'],
] as const;

function isForRoot(endpoint: Endpoint): boolean {
  return 'port' in endpoint && endpoint.port > 0 && endpoint.port < 1024;
}
