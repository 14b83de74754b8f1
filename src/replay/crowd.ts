/**
 * Senders of many addresses: each has connections of its own, as long as it has something to say.
 */
import { type ConnectionOptions, noReplies, type Outgoing } from './smtp-connection.ts';
import { createSmtpSender, type Sent, type SmtpSender } from './smtp-sender.ts';

export interface CrowdOptions extends Omit<ConnectionOptions, 'client'> {
  /** At most this many connections at once where all are one; else as many as the caller has messages under way. */
  readonly connections: number;
  /** Messages per second over all connections; 0, no limit. */
  readonly rate: number;
  /** Whether the server is told by XCLIENT who sends; else all are one. */
  readonly tellsClients: boolean;
}

export interface Crowd extends AsyncDisposable {
  /** Never rejects. The caller limits how many wait. */
  send(client: string, message: Outgoing): Promise<Sent>;
  /** Connections made, and attempts to make one that failed. */
  readonly connected: number;
  readonly failed: number;
  close(): Promise<void>;
}

export function createCrowd(options: CrowdOptions): Crowd {
  const { tellsClients, connections, rate, ...connection } = options;
  if (!tellsClients) {
    const all = createSmtpSender({ ...connection, connections, rate });
    return {
      send: (_client, message) => all.send(message),
      get connected() {
        return all.connected;
      },
      get failed() {
        return all.failed;
      },
      close: all.close,
      [Symbol.asyncDispose]: all.close,
    };
  }
  const active = new Map<string, { readonly sender: SmtpSender; messages: number }>();
  let connected = 0;
  let failed = 0;
  let nextTurn = 0;
  let isClosed = false;

  /** ms until it is this message's turn. */
  function takeTurn(): number {
    if (rate <= 0) return 0;
    const now = performance.now();
    nextTurn = Math.max(now, nextTurn + 1000 / rate);
    return nextTurn - now;
  }

  async function send(client: string, message: Outgoing): Promise<Sent> {
    const wait = takeTurn();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    if (isClosed) return stopped();
    let entry = active.get(client);
    if (!entry) {
      entry = {
        sender: createSmtpSender({ ...connection, client, connections: 1 }),
        messages: 0,
      };
      active.set(client, entry);
    }
    entry.messages++;
    const sent = await entry.sender.send(message);
    // One who has nothing more to say hangs up: the next of many would find no room otherwise.
    if (--entry.messages === 0 && !isClosed) {
      active.delete(client);
      connected += entry.sender.connected;
      failed += entry.sender.failed;
      await entry.sender.end();
    }
    return sent;
  }

  async function close(): Promise<void> {
    isClosed = true;
    await Promise.all([...active.values()].map(({ sender }) => sender.close()));
  }

  const sum = (count: (sender: SmtpSender) => number): number =>
    [...active.values()].reduce((all, { sender }) => all + count(sender), 0);
  return {
    send,
    get connected() {
      return connected + sum((sender) => sender.connected);
    },
    get failed() {
      return failed + sum((sender) => sender.failed);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function stopped(): Sent {
  const now = performance.now();
  return {
    transaction: { kind: 'broken', stage: 'connect', replies: noReplies, problem: 'stopped' },
    startedAt: now,
    endedAt: now,
    attempts: 0,
  };
}
