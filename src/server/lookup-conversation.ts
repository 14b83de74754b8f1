/**
 * One connection of a look-up protocol: requests in, replies out in the same order, however long each
 * takes.
 *
 * It never closes first, because sendmail holds a connection for the life of a process and takes a
 * closed one for a failed look-up; only a stream that can no longer be followed is ended.
 */
import type { Socket } from 'node:net';
import type { Finish } from './listener.ts';

/** The frames of a look-up protocol; text is latin1, one character for each byte. */
export interface LookupFraming {
  /** All whole requests in `bytes`. After a fault, the last event, the stream cannot be followed. */
  parse(bytes: Buffer): {
    readonly events: readonly (
      | { readonly kind: 'string'; readonly data: Buffer }
      | { readonly kind: 'fault'; readonly problem: string }
    )[];
    readonly rest: Buffer;
  };
  format(reply: string): string;
  /** The reply to what is no request... */
  refuse(problem: string): string;
  /** ...and the one to a request that cannot be answered now. */
  defer(why: string): string;
}

/** Gives the reply, at once where it can. */
export type AnswerRequest = (request: string) => string | Promise<string>;

/** Requests of one connection that may wait for an answer before we stop reading. */
const maxWaiting = 256;

export function converse(socket: Socket, framing: LookupFraming, answer: AnswerRequest): Finish {
  let rest: Buffer = Buffer.alloc(0);
  /** Answers not yet sent, in order; null where one is still to come. */
  const waiting: { reply: string | null }[] = [];
  let out = '';
  let isFinishing = false;
  let isFlushDue = false;

  function flush(): void {
    for (let first = waiting[0]; first && first.reply !== null; first = waiting[0]) {
      out += framing.format(first.reply);
      waiting.shift();
    }
    if (out !== '') {
      socket.write(out, 'latin1');
      out = '';
    }
    resume();
    if (isFinishing && waiting.length === 0) socket.end();
  }

  /** Late answers come in crowds: those of one turn of the event loop share a write. */
  function flushSoon(): void {
    if (isFlushDue) return;
    isFlushDue = true;
    setImmediate(() => {
      isFlushDue = false;
      flush();
    });
  }

  function resume(): void {
    if (waiting.length >= maxWaiting || socket.writableNeedDrain) socket.pause();
    else if (socket.isPaused()) socket.resume();
  }

  function reply(answered: string | Promise<string>): void {
    if (typeof answered === 'string' && waiting.length === 0) {
      out += framing.format(answered);
      return;
    }
    const slot = { reply: typeof answered === 'string' ? answered : null };
    waiting.push(slot);
    if (typeof answered === 'string') return;
    const settle = (later: string): void => {
      slot.reply = later;
      if (waiting[0] === slot) flushSoon();
    };
    answered.then(settle, () => settle(framing.defer('a fault of the guard')));
  }

  socket.on('drain', resume);
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const parsed = framing.parse(bytes);
    rest = parsed.rest;
    for (const event of parsed.events) {
      if (event.kind === 'string') reply(answer(event.data.toString('latin1')));
      else {
        reply(framing.refuse(event.problem));
        isFinishing = true;
        socket.removeAllListeners('data').resume();
      }
    }
    flush();
  });

  return () => {
    isFinishing = true;
    if (waiting.length === 0) socket.end();
  };
}
