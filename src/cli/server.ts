/**
 * The running server: stores that stay open, what the configuration decides, and the listeners.
 *
 * A reload builds what the configuration decides anew beside the old, and changes over at once.
 * Listeners that stay keep their connections; who is in the middle of a message is judged on by the
 * new rules.
 */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { smtpEndpoints } from '../config/own-listeners.ts';
import type { Config } from '../config/schema.ts';
import { type Alerts, createAlerts } from '../journal/alerts.ts';
import { createCpuMeter } from '../journal/cpu-meter.ts';
import { keepGoodClients } from '../journal/good-clients.ts';
import { keepIncidents, resumeIncidents } from '../journal/incident-keeper.ts';
import { createRecorder } from '../journal/recorder.ts';
import { createFloodWatch } from '../judge/flood-watch.ts';
import type { HostedDomain } from '../recipients/hosted-domain.ts';
import type { VerifyFile } from '../recipients/verify-file.ts';
import type { Log } from '../server/log.ts';
import { Crowd } from '../server/smtp/crowd.ts';
import type { SmtpServices } from '../server/smtp/services.ts';
import { openJournalStore } from '../store/open-journal.ts';
import { findQueue } from '../store/open-queue.ts';
import { type OwnQueue, sendAlert } from './alert-mail.ts';
import { createKnowingGuard } from './guard-wiring.ts';
import { homeOf, serverName } from './home.ts';
import { type Keeping, openKeeping, openVerified } from './keeping.ts';
import { createListeners, type OpenListener } from './listeners.ts';
import { createMx, type Mx } from './mx-wiring.ts';
import type { Privileges } from './privileges.ts';
import { createServices, currentIdentity, currentJudge } from './services.ts';
import { storeUrlOf } from './store-url.ts';
import { type Doors, wantedListeners } from './wanted-listeners.ts';
import { createGuard, type Guard } from './wiring.ts';

export interface Server extends AsyncDisposable {
  readonly listeners: readonly OpenListener[];
  /** Whose mail is taken; of a guard, whose mailboxes it knows. */
  readonly domains: readonly HostedDomain[];
  /** Rejects where it cannot be done: then everything stays as it was. */
  reload(config: Config): Promise<void>;
}

/** One configuration at work. */
interface Rules extends AsyncDisposable {
  readonly config: Config;
  readonly guard: Guard;
  readonly domains: readonly HostedDomain[];
  /** Null in a guard, which takes no mail itself. */
  readonly mail: { readonly mx: Mx; readonly services: SmtpServices } | null;
}

/** Who asked before a reload may still wait for an answer, ms. */
const farewell = 60_000;

/**
 * Rejects with JournalOpenError, QueueOpenError, QueueInUseError, CertificateError, ListenError or
 * CommandError; nothing is left open then.
 */
