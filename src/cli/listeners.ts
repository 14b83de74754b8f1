/**
 * The listeners of a running server, as the configuration names them now: those that stay are left
 * alone, so that a reload drops no connection.
 */
import { type Endpoint, formatEndpoint } from '../mail/endpoint.ts';
import type { Listener } from '../server/listener.ts';

export interface WantedListener {
  /** `smtp`, `milter`, ...: shown to the admin; with the endpoint it tells whether one stays. */
  readonly name: string;
  readonly endpoint: Endpoint;
  open(): Promise<Listener>;
}

export interface OpenListener {
  readonly name: string;
  readonly listener: Listener;
}

export interface Listeners extends AsyncDisposable {
  /** In the order of the configuration. */
  readonly open: readonly OpenListener[];
  /**
   * Opens what is new, then closes what is gone; connections there may finish. Rejects with
   * ListenError where one cannot be opened: then everything is as it was.
   */
  change(wanted: readonly WantedListener[]): Promise<void>;
}

export function createListeners(): Listeners {
  let current = new Map<string, OpenListener>();
  const closing = new Set<Promise<void>>();

  function close(gone: Iterable<OpenListener>): void {
    for (const { listener } of gone) {
      const closed = listener.close();
      closing.add(closed);
      void closed.finally(() => closing.delete(closed));
    }
  }

  return {
    get open() {
      return [...current.values()];
    },
    async change(wanted) {
      const next = new Map<string, OpenListener>();
      const fresh: OpenListener[] = [];
      try {
        for (const { name, endpoint, open } of wanted) {
          const key = `${name} ${formatEndpoint(endpoint)}`;
          const stays = current.get(key);
          const opened = stays ?? { name, listener: await open() };
          if (!stays) fresh.push(opened);
          next.set(key, opened);
        }
      } catch (error) {
        close(fresh);
        throw error;
      }
      close([...current].filter(([key]) => !next.has(key)).map(([, gone]) => gone));
      current = next;
    },
    async [Symbol.asyncDispose]() {
      close(current.values());
      current = new Map();
      await Promise.all(closing);
    },
  };
}
