/**
 * A time limit that is set anew for every step, thousands of times a second, with one timer.
 *
 * The timer is left running when the limit moves away, and looks again when it fires.
 */
export class Deadline {
  private until = Number.POSITIVE_INFINITY;
  private timer: NodeJS.Timeout | null = null;
  /** When the timer fires. */
  private firesAt = Number.POSITIVE_INFINITY;
  private readonly onPassed: () => void;

  constructor(onPassed: () => void) {
    this.onPassed = onPassed;
  }

  /** In ms from now. */
  set(ms: number): void {
    const now = performance.now();
    this.until = now + ms;
    if (this.until < this.firesAt) this.start(now);
  }

  clear(): void {
    this.until = Number.POSITIVE_INFINITY;
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.firesAt = Number.POSITIVE_INFINITY;
  }

  private start(now: number): void {
    if (this.timer) clearTimeout(this.timer);
    this.firesAt = this.until;
    this.timer = setTimeout(() => this.look(), Math.max(1, Math.ceil(this.until - now)));
  }

  private look(): void {
    this.timer = null;
    this.firesAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    if (now < this.until) {
      this.start(now);
      return;
    }
    this.until = Number.POSITIVE_INFINITY;
    this.onPassed();
  }
}