export async function startServer(
  first: Config,
  privileges: Privileges,
  log: Log,
): Promise<Server> {
  await using opened = new AsyncDisposableStack();
  const url = storeUrlOf(first);
  const home = homeOf(first);
  const journal = opened.use(await openJournalStore(url));
  const limits = { retention: first.journal.keep };
  const recorder = opened.use(createRecorder({ store: journal, log, limits }));
  let alertsTo = first.alerts.mail ?? null;
  const floods = createFloodWatch({
    now: Date.now,
    seed: randomInt(2 ** 32),
    alertsTo: () => alertsTo,
  });
  // Before the delivery, which tells of its backlog at once.
  const incidents = { store: journal, watch: floods };
  const earlier = await resumeIncidents(incidents);
  const parts = {
    floods,
    record: recorder.record,
    kept: recorder.kept,
    onFault: (fault: unknown) => log.error({ err: fault }, 'a fault of our own'),
  };
  let keeping: Keeping | null = null;
  opened.defer(async () => keeping?.[Symbol.asyncDispose]());
  let verified: VerifyFile | null = null;
  opened.defer(async () => verified?.[Symbol.asyncDispose]());
  const listeners = createListeners();

  /** A queue that a server left behind is delivered, even where no mail is taken any more. */
  async function createRules(config: Config): Promise<Rules> {
    if (smtpEndpoints(config.smtp).length > 0 || findQueue(url).exists)
      keeping ??= await openKeeping(url, home.folder);
    const bound = () => listeners.open.map(({ listener }) => listener.endpoint);
    if (!keeping && config.domains.length === 0) {
      const guard = await createGuard(config, parts);
      return { config, guard, domains: [], mail: null, [Symbol.asyncDispose]: disposalOf(guard) };
    }
    verified ??= await openVerified(home.folder, log);
    const house = { ...parts, home, verified, bound, log };
    if (!keeping) {
      const knowing = await createKnowingGuard(config, house);
      const { guard, domains } = knowing;
      return { config, guard, domains, mail: null, [Symbol.asyncDispose]: disposalOf(knowing) };
    }
    const { queue, nextId, noticeCounts } = keeping;
    const mx = await createMx(config, { ...house, queue, nextId, noticeCounts });
    const { guard, domains } = mx;
    const services = createServices(config, mx, () => current.mail?.mx ?? mx, keeping, log);
    const mail = { mx, services };
    return { config, guard, domains, mail, [Symbol.asyncDispose]: disposalOf(mx) };
  }

  let current = await createRules(first);
  const retired = new Set<Rules>();
  opened.defer(async () => {
    await Promise.all([current, ...retired].map((rules) => rules[Symbol.asyncDispose]()));
  });
  let alerts: { readonly config: Config; readonly tell: Alerts } | null = null;
  function alertsNow(): Alerts {
    const { config, mail } = current;
    if (alerts?.config === config) return alerts.tell;
    const { webhook = null, mail: to, sendmail } = config.alerts;
    const send = (recipient: string, content: Buffer) =>
      sendAlert(recipient, content, mail && keeping ? ownQueue(keeping, mail.mx) : sendmail);
    const tell = createAlerts({
      name: serverName(config),
      webhook,
      mail: to === undefined ? null : { to, send },
      log,
      now: Date.now,
    });
    alerts = { config, tell };
    return tell;
  }

  opened.use(
    await keepGoodClients({
      path: join(home.folder, 'good-clients.jsonl'),
      watch: floods,
      warn: (message) => log.warn({}, message),
    }),
  );
  opened.use(
    keepIncidents({
      ...incidents,
      before: earlier,
      cpu: createCpuMeter(),
      // Those of the configuration as it is then.
      onIncident: (occasion, incident) => alertsNow()(occasion, incident),
      onFault: (error) => log.error({ err: error }, 'incidents cannot be kept; mail goes on'),
    }),
  );
  opened.use(listeners);

  const guard = () => current.guard;
  const doors: Doors = {
    judge: currentJudge(guard),
    identity: currentIdentity(guard),
    services: {
      get current() {
        if (current.mail) return current.mail.services;
        throw new Error('a listener takes mail in a server that takes none');
      },
    },
    crowd: new Crowd(),
    requiresTls: () => current.config.smtp.tls.require,
    privileges,
    log,
  };
  await listeners.change(wantedListeners(first, doors));

  function retire(rules: Rules): void {
    retired.add(rules);
    void rules.mail?.mx.delivery[Symbol.asyncDispose]();
    setTimeout(() => {
      if (retired.delete(rules)) void rules[Symbol.asyncDispose]();
    }, farewell).unref();
  }

  async function reload(config: Config): Promise<void> {
    const before = current;
    const next = await createRules(config);
    current = next;
    try {
      await listeners.change(wantedListeners(config, doors));
    } catch (error) {
      current = before;
      await next[Symbol.asyncDispose]();
      throw error;
    }
    alertsTo = config.alerts.mail ?? null;
    retire(before);
  }

  const stack = opened.move();
  let reloading: Promise<void> = Promise.resolve();
  return {
    get listeners() {
      return listeners.open;
    },
    get domains() {
      return current.domains;
    },
    reload(config) {
      const done = reloading.then(() => reload(config));
      reloading = done.catch(() => {});
      return done;
    },
    async [Symbol.asyncDispose]() {
      await reloading;
      await stack.disposeAsync();
    },
  };
}

function ownQueue({ queue, nextId }: Keeping, { delivery, directory }: Mx): OwnQueue {
  return { queue, nextId, delivery, directory };
}

function disposalOf(resource: AsyncDisposable): () => PromiseLike<void> {
  return () => resource[Symbol.asyncDispose]();
}
