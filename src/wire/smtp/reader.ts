/**
 * Bytes of a client to lines and content. Nothing is cut before the session says what comes next,
 * so it is asked for one event at a time.
 *
 * RFC 5321 §2.3.8 and §4.1.1.4 (only CRLF ends a line, only CRLF.CRLF the content), RFC 3030 §2
 * (octets of BDAT). Memory is bounded by the bytes pushed and not yet read, and one begun line.
 */
import { createContentScanner } from './content-scanner.ts';
import type { ContentToRead, SessionEvent } from './session.ts';

export type ReaderEvent =
  | Extract<SessionEvent, { kind: 'line' | 'fault' | 'contentEnded' }>
  /** The next piece of the content; shares memory with what was pushed. */
  | { readonly kind: 'content'; readonly piece: Buffer };

export interface Reader {
  /** Push no more while much is unread: `unread`. The bytes must not change afterwards. */
  push(bytes: Buffer): void;
  /**
   * Null: more bytes are needed. To be called only when the session has dealt with the event before.
   * After a line that is too long, or ended by a bare CR or LF, nothing more can be read.
   */
  next(): ReaderEvent | null;
  /** What comes next is content; when it ended, lines again. */
  read(what: ContentToRead): void;
  /** Forgets what was pushed and not read (RFC 3207 §4.2). */
  discard(): void;
  /** Octets that were pushed and not read. */
  readonly unread: number;
}

/** Octets with CRLF: an answer to AUTH may have 12,288 (RFC 4954 §4); the session bounds commands. */
const longestLine = 12_290;

const NUL = 0;
const LF = 10;
const CR = 13;

const nothing = Buffer.alloc(0);

/** `maxMessage`: octets of a message, beyond which no more pieces of it come. */
export function createReader(maxMessage: number): Reader {
  const content = createContentScanner(maxMessage);
  const waiting: Buffer[] = [];
  let bytes: Buffer = nothing;
  let at = 0;
  /** A line that began in bytes before these. */
  let begun: Buffer = nothing;
  let unread = 0;
  let isContent = false;

  /** The next bytes; false where there are none. */
  function refill(): boolean {
    if (at < bytes.length) return true;
    bytes = waiting.shift() ?? nothing;
    at = 0;
    return bytes.length > 0;
  }

  function readLine(): ReaderEvent | null {
    while (refill()) {
      const end = bytes.indexOf(LF, at);
      const stop = end < 0 ? bytes.length : end + 1;
      const part = bytes.subarray(at, stop);
      at = stop;
      if (begun.length + part.length > longestLine) return { kind: 'fault', fault: 'tooLong' };
      const line = begun.length > 0 ? Buffer.concat([begun, part]) : part;
      if (end < 0) {
        // A copy, or else a few bytes would keep all the others from being freed.
        begun = line === part ? Buffer.from(part) : line;
        continue;
      }
      begun = nothing;
      unread -= line.length;
      return checkLine(line, unread > 0);
    }
    return null;
  }

  function readContent(): ReaderEvent | null {
    while (!content.hasEnded) {
      if (!refill()) return null;
      const start = at;
      at = content.scan(bytes, at);
      unread -= at - start;
      const { piece } = content;
      if (piece) return { kind: 'content', piece };
    }
    isContent = false;
    return { kind: 'contentEnded', fault: content.fault };
  }

  return {
    push(pushed) {
      if (pushed.length === 0) return;
      waiting.push(pushed);
      unread += pushed.length;
    },
    next: () => (isContent ? readContent() : readLine()),
    read(what) {
      isContent = true;
      content.start(what);
    },
    discard() {
      waiting.length = 0;
      bytes = nothing;
      begun = nothing;
      at = 0;
      unread = 0;
    },
    get unread() {
      return unread;
    },
  };
}

/** `line` ends with LF. */
function checkLine(line: Buffer, more: boolean): ReaderEvent {
  const end = line.length - 2;
  if (end < 0 || line[end] !== CR) return { kind: 'fault', fault: 'bareLf' };
  for (let i = 0; i < end; i++) {
    const octet = line[i];
    if (octet === CR) return { kind: 'fault', fault: 'bareCr' };
    if (octet === NUL) return { kind: 'fault', fault: 'nul' };
  }
  return { kind: 'line', line: line.subarray(0, end), more };
}
