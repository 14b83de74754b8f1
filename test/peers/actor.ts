/**
 * Code of ours in a process of its own, over in another namespace: our DNS server, senders, sinks.
 *
 * An actor is a module that exports `start(options)`, which resolves to an object of functions. They
 * are called from here as if they were local; arguments and results are copied (structured clone).
 * The actor ends with us, however we end: Node's own channel between the two closes.
 */
import { fileURLToPath } from 'node:url';
import { type Place, start } from './place.ts';

// Parameters are compared backwards, so `never` lets every function in.
export type Calls = Readonly<Record<string, (...args: never[]) => unknown>>;
export interface ActorModule {
  start(options: never): Promise<Calls>;
}

export type CallsOf<M extends ActorModule> = Awaited<ReturnType<M['start']>>;

export interface Actor<C extends Calls> extends AsyncDisposable {
  readonly pid: number;
  call<K extends keyof C & string>(
    name: K,
    ...args: Parameters<C[K]>
  ): Promise<Awaited<ReturnType<C[K]>>>;
}

export interface CallMessage {
  readonly id: number;
  readonly call: string;
  readonly args: readonly unknown[];
}
export type AnswerMessage =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };

const launcher = fileURLToPath(new URL('../../bin/with-node', import.meta.url));
const main = fileURLToPath(new URL('./actor-main.ts', import.meta.url));

/**
 * `startActor<typeof import('./actors/dns.ts')>(place, new URL('./actors/dns.ts', import.meta.url), options)`
 *
 * Resolves once its `start` has; throws what `start` throws. Only for places without a PID namespace.
 */
export async function startActor<M extends ActorModule>(
  place: Place,
  file: URL,
  options: Parameters<M['start']>[0],
): Promise<Actor<CallsOf<M>>> {
  const child = start(place, [launcher, main, file.href], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const open = new Map<number, (answer: AnswerMessage) => void>();
  let nextId = 0;
  child.on('message', (answer: AnswerMessage) => {
    open.get(answer.id)?.(answer);
    open.delete(answer.id);
  });
  const closed = new Promise<void>((resolve) => {
    const end = (why: string) => {
      for (const [id, settle] of open) settle({ id, error: `${file.href} ${why}` });
      open.clear();
      resolve();
    };
    child.on('error', (error) => end(error.message));
    // Not 'close', which stays away once this side has let go of the channel.
    child.on('exit', (status, signal) => end(`ended by ${signal ?? status}`));
  });

  const ask = async (call: string, args: readonly unknown[]): Promise<unknown> => {
    const answer = await new Promise<AnswerMessage>((resolve) => {
      const id = nextId++;
      open.set(id, resolve);
      const message: CallMessage = { id, call, args };
      child.send(message, (error) => {
        if (!error) return;
        open.delete(id);
        resolve({ id, error: `${file.href}: ${error.message}` });
      });
    });
    if ('error' in answer) throw new Error(answer.error);
    return answer.result;
  };
  const stop = async () => {
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await closed;
    clearTimeout(timer);
  };

  try {
    await ask('start', [options]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    call: async (name, ...args) => (await ask(name, args)) as never,
    [Symbol.asyncDispose]: stop,
  };
}
