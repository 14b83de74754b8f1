/**
 * The least a socketmap server can do: for each question the same answer, unread. The measure of what
 * the runtime and the kernel take.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { cpuSeconds, type Measured } from './server.ts';

const answer = '7:OK pass,';

export async function startEcho(core: number): Promise<Measured & { readonly port: number }> {
  const file = fileURLToPath(import.meta.url);
  const child = spawn('taskset', ['-c', String(core), process.execPath, file, 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = await once(child.stdout, 'data');
  return {
    port: Number(port),
    cpu: () => cpuSeconds(child.pid),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

if (process.argv[2] === 'serve') {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      let count = 0;
      for (let at = chunk.indexOf(44); at >= 0; at = chunk.indexOf(44, at + 1)) count++;
      socket.write(answer.repeat(count), 'latin1');
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object') process.stdout.write(`${address?.port}\n`);
  });
}
