/**
 * What silent clients cost: `bench/idle-smtp.ts [CONNECTIONS]`; each said EHLO and then nothing.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

const [first, count = 10_000, port = 0] = process.argv.slice(2).map(Number);

async function crowd(): Promise<void> {
  const perAddress = 5_000;
  for (let i = 0; i < count; i++) {
    const localAddress = `127.0.0.${2 + Math.floor(i / perAddress)}`;
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    await once(socket, 'data');
    socket.write('EHLO idle.example\r\n');
    await once(socket, 'data');
  }
  process.send?.('all there');
}

async function main(connections: number): Promise<void> {
  const { startTestServer } = await import('../test/smtp/server.ts');
  await using server = await startTestServer({
    limits: { connectionsPerClient: 1e9, arrivalsPerClient: 1e9, connections: 1e6 },
  });
  const rss = () => Math.round(process.memoryUsage.rss() / 1e6);
  const before = rss();
  const crowded = fork(fileURLToPath(import.meta.url), ['0', connections, server.port].map(String));
  await once(crowded, 'message');
  const after = rss();
  const { heapUsed, external } = process.memoryUsage();
  console.log(
    `${server.crowd.connections} idle connections: ${after} MB in all, ${before} MB without them,`,
    `${Math.round(((after - before) * 1e6) / connections)} bytes each`,
    `(heap ${Math.round(heapUsed / 1e6)} MB, external ${Math.round(external / 1e6)} MB)`,
  );
  const since = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const { user, system } = process.cpuUsage(since);
  console.log(`${((user + system) / 30_000).toFixed(2)}% of a core while nothing happens`);
  crowded.kill();
}

await (first === 0 ? crowd() : main(first ?? 10_000));
