import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import test from 'node:test';
import { startDnsServer } from '../replay/dns-server.ts';
import type { Exchange } from './exchange.ts';
import { formatQuery, randomLength } from './query.ts';
import type { DnsServerAddress } from './server-address.ts';
import { createUdpPorts, type UdpPorts } from './udp-ports.ts';

/** `id` and the letters are known here, so that answers can be written by hand. */
function queryOf(name: string, id: number) {
  const random = Uint8Array.from({ length: randomLength }, (_, i) =>
    i < 2 ? id >> (8 - 8 * i) : 0,
  );
  return formatQuery(name, 'A', random, { edns: true, mixCase: false });
}

function ask(ports: UdpPorts, id: number, timeout = 5000): Promise<Exchange> {
  return ports.ask(queryOf(`n${id}.example`, id), { timeout, cancels: new Set() });
}

async function askMany(ports: UdpPorts, from: number, count: number): Promise<Exchange[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => ask(ports, from + i)));
}

function kindsOf(exchanges: readonly Exchange[]): string {
  return [...new Set(exchanges.map(({ kind }) => kind))].join();
}

/** Answers by `answer`, which gets the question and sends what it likes. */
async function startByHand(
  answer: (question: Buffer, send: (bytes: Uint8Array) => void) => void,
): Promise<DnsServerAddress & AsyncDisposable> {
  const socket = createSocket('udp4');
  socket.on('message', (question, peer) =>
    answer(question, (bytes) => socket.send(bytes, peer.port, peer.address)),
  );
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    host: '127.0.0.1',
    port: socket.address().port,
    async [Symbol.asyncDispose]() {
      socket.close();
    },
  };
}

/** The question with a bit turned is an answer without records. */
function answerTo(question: Buffer, id = question.readUInt16BE(0)): Buffer {
  const answer = Buffer.from(question);
  answer.writeUInt16BE(id & 0xffff);
  answer.writeUInt16BE(0x8180, 2);
  return answer;
}

test('a flood shares many ports at random, and none serves for long', async () => {
  await using server = await startDnsServer({ records: { '*': { A: ['192.0.2.1'] } } });
  const ports = createUdpPorts(server);
  for (let wave = 0; wave < 40; wave++)
    assert.equal(kindsOf(await askMany(ports, wave * 100, 100)), 'answer');
  ports.close();

  const questions = new Map<number, number>();
  for (const { port } of server.queries) questions.set(port, (questions.get(port) ?? 0) + 1);
  assert.ok(questions.size >= 64, `${questions.size} ports`);
  assert.ok(Math.max(...questions.values()) <= 64, 'questions from one port');
  const lastPorts = new Set(server.queries.slice(-100).map(({ port }) => port));
  assert.ok(lastPorts.size >= 32, `${lastPorts.size} ports at a time`);
});

test('questions that share a port are told apart, in whatever order answers come', async () => {
  const questions: [question: Buffer, send: (bytes: Uint8Array) => void][] = [];
  await using server = await startByHand((...question) => {
    questions.push(question);
    if (questions.length < 100) return;
    for (const [asked, send] of questions.toReversed()) send(answerTo(asked));
  });
  const ports = createUdpPorts(server);
  assert.equal(kindsOf(await askMany(ports, 0, 100)), 'answer');
  ports.close();
});

test('an answer to another question of the same port is none', async () => {
  const questions: Buffer[] = [];
  await using server = await startByHand((question, send) => {
    questions.push(question);
    // Ids are known to this forger, and so is the port; the question is that of somebody else.
    send(answerTo(questions[0] ?? question, question.readUInt16BE(0)));
  });
  const ports = createUdpPorts(server);
  const [first, ...others] = await Promise.all([
    ask(ports, 1),
    ...Array.from({ length: 9 }, (_, i) => ask(ports, 2 + i, 100)),
  ]);
  assert.equal(first?.kind, 'answer');
  assert.equal(kindsOf(others), 'silent');
  ports.close();
});

test('answers that come twice or too late are no forgeries', async () => {
  await using server = await startByHand((question, send) => {
    for (let copies = 0; copies < 3; copies++) send(answerTo(question));
  });
  const ports = createUdpPorts(server);
  for (let wave = 0; wave < 20; wave++)
    assert.equal(kindsOf(await askMany(ports, wave * 50, 50)), 'answer');
  ports.close();
});

test('somebody who guesses ids at a port makes doubtful what is open there, not elsewhere', async () => {
  await using server = await startByHand((question, send) => {
    const id = question.readUInt16BE(0);
    if (id < 64) return;
    for (let guess = 1; guess <= 10; guess++) send(answerTo(question, 1000 + guess));
  });
  const ports = createUdpPorts(server);
  // As many as there are ports, one each; the next one shares a port with one of them.
  const first = Array.from({ length: 64 }, (_, id) => ask(ports, id, 200));
  const last = await ask(ports, 64);
  const kinds = (await Promise.all(first)).map(({ kind }) => kind);
  assert.equal(last.kind, 'doubtful');
  assert.equal(kinds.filter((kind) => kind === 'doubtful').length, 1);
  assert.equal(kinds.filter((kind) => kind === 'silent').length, 63);
  ports.close();
});

test('a server that is gone is told to all who ask', async () => {
  const server = await startByHand(() => undefined);
  await server[Symbol.asyncDispose]();
  const ports = createUdpPorts(server);
  assert.equal(kindsOf(await askMany(ports, 0, 200)), 'unreachable');
  ports.close();
});
