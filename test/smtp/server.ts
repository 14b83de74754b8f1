/**
 * A whole SMTP server for tests: the real judge, directory, session and store around sockets on
 * loopback. DNS, proof and delivery are played, unless the test brings its own.
 */
import { createHash } from 'node:crypto';
import type { Delivery } from '../../src/delivery/delivery.ts';
import { createJudge, type Judge } from '../../src/judge/judge.ts';
import { createRoutes } from '../../src/judge/routes.ts';
import { parseEndpoint } from '../../src/mail/endpoint.ts';
import { parseIp, parseNetwork } from '../../src/mail/ip.ts';
import { nextQueueId, type QueueId } from '../../src/mail/queue-id.ts';
import { createDirectory } from '../../src/recipients/create-directory.ts';
import type { Directory } from '../../src/recipients/directory.ts';
import type { Listener } from '../../src/server/listener.ts';
import { type Log, silentLog } from '../../src/server/log.ts';
import { Crowd } from '../../src/server/smtp/crowd.ts';
import { createHopStamps } from '../../src/server/smtp/hop-stamp.ts';
import { defaultSmtpLimits, type SmtpLimits } from '../../src/server/smtp/limits.ts';
import type { SmtpServices } from '../../src/server/smtp/services.ts';
import { type SmtpOptions, serveSmtp } from '../../src/server/smtp/smtp.ts';
import type { QueuedMessage, QueueStore } from '../../src/store/queue-store.ts';
import { defaultLoopLimits } from '../../src/verdict/loop.ts';
import { defaultNoticeLimits } from '../../src/verdict/notice.ts';
import type { DomainFacts } from '../../src/verdict/route-facts.ts';
import { defaultRoutePolicy } from '../../src/verdict/route-policy.ts';
import { noProof } from '../../src/verdict/sender-proof.ts';
import type { CheckSetting } from '../../src/verdict/verdict.ts';
import { memoryQueue } from '../store/memory-queue.ts';

export interface TestConfig extends Partial<Omit<SmtpServices, 'limits' | 'relayNetworks'>> {
  readonly kind?: SmtpOptions['kind'];
  readonly implicitTls?: boolean;
  readonly requiresTls?: boolean;
  /** Mailboxes of example.org; default: ann and bob. */
  readonly mailboxes?: readonly string[];
  readonly aliases?: Readonly<{ [from: string]: readonly string[] }>;
  /** Domains and what DNS says of them; all others have a fine MX. */
  readonly dns?: Readonly<{ [domain: string]: DomainFacts }>;
  /** Text; default: none, so that the test itself is a stranger. */
  readonly relayNetworks?: readonly string[];
  readonly limits?: Partial<SmtpLimits>;
  readonly store?: QueueStore;
  readonly wholeDirectory?: Directory;
  readonly crowd?: Crowd;
  readonly lookEvery?: number;
  readonly endpoint?: string;
}

export interface TestServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly listener: Listener;
  readonly store: QueueStore;
  readonly crowd: Crowd;
  /** What the delivery was handed. */
  readonly taken: QueueId[];
  readonly lines: string[];
  /** New connections use the changed services. */
  reload(change: Partial<SmtpServices>): void;
  /** Resolves when every connection is gone, in our eyes as in the kernel's. */
  quiet(): Promise<void>;
  /** All messages in the queue, oldest first, with their content. */
  messages(): Promise<(QueuedMessage & { readonly content: string })[]>;
}

const fine: DomainFacts = {
  kind: 'implicit',
  host: {
    addresses: [known('8.8.8.8')],
    alias: null,
    failure: null,
    truncated: false,
  },
};

