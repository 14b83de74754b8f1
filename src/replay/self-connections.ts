/**
 * Counts the mail connections that a machine makes to itself, from the kernel's own table of connections.
 *
 * Linux only. The side that closes keeps the connection in TIME-WAIT for a minute, so that a look now and
 * then misses few. One that is cut off (RST) leaves nothing behind and is seen only if it lasts: a count
 * is a lower bound. Another network namespace is seen through /proc/PID of a process inside it.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ipFromBytes, unmapped } from '../mail/ip.ts';

export interface TcpEntry {
  /** Canonical text; a mapped IPv4 address as IPv4. */
  readonly local: string;
  readonly localPort: number;
  readonly remote: string;
  readonly remotePort: number;
  readonly isListening: boolean;
}

/** Reads the text of /proc/net/tcp or tcp6; lines of any other shape are skipped. */
export function parseTcpTable(text: string): TcpEntry[] {
  const entries: TcpEntry[] = [];
  for (const line of text.split('\n')) {
    const [, local, localPort, remote, remotePort, state] =
      /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) /.exec(line) ??
      [];
    const here = readAddress(local);
    const there = readAddress(remote);
    if (here === null || there === null) continue;
    entries.push({
      local: here,
      localPort: Number.parseInt(localPort ?? '', 16),
      remote: there,
      remotePort: Number.parseInt(remotePort ?? '', 16),
      isListening: state === '0A',
    });
  }
  return entries;
}

/** Words of 32 bits in the byte order of the machine; all that Node runs on with Linux is little-endian, but s390x. */
function readAddress(hex: string | undefined): string | null {
  if (hex?.length !== 8 && hex?.length !== 32) return null;
  const bytes = Buffer.from(hex, 'hex');
  if (littleEndian) bytes.swap32();
  return unmapped(ipFromBytes(bytes)).text;
}

const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * The connections in which both ends are the same machine and one end is a watched port: `client>server`
 * -> port of the client. Both ends of one stand in the table; they give the same text.
 *
 * `except` are servers that do not count, each as `address port`.
 */
export function findSelfConnections(
  entries: readonly TcpEntry[],
  ports: ReadonlySet<number>,
  except: ReadonlySet<string> = new Set(),
): Map<string, number> {
  const found = new Map<string, number>();
  const add = (client: string, port: number, server: string) => {
    if (!except.has(server)) found.set(`${client} ${port}>${server}`, port);
  };
  for (const { local, localPort, remote, remotePort, isListening } of entries) {
    // To reach its own address the kernel sends from that address.
    if (isListening || (local !== remote && !(isLoopback(local) && isLoopback(remote)))) continue;
    if (ports.has(remotePort)) add(local, localPort, `${remote} ${remotePort}`);
    else if (ports.has(localPort)) add(remote, remotePort, `${local} ${localPort}`);
  }
  return found;
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^127\./.test(address);
}

export interface SelfConnectionWatch {
  /** Connections seen so far but those from the given ports, which are the replay's own; null where they cannot be seen. */
  count(ownPorts: ReadonlySet<number>): number | null;
  /** Looks once more, then no more. */
  stop(): Promise<void>;
}

export interface WatchOptions {
  /** A process in the network namespace to look at; null for our own. */
  readonly pid: number | null;
  readonly ports: ReadonlySet<number>;
  /** Servers that do not count, each as `address port`. */
  readonly except?: ReadonlySet<string>;
  /** Milliseconds between two looks at least; default 50. */
  readonly interval?: number;
}

/** More connections than this are not remembered; the count stays there. */
const mostConnections = 500_000;

/** Connections that are there already, those that ended a minute ago as well, do not count. */
export async function watchSelfConnections(options: WatchOptions): Promise<SelfConnectionWatch> {
  const folder = `/proc/${options.pid ?? 'self'}/net`;
  /** Client port -> connections seen from it. */
  const counts = new Map<number, number>();
  let before: ReadonlyMap<string, number> | null = null;
  let total = 0;
  let isBlind = true;

  const look = async () => {
    const texts = await Promise.all(
      ['tcp', 'tcp6'].map((name) => readFile(`${folder}/${name}`, 'latin1').catch(() => '')),
    );
    if (texts[0] !== '') isBlind = false;
    const now = findSelfConnections(texts.flatMap(parseTcpTable), options.ports, options.except);
    for (const [key, port] of now) {
      if (!before || before.has(key) || total >= mostConnections) continue;
      total++;
      counts.set(port, (counts.get(port) ?? 0) + 1);
    }
    before = now;
  };
  await look();
  const stopped = new AbortController();
  const { interval = 50 } = options;
  const looking = (async () => {
    while (!stopped.signal.aborted) {
      const from = performance.now();
      await look();
      // A long table takes long to read: no more than a twentieth of the time goes into that.
      const pause = Math.max(interval, 20 * (performance.now() - from));
      await sleep(pause, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
  })();
  return {
    count(ownPorts) {
      if (isBlind) return null;
      let sum = 0;
      for (const [port, seen] of counts) if (!ownPorts.has(port)) sum += seen;
      return sum;
    },
    async stop() {
      if (stopped.signal.aborted) return;
      stopped.abort();
      await looking;
      await look();
    },
  };
}
