/**
 * One message on its way into the queue: a small body waits in memory for the commit, a larger one
 * goes to disk in pieces as it comes.
 */
import { QueueWriteError } from './errors.ts';
import { type Chunks, type GroupWriter, lengthOf } from './group-writer.ts';
import { pieceSize } from './queue-content.ts';
import type { QueueDraft } from './queue-store.ts';

/** Bytes of a body up to which it stays in memory. */
const smallBody = 64 * 1024;

export interface DraftOptions {
  /** Names it within this process. */
  readonly draft: number;
  readonly writer: GroupWriter;
  /** Counts the bytes that the draft holds in memory: more of them, or fewer. */
  readonly hold: (bytes: number) => void;
  readonly isClosed: () => boolean;
}

export function openDraft({ draft, writer, hold, isClosed }: DraftOptions): QueueDraft {
  /** Of the body, not yet handed to the writer. */
  let chunks: Uint8Array[] = [];
  let held = 0;
  /** Handed to the writer so far. */
  let pieces = 0;
  /** Those that are not on disk yet. */
  let underWay = 0;
  let last: Promise<void> = Promise.resolve();
  let failure: QueueWriteError | null = null;
  let committing: Promise<void> | null = null;
  let ended = false;

  function sendPiece(): void {
    const bytes = take();
    const number = pieces++;
    underWay++;
    last = writer
      .write([[bytes]], ([span = { at: 0, length: 0 }]) => ({
        kind: 'piece',
        draft,
        number,
        bytes: span,
      }))
      .then(
        () => {},
        (error) => {
          failure ??= error;
        },
      )
      .finally(() => {
        underWay--;
        hold(-bytes.length);
      });
  }

  /** The first piece of what is held, taken off. */
  function take(): Uint8Array {
    const all = join(chunks);
    const piece = all.subarray(0, pieceSize);
    const left = all.subarray(pieceSize);
    chunks = left.length > 0 ? [left] : [];
    held = left.length;
    return piece;
  }

  async function afterPiece(): Promise<void> {
    await last;
    if (failure) throw failure;
  }

  async function commit(...[message, recipients, head, claim]: Parameters<QueueDraft['commit']>) {
    const isSmall = pieces === 0 && held <= smallBody;
    const content: Chunks = isSmall ? [head, ...chunks] : [head];
    const rest: Chunks = isSmall ? [] : chunks;
    hold(head.length);
    try {
      await writer.write([content, rest], ([content, rest]) => ({
        kind: 'commit',
        message,
        recipients,
        content: content ?? { at: 0, length: 0 },
        body: isSmall ? null : { draft, pieces, rest: rest && rest.length > 0 ? rest : null },
        claim,
      }));
      ended = true;
      hold(-held);
    } finally {
      hold(-head.length);
    }
  }

  return {
    write(piece) {
      if (failure) return Promise.reject(failure);
      if (ended || committing) return Promise.reject(new QueueWriteError('the message has ended'));
      if (piece.length === 0) return;
      chunks.push(Uint8Array.from(piece));
      held += piece.length;
      hold(piece.length);
      if (held < pieceSize) return;
      const isBehind = underWay > 0;
      while (held >= pieceSize) sendPiece();
      return isBehind || underWay > 1 ? afterPiece() : undefined;
    },
    async commit(...asked) {
      if (failure) throw failure;
      if (isClosed()) throw new QueueWriteError('it is closed');
      if (ended || committing) throw new QueueWriteError('the message has ended');
      committing = commit(...asked).finally(() => {
        committing = null;
      });
      await committing;
    },
    get body() {
      if (pieces > 0 || held > smallBody) return null;
      if (chunks.length !== 1) chunks = [join(chunks)];
      return chunks[0] ?? null;
    },
    async [Symbol.asyncDispose]() {
      await committing?.catch(() => {});
      if (ended) return;
      ended = true;
      hold(-held);
      chunks = [];
      if (pieces === 0 || isClosed()) return;
      await last;
      // What stays behind where this fails is removed by the next process that recovers.
      await writer.write([], () => ({ kind: 'drop', draft })).catch(() => {});
    },
  };
}

function join(chunks: Chunks): Uint8Array {
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  const all = new Uint8Array(lengthOf(chunks));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
