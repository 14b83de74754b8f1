/**
 * Spillway as the MX of host.example, another mail server as that of peer.example, and between them
 * somebody at sender.example who writes to both. What peer.example takes ends in the same hands.
 */
import { readdir, readFile } from 'node:fs/promises';
import { type Actor, type CallsOf, startActor } from './actor.ts';
import type { Letter, Taken } from './actors/letters.ts';
import { certificate } from './certificate.ts';
import { openDns } from './incident.ts';
import { addresses, type Network, openNetwork } from './network.ts';
import type { Peer } from './peer.ts';
import { openPeer, type PeerName } from './peers.ts';
import { openSpillway, type Spillway, type SpillwayOptions } from './spillway.ts';
import { until } from './until.ts';

export interface Exchange extends AsyncDisposable {
  readonly network: Network;
  readonly spillway: Spillway;
  readonly peer: Peer;
  readonly letters: Actor<CallsOf<typeof import('./actors/letters.ts')>>;
  /** Sends from the world to one of the two; resolves to the replies. */
  send(to: 'spillway' | 'peer', letter: Omit<Letter, 'to' | 'header'> & Heading): Promise<string[]>;
  /** The message with this subject in a mailbox of Spillway; null if it does not come. */
  inMailbox(mailbox: string, subject: string): Promise<{ header: string; body: Buffer } | null>;
  /** The first letter taken in the world that matches; null if it does not come. */
  inWorld(matches: (letter: Taken) => boolean): Promise<Taken | null>;
}

export interface Heading {
  readonly subject: string;
  /** More fields, a line each. */
  readonly fields?: readonly string[];
}

export interface ExchangeOptions {
  readonly tls: boolean;
  /** The only mailboxes of peer.example; default all. */
  readonly recipients?: readonly string[];
  readonly spillway?: Partial<SpillwayOptions>;
  readonly extensions?: readonly string[];
}

const patience = 15_000;
/** The world chooses among its addresses when it connects. */
const worldly = [addresses.sender, addresses.backend, addresses.sink, addresses.dns].map(
  ({ v4 }) => v4,
);

export async function openExchange(name: PeerName, options: ExchangeOptions): Promise<Exchange> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await openNetwork());
  stack.use(
    await openDns(network, {
      'host.example': { MX: [[10, 'mx.host.example']] },
      'mx.host.example': { A: [addresses.server.v4] },
      'peer.example': { MX: [[10, 'mx.peer.example']] },
      'mx.peer.example': { A: [addresses.peer.v4] },
      'sender.example': {
        MX: [[10, 'sink.example']],
        A: [addresses.sender.v4],
        TXT: [`v=spf1 ip4:${addresses.peer.v4} ip4:${addresses.sender.v4} -all`],
      },
      'sink.example': { A: [addresses.sink.v4] },
    }),
  );
  const letters = stack.use(
    await startActor<typeof import('./actors/letters.ts')>(
      network.world,
      new URL('./actors/letters.ts', import.meta.url),
      {
        extensions: options.extensions ?? [
          ...['PIPELINING', 'SIZE 200000000', '8BITMIME', 'SMTPUTF8', 'DSN', 'ENHANCEDSTATUSCODES'],
        ],
      },
    ),
  );
  const tls = options.tls ? { certificate } : {};
  // Somebody in the world may send anything; the two are strangers to each other.
  const clients = worldly.map((address) => `${address}/32`);
  const spillway = stack.use(
    await openSpillway({
      network,
      ...tls,
      ...options.spillway,
      clients,
      toml: `
[[domains]]
name = "host.example"
mailboxes = ["bob", "jörg"]
deliver = "maildir:/var/mail/{mailbox}"
${options.spillway?.toml ?? ''}`,
    }),
  );
  const peer = stack.use(
    await openPeer[name]({
      network,
      side: 'peer',
      hostName: 'mx.peer.example',
      relay: { 'peer.example': addresses.sink.v4 },
      clients,
      ...(options.recipients ? { recipients: options.recipients } : {}),
      ...tls,
    }),
  );
  await Promise.all([spillway.start(), peer.start()]);

  const kept = stack.move();
  return {
    network,
    spillway,
    peer,
    letters,
    async send(to, { subject, fields = [], ...letter }) {
      const header = [
        'From: Ann <ann@sender.example>',
        'To: somebody <somebody@elsewhere.example>',
        `Subject: ${subject}`,
        'Date: Tue, 05 Sep 2006 10:00:00 +0000',
        `Message-ID: <${subject.replaceAll(/\W/g, '.')}@sender.example>`,
        ...fields,
      ];
      const address = addresses[to === 'spillway' ? 'server' : 'peer'].v4;
      return await letters.call('send', { ...letter, header, to: address });
    },
    async inMailbox(mailbox, subject) {
      const folder = spillway.machine.path(`/var/mail/${folderOf(mailbox)}/new`);
      let found: { header: string; body: Buffer } | null = null;
      await until(async () => {
        for (const name of await readdir(folder).catch(() => [])) {
          const content = await readFile(`${folder}/${name}`);
          const end = /\r?\n\r?\n/.exec(content.toString('latin1', 0, 20_000));
          if (!end) continue;
          const at = end.index + end[0].length;
          const header = content.toString('utf8', 0, at);
          if (!header.includes(`Subject: ${subject}`)) continue;
          const body = content.subarray(at);
          found = { header, body: end[0].startsWith('\r') ? body : withCrlf(body) };
        }
        return found !== null;
      }, patience);
      return found;
    },
    async inWorld(matches) {
      let found: Taken | null = null;
      await until(async () => {
        found = (await letters.call('taken')).find(matches) ?? null;
        return found !== null;
      }, patience);
      return found;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** A Maildir holds lines as Unix does. */
function withCrlf(body: Buffer): Buffer {
  return Buffer.from(body.toString('latin1').replaceAll('\n', '\r\n'), 'latin1');
}

/** As Spillway names the folder of a mailbox. */
function folderOf(mailbox: string): string {
  return [...Buffer.from(mailbox)]
    .map((octet) =>
      octet < 128 ? String.fromCharCode(octet) : `%${octet.toString(16).toUpperCase()}`,
    )
    .join('');
}
