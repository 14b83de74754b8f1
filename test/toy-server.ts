/**
 * A toy of a mail server for tests of the replay: accepts, relays to the backend, writes failure notices.
 *
 * It keeps nothing on disk and gives up a message at the first trouble. Not for mail.
 */
import { Resolver } from 'node:dns/promises';
import { hostedSites } from '../src/replay/sites.ts';
import { createSmtpSender, type SmtpSender } from '../src/replay/smtp-sender.ts';
import {
  type SmtpSink,
  type SunkMessage,
  sinkReply,
  startSmtpSink,
} from '../src/replay/smtp-sink.ts';

/**
 * - drowns: a notice for a black hole goes to itself, and again
 * - spills: a notice for a black hole goes where the black hole leads
 * - discards: a notice for a black hole is dropped
 * - refuses-senders: a sender at a black hole is refused at MAIL
 * - refuses-recipients: unknown mailboxes are refused at RCPT
 * - loses: takes everything and forgets it
 */
export type ToyTemper =
  | 'drowns'
  | 'spills'
  | 'discards'
  | 'refuses-senders'
  | 'refuses-recipients'
  | 'loses';

/** Ports on 127.0.0.1. */
export interface ToyRoutes {
  readonly backend: number;
  readonly sink: number;
  readonly blackhole: number | null;
  /** Null: it asks nobody, and takes every domain for one at the good sink. */
  readonly dns: number | null;
}

export interface ToyServer extends AsyncDisposable {
  readonly port: number;
  readonly sink: SmtpSink;
  /** To be called before mail comes. */
  connect(routes: ToyRoutes): void;
}

/** A real one goes round until somebody wakes up. */
const mostRounds = 3;

export async function startToyServer(temper: ToyTemper): Promise<ToyServer> {
  let resolver: Resolver | null = null;
  let toBackend: SmtpSender | null = null;
  let toSink: SmtpSender | null = null;
  let toBlackhole: SmtpSender | null = null;
  const stack = new AsyncDisposableStack();
  const senderTo = (port: number) =>
    stack.use(
      createSmtpSender({ address: '127.0.0.1', port, connections: 4, helo: 'toy.example' }),
    );

  const isBlackhole = async (address: string): Promise<boolean> => {
    const found = await resolver?.resolveMx(address.split('@')[1] ?? '').catch(() => []);
    return found?.some(({ exchange }) => exchange === 'mail.seaton.biz') ?? false;
  };
  const notify = async (message: SunkMessage) => {
    if (message.reversePath === '' && message.received >= mostRounds) return;
    const isLost = await isBlackhole(message.reversePath || (message.forwardPaths[0] ?? ''));
    if (isLost && temper === 'discards') return;
    const way = !isLost ? toSink : temper === 'spills' ? toBlackhole : toItself;
    const trace = 'Received: by toy.example\n'.repeat(message.received + 1);
    await way?.send({
      reversePath: '',
      forwardPaths: [message.reversePath || (message.forwardPaths[0] ?? '')],
      content: `${trace}Subject: failed\n\nIt was:\n\n${message.text}`,
    });
  };
  const relay = async (message: SunkMessage) => {
    const { reversePath, forwardPaths, text } = message;
    const isHosted = forwardPaths.every((path) => hostedSites.includes(path.split('@')[1] ?? ''));
    if (!isHosted) return notify(message);
    const sent = await toBackend?.send({ reversePath, forwardPaths, content: text });
    if (sent?.transaction.kind === 'refused') await notify(message);
  };

  const sink = stack.use(
    await startSmtpSink({
      name: 'toy.example',
      mostMessages: 1,
      async onMail(path) {
        if (temper !== 'refuses-senders' || !(await isBlackhole(path))) return null;
        return sinkReply('550 5.1.8 Sender domain leads nowhere');
      },
      onRcpt(path) {
        if (temper !== 'refuses-recipients' || path.startsWith('info@')) return null;
        return sinkReply(`550 5.1.1 <${path}> is unknown here`);
      },
      onMessage(message) {
        if (temper !== 'loses') void relay(message);
        return null;
      },
    }),
  );
  const toItself = senderTo(sink.port);
  return {
    port: sink.port,
    sink,
    connect(routes) {
      toBackend = senderTo(routes.backend);
      toSink = senderTo(routes.sink);
      if (routes.blackhole !== null) toBlackhole = senderTo(routes.blackhole);
      if (routes.dns === null) return;
      resolver = new Resolver({ timeout: 2000, tries: 2 });
      resolver.setServers([`127.0.0.1:${routes.dns}`]);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
