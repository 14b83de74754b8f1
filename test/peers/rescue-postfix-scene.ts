/**
 * A Postfix with a full queue: notices to a black hole and to people, mail that waits, mail that is held.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import type { Ran, Root } from '../../src/machine/root.ts';
import type { MailServer } from '../../src/rescue/mail-server.ts';
import { findPostfix } from '../../src/rescue/postfix/server.ts';
import { type Actor, type CallsOf, startActor } from './actor.ts';
import { milterPort } from './actors/editing-milter.ts';
import { openDns } from './incident.ts';
import { addresses, openNetwork } from './network.ts';
import { type Place, run, start } from './place.ts';
import { openPostfix, type Postfix } from './postfix.ts';
import { until } from './until.ts';

export interface RescueScene extends AsyncDisposable {
  readonly postfix: Postfix;
  readonly letters: Actor<CallsOf<typeof import('./actors/letters.ts')>>;
  /** From `mail` to `rcpt`, as said in SMTP; throws where it is refused. */
  send(mail: string, rcpt: readonly string[], subject: string): Promise<void>;
  /** Filters change whatever comes by SMTP, until the result is disposed of. */
  edit(bodyLines: number): Promise<AsyncDisposable>;
  /** Mail for good-1.example goes through from now on. */
  repair(): Promise<void>;
  /** As the rescue finds it. */
  find(): Promise<MailServer>;
  /** All its instances. */
  findAll(): Promise<readonly MailServer[]>;
  /** Rows of `postqueue -j`. */
  rows(): Promise<Row[]>;
  /** Resolves when so many messages wait in `deferred`. */
  deferred(count: number): Promise<void>;
}

/** postqueue(1), JSON object format. */
export interface Row {
  readonly queue_name: string;
  readonly queue_id: string;
  readonly arrival_time: number;
  readonly message_size: number;
  readonly sender: string;
  readonly recipients: readonly { readonly address: string; readonly delay_reason?: string }[];
}

export const ownName = 'mx.host.example';

export async function openRescueScene(
  settings: Readonly<Record<string, string>> = {},
): Promise<RescueScene> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await openNetwork());
  stack.use(
    await openDns(network, {
      'seaton.biz': { MX: [[10, 'mail.seaton.biz']] },
      'mail.seaton.biz': { A: ['127.0.0.1'] },
      'good-2.example': { MX: [[10, 'sink.example']] },
      'sink.example': { A: [addresses.sink.v4] },
      'sender.example': { MX: [[10, 'sink.example']] },
      'silent.example': { trick: 'timeout' },
    }),
  );
  const letters = stack.use(
    await startActor<typeof import('./actors/letters.ts')>(
      network.world,
      new URL('./actors/letters.ts', import.meta.url),
      { extensions: ['PIPELINING', '8BITMIME', 'SMTPUTF8'] },
    ),
  );
  // Nobody listens there until it is repaired.
  const routes = (address: string) => `inline:{ { good-1.example = smtp:[${address}] } }`;
  const postfix = stack.use(
    await openPostfix({
      network,
      clients: ['192.0.2.0/24'],
      settings: {
        // It takes mail for anybody here, and bounces later.
        local_recipient_maps: '',
        // What leads to 127.0.0.1 is then refused there, and not known as itself.
        inet_interfaces: addresses.server.v4,
        inet_protocols: 'ipv4',
        transport_maps: routes(addresses.backend.v4),
        smtputf8_autodetect_classes: 'all',
        ...settings,
      },
    }),
  );
  await postfix.start();
  const { place, path } = postfix.machine;

  const rows = async (): Promise<Row[]> => {
    const text = await run(place, ['postqueue', '-j']);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line): Row => JSON.parse(line));
  };
  const findAll = () => findPostfix(rootOf(join(path('/')), place));
  const kept = stack.move();
  return {
    postfix,
    letters,
    findAll,
    async send(mail, rcpt, subject) {
      const said = await letters.call('send', {
        to: addresses.server.v4,
        mail,
        rcpt,
        header: ['From: Ann <ann@good-1.example>', `Subject: ${subject}`],
        body: Buffer.from('Some words.\r\n'),
      });
      if (!said.at(-1)?.startsWith('250')) throw new Error(said.join('\n'));
    },
    async edit(bodyLines) {
      const milter = await startActor<typeof import('./actors/editing-milter.ts')>(
        network.world,
        new URL('./actors/editing-milter.ts', import.meta.url),
        { bodyLines },
      );
      await postfix.configure({ smtpd_milters: `inet:${addresses.sender.v4}:${milterPort}` });
      return {
        async [Symbol.asyncDispose]() {
          await postfix.configure({ smtpd_milters: '' });
          await milter[Symbol.asyncDispose]();
        },
      };
    },
    repair: () => postfix.configure({ transport_maps: routes(addresses.sink.v4) }),
    async find() {
      const [server] = await findAll();
      if (!server) throw new Error('There is no Postfix');
      return server;
    },
    rows,
    async deferred(count) {
      const all = await until(async () => {
        const found = await rows();
        return found.length === count && found.every(({ queue_name }) => queue_name === 'deferred');
      });
      if (!all) throw new Error(JSON.stringify(await rows(), null, 1));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** As it is inside: its programs look at its own network. */
function rootOf(folder: string, place: Place): Root {
  return {
    folder,
    async run(at, command, input = ''): Promise<Ran> {
      const inside = ['sh', '-c', 'cd "$0" && exec "$@"', at, ...command];
      const child = start(place, inside, { stdio: 'pipe' });
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(Buffer.from(input, 'latin1'));
      const text = async (stream: AsyncIterable<Buffer> | null) =>
        stream ? Buffer.concat(await Array.fromAsync(stream)).toString('latin1') : '';
      const ended = once(child, 'close');
      const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
      await ended;
      return { status: child.exitCode, stdout, stderr };
    },
  };
}
