/**
 * Connections that wait for the next message to the same server.
 */
export interface Pooled {
  readonly isOpen: boolean;
  /** Waits so many ms at most. `onGone`: it ended meanwhile, by itself or by the other side. */
  rest(ms: number, onGone: () => void): void;
  /** Ends it in good manners; resolves when it is gone. */
  quit(): Promise<void>;
}

export interface PoolLimits {
  /** ms that a connection waits. */
  readonly idleTimeout: number;
  /** Connections that wait, to one server and to all. */
  readonly perServer: number;
  readonly inAll: number;
}

export interface ConnectionPool<T extends Pooled> {
  /** The one used last, as it is the least likely to be dead; null where none waits. */
  take(server: string): T | null;
  /** Takes it back, or ends it where enough are waiting. */
  give(server: string, connection: T): void;
  /** Ends those who wait, and whoever is given back from now on. */
  close(): Promise<void>;
}

export function createConnectionPool<T extends Pooled>(limits: PoolLimits): ConnectionPool<T> {
  const waiting = new Map<string, T[]>();
  const leaving = new Set<Promise<void>>();
  let count = 0;
  let isClosed = false;

  const remove = (server: string, connection: T) => {
    const all = waiting.get(server);
    const at = all?.indexOf(connection) ?? -1;
    if (!all || at < 0) return;
    all.splice(at, 1);
    count--;
    if (all.length === 0) waiting.delete(server);
  };
  const end = (connection: T) => {
    const left = connection.quit().finally(() => leaving.delete(left));
    leaving.add(left);
  };

  return {
    take(server) {
      const all = waiting.get(server);
      for (;;) {
        const connection = all?.at(-1);
        if (!connection) return null;
        remove(server, connection);
        if (connection.isOpen) return connection;
      }
    },
    give(server, connection) {
      if (!connection.isOpen) return;
      const all = waiting.get(server) ?? [];
      if (isClosed || count >= limits.inAll || all.length >= limits.perServer) {
        end(connection);
        return;
      }
      all.push(connection);
      count++;
      waiting.set(server, all);
      connection.rest(limits.idleTimeout, () => remove(server, connection));
    },
    async close() {
      isClosed = true;
      for (const all of [...waiting.values()]) for (const connection of all) end(connection);
      waiting.clear();
      count = 0;
      await Promise.all(leaving);
    },
  };
}
