/**
 * The messages of one server by the names that it gives them. So many are remembered, the oldest are forgotten
 * first; each is handed out before it leaves, as it may hold something untold.
 */
import { forgetOldest } from '../../mail/forget-oldest.ts';
import { Message } from './message.ts';

export class MessageTable {
  private readonly most: number;
  private readonly onLeave: (message: Message) => void;
  private readonly messages = new Map<string, Message>();

  constructor(most: number, onLeave: (message: Message) => void) {
    this.most = most;
    this.onLeave = onLeave;
  }

  get(id: string): Message | undefined {
    return this.messages.get(id);
  }

  /** A new message of that name, whatever had it before. */
  renew(id: string): Message {
    this.end(id);
    const message = new Message();
    this.messages.set(id, message);
    if (this.messages.size > this.most) forgetOldest(this.messages, this.most, this.onLeave);
    return message;
  }

  /** The message of that name as a notice just written, unless it is an earlier one. */
  notice(id: string): Message {
    const known = this.messages.get(id);
    return known &&
      !known.hasOrigin &&
      known.untold === null &&
      !known.hasFate &&
      known.reversePath === ''
      ? known
      : this.renew(id);
  }

  /** The server has done with it. */
  end(id: string): void {
    const message = this.messages.get(id);
    if (!message) return;
    this.onLeave(message);
    this.messages.delete(id);
  }

  /** It was nothing: nobody hears of it. */
  drop(id: string): void {
    this.messages.delete(id);
  }

  /** All of them, in the order in which they came. */
  values(): IterableIterator<Message> {
    return this.messages.values();
  }

  clear(): void {
    this.messages.clear();
  }
}