export async function startTestServer(config: TestConfig = {}): Promise<TestServer> {
  const store = config.store ?? memoryQueue();
  const crowd = config.crowd ?? new Crowd();
  const taken: QueueId[] = [];
  const lines: string[] = [];
  const directory = config.wholeDirectory ?? directoryOf(config);
  let last = 0;
  const base: SmtpServices = {
    name: 'mx.example.org',
    identity: { ownNames: new Set(['mx.example.org']), isOwnAddress: () => false },
    judge: judgeWith(directory, config.dns ?? {}),
    directory,
    prover: blindProver,
    queue: store,
    delivery: idleDelivery(taken),
    nextId: () => (last = nextQueueId(last, Date.now())),
    stamps: createHopStamps(createHash('sha256').update('a test').digest()),
    logins: null,
    certificate: null,
    proxyNetworks: [],
    xclientNetworks: [],
    lifetime: 5 * 24 * 3_600_000,
    log: logTo(lines),
    ...config,
    relayNetworks: (config.relayNetworks ?? []).flatMap((text) => parseNetwork(text) ?? []),
    limits: { ...defaultSmtpLimits, ...config.limits },
  };
  const holder = { current: base };
  const endpoint = parseEndpoint(config.endpoint ?? '127.0.0.1:0');
  if (endpoint === null) throw new Error('no endpoint');
  const listener = await serveSmtp(holder, endpoint, {
    kind: config.kind ?? 'smtp',
    implicitTls: config.implicitTls ?? false,
    requiresTls: config.requiresTls ?? false,
    crowd,
    lookEvery: config.lookEvery ?? 1000,
  });
  const bound = listener.endpoint;
  return {
    host: 'host' in bound ? bound.host : '',
    port: 'port' in bound ? bound.port : 0,
    listener,
    store,
    crowd,
    taken,
    lines,
    reload(change) {
      holder.current = { ...holder.current, ...change };
    },
    async quiet() {
      while (listener.connections > 0 || crowd.connections > 0)
        await new Promise((resolve) => setTimeout(resolve, 1));
    },
    async messages() {
      const found = [];
      for await (const message of store.list({})) {
        const pieces: Uint8Array[] = [];
        for await (const piece of store.read(message.id)) pieces.push(piece);
        found.push({ ...message, content: Buffer.concat(pieces).toString('latin1') });
      }
      return found;
    },
    async [Symbol.asyncDispose]() {
      await listener.close(0);
      await store[Symbol.asyncDispose]();
    },
  };
}

function judgeWith(directory: Directory, dns: Readonly<{ [domain: string]: DomainFacts }>): Judge {
  const check: CheckSetting = { mode: 'enforce', onFailure: 'closed' };
  return createJudge({
    routes: createRoutes({
      gather: async (domain) => {
        const name = domain.kind === 'name' ? domain.name : domain.address.text;
        return { facts: { domain: name, found: dns[name] ?? fine, hostsFile: [] }, ttl: 60_000 };
      },
      policy: defaultRoutePolicy,
      now: () => performance.now(),
      capacity: 1000,
      maxPending: 100,
    }),
    policy: defaultRoutePolicy,
    loops: defaultLoopLimits,
    notices: defaultNoticeLimits,
    directory,
    checks: {
      sender: check,
      recipient: check,
      mailbox: check,
      notice: check,
      loop: check,
      dmarc: check,
      flood: check,
    },
    record: () => {},
    kept: async () => {},
    onFault: (fault) => {
      throw fault;
    },
    patience: 5000,
  });
}

function directoryOf({ mailboxes = ['ann', 'bob'], aliases = {} }: TestConfig): Directory {
  return createDirectory({
    domains: [
      {
        name: 'example.org',
        mailboxes,
        aliases: Object.entries(aliases).map(([from, to]) => ({ from, to })),
        catchAll: null,
        destination: { kind: 'maildir', folder: '/nowhere' },
        maps: [],
        verify: 'none',
        cutThrough: false,
      },
    ],
  });
}

/** Finds nothing out about strangers. */
export const blindProver: SmtpServices['prover'] = {
  begin: ({ login, trustedNetwork }) => ({
    write() {},
    end: async () => ({
      proof: { ...noProof, login, trustedNetwork },
      results: 'mx.example.org; none',
    }),
    abort() {},
  }),
};

/** Takes messages and does nothing about them. */
export function idleDelivery(taken: QueueId[]): Omit<Delivery, keyof AsyncDisposable> {
  return {
    hasRoom: () => true,
    take: ({ id }) => void taken.push(id),
    wake() {},
    canCutThrough: () => false,
    cutThrough: async () => null,
  };
}

function logTo(lines: string[]): Log {
  const write = (details: object, message: string) =>
    void lines.push(`${message} ${JSON.stringify(details)}`);
  return { ...silentLog, info: write, warn: write, error: write };
}

function known(text: string) {
  const address = parseIp(text);
  if (address === null) throw new Error(text);
  return address;
}
