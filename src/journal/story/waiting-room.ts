/**
 * Messages that wait for more lines about them, for so long, and so many: where the time of a log stands still nobody
 * would ever leave.
 */
import type { Message } from './message.ts';

/** Of those that have left, so many are kept until the list is made shorter. */
const mostLeft = 1000;

export class WaitingRoom {
  private readonly patience: number;
  private readonly most: number;
  private messages: Message[] = [];
  private from = 0;

  /** `patience`: ms of the log. */
  constructor(patience: number, most: number) {
    this.patience = patience;
    this.most = most;
  }

  /** They come in the order of their time. The oldest one leaves for it where too many wait; null: none does. */
  add(message: Message): Message | null {
    this.messages.push(message);
    return this.messages.length - this.from > this.most ? this.leave() : null;
  }

  /** The next one that has waited long enough, which leaves. `now`: ms since 1970. */
  next(now: number): Message | null {
    const message = this.messages[this.from];
    return message && message.at <= now - this.patience ? this.leave() : null;
  }

  private leave(): Message | null {
    const message = this.messages[this.from] ?? null;
    this.from++;
    if (this.from >= mostLeft && this.from * 2 >= this.messages.length) {
      this.messages = this.messages.slice(this.from);
      this.from = 0;
    }
    return message;
  }
}
