/**
 * Commands out, whole replies in, over a socket that may break at any moment.
 */
import type { Socket } from 'node:net';
import { createReplyReader, type SmtpReply } from '../wire/smtp/reply-reader.ts';

class ConversationError extends Error {
  readonly code = 'SMTP_CONVERSATION';
}

export interface Conversation {
  connected(): Promise<void>;
  write(text: string): void;
  /** The next reply; rejects with ConversationError. One at a time. */
  reply(timeout?: number): Promise<SmtpReply>;
  ask(text: string, timeout?: number): Promise<SmtpReply>;
  isOpen(): boolean;
  close(): void;
}

/** More replies than anybody asked for are a fault. */
const mostUnread = 2000;

/** `stepTimeout` in ms, for connecting and for each reply. */
export function createConversation(
  socket: Socket,
  stepTimeout: number,
  signal: AbortSignal | undefined,
): Conversation {
  const reader = createReplyReader();
  const unread: SmtpReply[] = [];
  let trouble: string | null = null;
  let wake: (() => void) | null = null;
  const fail = (problem: string) => {
    trouble ??= problem;
    socket.destroy();
    wake?.();
  };
  const nonsense = (problem: string) => {
    unread.length = 0;
    fail(problem);
  };
  socket.on('data', (chunk) => {
    for (const event of reader.push(chunk)) {
      if (event.kind === 'fault') return nonsense(event.problem);
      unread.push(event.reply);
    }
    if (unread.length > mostUnread) return nonsense('replies to nothing');
    wake?.();
  });
  socket.on('error', (error) => fail(error.message));
  socket.on('end', () => fail('the server closed the connection'));
  const stop = () => fail('stopped');
  socket.on('close', () => {
    signal?.removeEventListener('abort', stop);
    fail('the connection was closed');
  });
  if (signal?.aborted) stop();
  else signal?.addEventListener('abort', stop);

  const reply = async (timeout = stepTimeout): Promise<SmtpReply> => {
    const timer = setTimeout(() => fail(`no reply within ${timeout} ms`), timeout);
    try {
      for (;;) {
        // What was said before the trouble still counts: a 421 comes just before the end.
        const next = unread.shift();
        if (next) return next;
        if (trouble !== null) throw new ConversationError(trouble);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      clearTimeout(timer);
      wake = null;
    }
  };
  const write = (text: string) => {
    if (!socket.destroyed) socket.write(text, 'latin1');
  };
  return {
    async connected() {
      const timer = setTimeout(() => fail(`no connection within ${stepTimeout} ms`), stepTimeout);
      if (trouble === null)
        await new Promise<void>((resolve) => {
          wake = resolve;
          socket.on('connect', resolve);
        });
      clearTimeout(timer);
      if (trouble !== null) throw new ConversationError(trouble);
    },
    write,
    reply,
    ask(text, timeout) {
      write(text);
      return reply(timeout);
    },
    isOpen: () => trouble === null && !socket.destroyed,
    close: () => void socket.destroy(),
  };
}
