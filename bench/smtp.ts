/**
 * What taking and refusing mail costs: a server with the real judge and the durable store, the load
 * in a process of its own. `bench/smtp.ts [SECONDS]`
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openQueueStore } from '../src/store/open-queue.ts';
import { startTestServer } from '../test/smtp/server.ts';
import { temporaryFolder } from '../test/temporary-folder.ts';

const seconds = Number(process.argv[2] ?? 3);
const only = process.argv[3];
const huge = 1e12;
const start = promisify(execFile);
const file = fileURLToPath(new URL('load-smtp.ts', import.meta.url));

using folder = temporaryFolder();
const store = await openQueueStore(`sqlite:${folder.path}`, { serve: true });
await using server = await startTestServer({
  store,
  log: { info() {}, warn() {}, error: console.error },
  limits: {
    errorsPerSession: huge,
    unknownPerSession: huge,
    unknownPerClient: huge,
    messagesPerSession: huge,
    arrivalsPerClient: huge,
    connectionsPerClient: huge,
  },
});
for (const [kind, atOnce] of [
  ['refused', 20],
  ['many', 20],
  ['many', 200],
  ['single', 20],
  ['single', 200],
] as const) {
  if (only && only !== kind) continue;
  const before = process.cpuUsage();
  const arguments_ = [file, kind, server.port, atOnce, seconds].map(String);
  const { stdout } = await start(process.execPath, arguments_);
  const { answered, failed, elapsed, p50, p99 } = JSON.parse(stdout);
  const { user, system } = process.cpuUsage(before);
  console.log(
    kind.padEnd(8),
    `${atOnce} at once`,
    `${Math.round(answered / elapsed)}/s`,
    `cpu ${((user + system) / answered).toFixed(1)} us each (${(user / answered).toFixed(1)} user)`,
    `failed ${failed}`,
    `p50 ${p50.toFixed(2)} ms p99 ${p99.toFixed(2)} ms`,
  );
}
