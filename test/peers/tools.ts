/**
 * Clients that are not ours: swaks, and Postfix's smtp-source. Its smtp-sink is in counting-sink.ts.
 */
import { type Machine, type MachineOptions, openMachine } from './machine.ts';
import { type RunOptions, run } from './place.ts';

export interface Tools extends AsyncDisposable {
  readonly machine: Machine;
  /** Resolves to what it wrote. Its exit status tells where the server refused: see `accept`. */
  swaks(parameters: readonly string[], options?: RunOptions): Promise<string>;
  /** Seconds it took. Throws when the server refused anything. */
  smtpSource(parameters: readonly string[], timeout?: number): Promise<number>;
}

/** In the world, beside DNS, senders and sinks. */
export async function openTools(options: MachineOptions): Promise<Tools> {
  const machine = await openMachine('tools', {
    side: 'world',
    hostName: 'sender.example',
    ...options,
  });
  const { place } = machine;
  return {
    machine,
    swaks: (parameters, more) => run(place, ['swaks', ...parameters], more),
    async smtpSource(parameters, timeout = 300_000) {
      const begin = performance.now();
      // Killed over there: to kill the way in from here would leave it running.
      const limit = ['timeout', '-s', 'KILL', String(timeout / 1000)];
      await run(place, [...limit, 'smtp-source', ...parameters], { timeout: timeout + 5000 });
      return (performance.now() - begin) / 1000;
    },
    [Symbol.asyncDispose]: () => machine[Symbol.asyncDispose](),
  };
}
