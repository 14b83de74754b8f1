/**
 * Postfix's smtp-sink in the world: takes mail, counts it, forgets it.
 */
import { addresses } from './network.ts';
import { start } from './place.ts';
import type { Tools } from './tools.ts';

export interface CountingSink extends AsyncDisposable {
  readonly messages: number;
  /** Resolves when so many messages are there; false if they are not within so many ms. */
  reached(messages: number, timeout: number): Promise<boolean>;
}

export async function openSink({ machine }: Tools): Promise<CountingSink> {
  const command = ['smtp-sink', '-u', 'nobody', '-c', `${addresses.sink.v4}:25`, '1000'];
  const child = start(machine.place, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  await machine.listening(25);
  let messages = 0;
  let wake = () => {};
  child.stdout?.on('data', (chunk: Buffer) => {
    const text = chunk.toString('latin1');
    const found = /mesg=(\d+)/.exec(text.slice(text.lastIndexOf('mesg=')));
    if (found) messages = Number(found[1]);
    wake();
  });
  return {
    get messages() {
      return messages;
    },
    async reached(wanted, timeout) {
      const deadline = performance.now() + timeout;
      while (messages < wanted) {
        const left = deadline - performance.now();
        if (left <= 0) return false;
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const timer = setTimeout(resolve, left);
        await promise;
        clearTimeout(timer);
      }
      return true;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
    },
  };
}
