/**
 * Questions to one DNS server over UDP, from ports that nobody can guess and that never last.
 *
 * RFC 5452 §4.5 and §9.2 want a random port for each question. Up to 64 questions a second have one
 * each: the kernel chooses it, and the socket is connected, so that the kernel drops what comes from
 * any other address. To open a socket costs more than all the rest of a look-up, so beyond that the
 * questions share the 64 ports at random. A port is left after a second or 64 questions.
 *
 * What a blind forger has to guess thus stays a port of some 28,000, an id of 65,536, and the letter
 * case, within the time of an answer. If he found out all the ports, which change within a second
 * and faster under load, he would still have to guess which of the 64 it is, the id and the case:
 * 22 bits and one for each letter. Ten wrong guesses at a port send all that is open there to TCP.
 */
import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { errorCode } from '../mail/error-code.ts';
import { type Exchange, type ExchangeOptions, startExchange } from './exchange.ts';
import { idOf, type Query, readReply } from './query.ts';
import type { DnsServerAddress } from './server-address.ts';

export interface UdpPorts {
  /** Never rejects. */
  ask(query: Query, options: ExchangeOptions): Promise<Exchange>;
  /** Closes each port once its questions are settled. */
  close(): void;
}

interface Asked {
  readonly query: Query;
  readonly settle: (outcome: Exchange) => void;
}

interface Port {
  readonly socket: Socket;
  /** By id, each used once. Null where it is settled: what still comes is late, and no forgery. */
  readonly asked: Map<number, Asked | null>;
  readonly retirement: NodeJS.Timeout;
  open: number;
  foreign: number;
  isConnected: boolean;
  isRetired: boolean;
  isClosed: boolean;
}

const mostPorts = 64;
const mostQuestions = 64;
/** ms. */
const longestUse = 1000;
/** Answers to no question of the port; so many are no chance (RFC 5452 §9.3). */
const foreignLimit = 10;

export function createUdpPorts({ host, port: number }: DnsServerAddress): UdpPorts {
  /** Those that take questions. */
  const ports: Port[] = [];

  function ask(query: Query, options: ExchangeOptions): Promise<Exchange> {
    const id = idOf(query.bytes);
    const port = choosePort(id);
    const { promise, settle } = startExchange(options, (outcome) => {
      port.asked.set(id, null);
      port.open--;
      // Its answer may yet come: nothing else shall be asked there meanwhile.
      if (outcome.kind === 'silent') retire(port);
      else closeIfDone(port);
    });
    port.asked.set(id, { query, settle });
    port.open++;
    if (port.asked.size >= mostQuestions) retire(port);
    if (port.isConnected) send(port, query);
    return promise;
  }

  function send(port: Port, query: Query): void {
    // Where the network has refused an earlier question, this call may be the only one to hear of it.
    port.socket.send(query.bytes, (error) => {
      if (error) fail(port, error);
    });
  }

  function choosePort(id: number): Port {
    if (ports.length < mostPorts) return openPort();
    const port = ports[randomInt(ports.length)];
    if (port && !port.asked.has(id)) return port;
    if (port) retire(port);
    return openPort();
  }

  function openPort(): Port {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    // What waits for an answer has a timer; nobody waits for a socket.
    socket.unref();
    const port: Port = {
      socket,
      asked: new Map(),
      retirement: setTimeout(() => retire(port), longestUse).unref(),
      open: 0,
      foreign: 0,
      isConnected: false,
      isRetired: false,
      isClosed: false,
    };
    ports.push(port);
    socket.on('error', (error) => fail(port, error));
    socket.on('message', (bytes) => receive(port, bytes));
    socket.on('connect', () => {
      port.isConnected = true;
      for (const asked of port.asked.values()) if (asked) send(port, asked.query);
    });
    socket.connect(number, host);
    return port;
  }

  function receive(port: Port, bytes: Uint8Array): void {
    const asked = port.asked.get(idOf(bytes));
    if (asked === null) return;
    const reply = asked ? readReply(bytes, asked.query) : null;
    if (reply && reply.kind !== 'foreign') asked?.settle(reply);
    else if (++port.foreign >= foreignLimit) settleAll(port, { kind: 'doubtful' });
  }

  function fail(port: Port, error: Error): void {
    settleAll(port, { kind: 'unreachable', code: errorCode(error) ?? String(error) });
  }

  function settleAll(port: Port, outcome: Exchange): void {
    retire(port);
    for (const asked of port.asked.values()) asked?.settle(outcome);
  }

  function retire(port: Port): void {
    const at = ports.indexOf(port);
    if (at >= 0) ports.splice(at, 1);
    port.isRetired = true;
    closeIfDone(port);
  }

  function closeIfDone(port: Port): void {
    if (port.open > 0 || port.isClosed || !port.isRetired) return;
    port.isClosed = true;
    clearTimeout(port.retirement);
    port.socket.close();
  }

  return {
    ask,
    close() {
      for (const port of [...ports]) retire(port);
    },
  };
}
