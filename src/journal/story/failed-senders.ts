/**
 * Messages that failed and wait for the notice about them, by their senders: for a server no line of which ties a
 * notice to what it is about. The oldest one is the one meant.
 */

/** Most that wait, and of one sender. */
const mostFailed = 100_000;
const mostOfSender = 1000;

export class FailedSenders {
  private readonly clients = new Map<string, (string | null)[]>();
  private count = 0;

  /** `client`: from where the message came, for the notice. */
  add(sender: string, client: string | null): void {
    if (this.count >= mostFailed) {
      this.clients.clear();
      this.count = 0;
    }
    let clients = this.clients.get(sender);
    if (!clients) {
      clients = [];
      this.clients.set(sender, clients);
    }
    if (clients.length >= mostOfSender) return;
    clients.push(client);
    this.count++;
  }

  /** The client of the oldest one, which waits no longer; undefined: none of this sender waits. */
  take(sender: string): string | null | undefined {
    const clients = this.clients.get(sender);
    if (!clients) return undefined;
    const client = clients.shift() ?? null;
    this.count--;
    if (clients.length === 0) this.clients.delete(sender);
    return client;
  }
}
