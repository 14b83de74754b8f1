/**
 * Ends what takes too long. One timer for all connections of a listener: ten thousand silent clients
 * cost one look a second.
 */
export interface Watched {
  /** ms since 1970; Infinity while we ourselves are what is waited for. */
  readonly deadline: number;
  onDeadline(): void;
}

export class Watch implements Disposable {
  private readonly watched = new Set<Watched>();
  private readonly timer: NodeJS.Timeout;

  /** `every` in ms. */
  constructor(every: number) {
    this.timer = setInterval(() => this.look(Date.now()), every).unref();
  }

  add(watched: Watched): void {
    this.watched.add(watched);
  }

  delete(watched: Watched): void {
    this.watched.delete(watched);
  }

  look(now: number): void {
    for (const watched of this.watched) if (watched.deadline <= now) watched.onDeadline();
  }

  [Symbol.dispose](): void {
    clearInterval(this.timer);
  }
}
