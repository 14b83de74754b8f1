/**
 * Messages that wait for more lines about them, for so long.
 */
import type { Message } from './message.ts';

/** Of those that have left, so many are kept until the list is made shorter. */
const mostLeft = 1000;

export class WaitingRoom {
  private readonly patience: number;
  private messages: Message[] = [];
  private from = 0;

  /** ms of the log. */
  constructor(patience: number) {
    this.patience = patience;
  }

  /** They come in the order of their time. */
  add(message: Message): void {
    this.messages.push(message);
  }

  /** The next one that has waited long enough, which leaves. `now`: ms since 1970. */
  next(now: number): Message | null {
    const message = this.messages[this.from];
    if (!message || message.at > now - this.patience) return null;
    this.from++;
    if (this.from >= mostLeft && this.from * 2 >= this.messages.length) {
      this.messages = this.messages.slice(this.from);
      this.from = 0;
    }
    return message;
  }
}
