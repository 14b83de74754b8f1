/**
 * One socketmap connection: requests in, replies out in the same order, however long each takes.
 *
 * It never closes first, because sendmail holds a connection for the life of a process and takes a
 * closed one for a failed look-up; only a stream that can no longer be followed is ended.
 */
import type { Socket } from 'node:net';
import { formatNetstring, parseNetstrings } from '../wire/socketmap/netstrings.ts';
import { permanent, temporary } from '../wire/socketmap/replies.ts';
import type { Finish } from './listener.ts';

/** Gives `STATUS text`, at once where it can; latin1, one byte per character. */
export type AnswerRequest = (request: string) => string | Promise<string>;

/** Bytes. sendmail cuts a key at 1,023, and others ask for an address or a domain. */
const maxRequest = 65_536;
/** Requests of one connection that may wait for an answer before we stop reading. */
const maxWaiting = 256;

export function converse(socket: Socket, answer: AnswerRequest): Finish {
  let rest: Buffer = Buffer.alloc(0);
  /** Answers not yet sent, in order; null where one is still to come. */
  const waiting: { reply: string | null }[] = [];
  let out = '';
  let isFinishing = false;
  let isFlushDue = false;

  function flush(): void {
    for (let first = waiting[0]; first && first.reply !== null; first = waiting[0]) {
      out += formatNetstring(first.reply);
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
      out += formatNetstring(answered);
      return;
    }
    const slot = { reply: typeof answered === 'string' ? answered : null };
    waiting.push(slot);
    if (typeof answered === 'string') return;
    const settle = (later: string): void => {
      slot.reply = later;
      if (waiting[0] === slot) flushSoon();
    };
    answered.then(settle, () => settle(temporary('a fault of the guard')));
  }

  socket.on('drain', resume);
  socket.on('data', (chunk: Buffer) => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const parsed = parseNetstrings(bytes, maxRequest);
    rest = parsed.rest;
    for (const event of parsed.events) {
      if (event.kind === 'string') reply(answer(event.data.toString('latin1')));
      else {
        reply(permanent(event.problem));
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
