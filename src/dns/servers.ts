/**
 * The DNS servers that are asked: in turn, with patience that has an end, and with what was learnt
 * of each.
 */
import { askByTcp, type Exchange } from './exchange.ts';
import { type Reading, readLookup } from './lookup.ts';
import { formatQuery, type LookupType, randomLength } from './query.ts';
import { takeRandom } from './random.ts';
import { type DnsServerAddress, formatDnsServer } from './server-address.ts';
import { createUdpPorts, type UdpPorts } from './udp-ports.ts';

export type Asked =
  | Exclude<Reading, { kind: 'useless' }>
  | { readonly kind: 'failed'; readonly detail: string };

export interface Servers {
  /** `end`: on the clock of performance.now(). Never rejects. */
  ask(name: string, type: LookupType, end: number): Promise<Asked>;
  /** Ends all waiting, as if nothing had come. */
  cancelAll(): void;
}

interface Server {
  readonly address: DnsServerAddress;
  readonly label: string;
  readonly udp: UdpPorts;
  /** Moments of performance.now() until which a weakness is believed. */
  silentUntil: number;
  noEdnsUntil: number;
  noCaseUntil: number;
}

type Try =
  | Exclude<Reading, { kind: 'useless' }>
  | { readonly kind: 'silent' }
  /** Nobody is there. `detail` is a sentence with the name of the server. */
  | { readonly kind: 'absent'; readonly detail: string }
  /** It answered, but nothing that helps. */
  | { readonly kind: 'trouble'; readonly detail: string };

/** A silent server is asked last for so long, ms. */
const silencePenalty = 30_000;
/** How long a server is taken to know no EDNS, or to lose letter case, ms. */
const weaknessMemory = 900_000;
const ednsErrors = new Set(['FORMERR', 'NOTIMP', 'BADVERS']);

/** `tryTimeout`: ms until the next server is asked, doubled with each round. */
export function createServers(addresses: readonly DnsServerAddress[], tryTimeout: number): Servers {
  const servers = addresses.map(
    (address): Server => ({
      address,
      label: formatDnsServer(address),
      udp: createUdpPorts(address),
      silentUntil: 0,
      noEdnsUntil: 0,
      noCaseUntil: 0,
    }),
  );
  const cancels = new Set<() => void>();
  let isCancelled = false;

  async function ask(name: string, type: LookupType, end: number): Promise<Asked> {
    if (servers.length === 0) return { kind: 'failed', detail: 'no DNS server is configured' };
    const start = performance.now();
    const silent = new Set<string>();
    const troubles: string[] = [];
    let isAnswered = false;
    let waiting = lastlySilent(servers, start);
    // Once a server has said that it cannot tell, the silent ones are not waited for again.
    for (let patience = tryTimeout; waiting.length > 0 && !isAnswered; patience *= 2)
      for (const server of waiting) {
        const left = end - performance.now();
        if (isCancelled || left <= 0) {
          waiting = [];
          break;
        }
        const got = await tryServer(server, name, type, Math.min(patience, left));
        if (got.kind === 'silent') {
          server.silentUntil = performance.now() + silencePenalty;
          silent.add(server.label);
          continue;
        }
        if (got.kind !== 'trouble' && got.kind !== 'absent') return got;
        isAnswered ||= got.kind === 'trouble';
        silent.delete(server.label);
        troubles.push(got.detail);
        waiting = waiting.filter((other) => other !== server);
      }
    if (isCancelled) return { kind: 'failed', detail: 'the resolver was closed' };
    return { kind: 'failed', detail: describe(silent, troubles, performance.now() - start) };
  }

  async function tryServer(
    server: Server,
    name: string,
    type: LookupType,
    timeout: number,
  ): Promise<Try> {
    const now = performance.now();
    const edns = now >= server.noEdnsUntil;
    let got = await converse(server, name, type, timeout, edns);
    if (edns && got.kind === 'error' && ednsErrors.has(got.rcode)) {
      got = await converse(server, name, type, timeout, false);
      if (got.kind === 'answer') server.noEdnsUntil = performance.now() + weaknessMemory;
    }
    if (got.kind !== 'silent') server.silentUntil = 0;
    return conclude(server.label, got, name, type);
  }

  /** UDP first; TCP where the answer was too long for it, or could be that of a forger. */
  async function converse(
    server: Server,
    name: string,
    type: LookupType,
    timeout: number,
    edns: boolean,
  ): Promise<Exchange> {
    const { address, udp } = server;
    const limits = { timeout, cancels };
    const query = (mixCase: boolean) =>
      formatQuery(name, type, takeRandom(randomLength), { edns, mixCase });
    const mixCase = performance.now() >= server.noCaseUntil;
    const first = await udp.ask(query(mixCase), limits);
    const isDoubtful = first.kind === 'wrong case' || first.kind === 'doubtful';
    if (!isDoubtful && first.kind !== 'truncated') return first;

    const second = await askByTcp(address, query(mixCase), limits);
    // Nobody forges over TCP without seeing the traffic: so this is how the server is.
    if (second.kind === 'wrong case') {
      server.noCaseUntil = performance.now() + weaknessMemory;
      return second.meant;
    }
    const isMute = second.kind === 'silent' || second.kind === 'unreachable';
    if (!isMute) return second;
    if (first.kind !== 'wrong case') return { kind: 'no tcp' };
    const third = await udp.ask(query(false), limits);
    if (third.kind === 'answer') server.noCaseUntil = performance.now() + weaknessMemory;
    return third;
  }

  return {
    ask,
    cancelAll() {
      isCancelled = true;
      for (const cancel of cancels) cancel();
      for (const { udp } of servers) udp.close();
    },
  };
}

function conclude(label: string, got: Exchange, name: string, type: LookupType): Try {
  const trouble = (detail: string): Try => ({ kind: 'trouble', detail });
  switch (got.kind) {
    case 'answer': {
      const reading = readLookup(got.packet, name, type);
      return reading.kind === 'useless' ? trouble(`${label} ${reading.problem}`) : reading;
    }
    case 'silent':
      return got;
    case 'unreachable':
      return { kind: 'absent', detail: `${label} cannot be reached (${got.code})` };
    case 'error':
      return trouble(`${got.rcode} from ${label}`);
    case 'no tcp':
    case 'truncated':
      return trouble(`${label} has an answer too long for UDP and does not take TCP`);
    case 'malformed':
      return trouble(`a malformed answer from ${label}`);
    case 'doubtful':
    case 'wrong case':
      return trouble(`answers from ${label} that might be forged`);
  }
}

function lastlySilent(servers: readonly Server[], now: number): readonly Server[] {
  const isSilent = (server: Server) => server.silentUntil > now;
  if (!servers.some(isSilent)) return servers;
  return [...servers.filter((one) => !isSilent(one)), ...servers.filter(isSilent)];
}

/** `SERVFAIL from 192.0.2.53; no answer from 192.0.2.54 and 192.0.2.55 within 5 s` */
function describe(silent: ReadonlySet<string>, troubles: readonly string[], ms: number): string {
  if (silent.size === 0) return troubles.join('; ');
  const names = new Intl.ListFormat('en').format(silent);
  return [...troubles, `no answer from ${names} within ${Math.round(ms / 100) / 10} s`].join('; ');
}
