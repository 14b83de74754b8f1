/**
 * The content of a message on its way to the network: dots stuffed, as long as was announced, and
 * waiting for a network that is slower than we are.
 */
import { createDotStuffer } from '../wire/smtp/client-content.ts';

export interface Content {
  /** Octets, before dots are stuffed. */
  readonly size: number;
  pieces(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

type Pieces = ReturnType<Content['pieces']>;

/** Content up to this many octets is sent in one piece. */
const small = 65_536;

/** Whether it is at hand, and small enough for one piece. */
export function isSmall(size: number, pieces: Pieces): pieces is Iterable<Uint8Array> {
  return size <= small && !(Symbol.asyncIterator in pieces);
}

/**
 * All that is to be sent, in one; null where the content is not as long as it should be.
 * `isBinary`: by BDAT, as it is. Throws what `pieces` throws.
 */
export function gather(
  pieces: Iterable<Uint8Array>,
  wanted: number,
  isBinary: boolean,
): Uint8Array | null {
  const stuffer = isBinary ? null : createDotStuffer();
  const out: Uint8Array[] = [];
  let size = 0;
  for (const piece of pieces) {
    size += piece.length;
    out.push(stuffer ? stuffer.push(piece) : piece);
  }
  if (stuffer) out.push(stuffer.end());
  return size === wanted ? Buffer.concat(out) : null;
}

/** Where content is written to. */
export interface Outlet {
  /** Nobody wants the rest any more. */
  isGone(): boolean;
  /** False: wait for `drained` before the next piece. */
  write(bytes: Uint8Array): boolean;
  drained(): Promise<void>;
}

/**
 * Piece by piece. `broken`: it cannot be read, or is not as long as it should be, and so is never
 * completed. Never rejects: whoever reads from the store tells its own trouble.
 */
export async function stream(
  pieces: Pieces,
  wanted: number,
  isBinary: boolean,
  outlet: Outlet,
): Promise<'sent' | 'broken' | 'gone'> {
  const stuffer = isBinary ? null : createDotStuffer();
  let sent = 0;
  try {
    for await (const piece of pieces) {
      if (outlet.isGone()) return 'gone';
      sent += piece.length;
      if (sent > wanted) return 'broken';
      if (!outlet.write(stuffer ? stuffer.push(piece) : piece)) await outlet.drained();
      if (outlet.isGone()) return 'gone';
    }
  } catch {
    return outlet.isGone() ? 'gone' : 'broken';
  }
  if (outlet.isGone()) return 'gone';
  if (sent !== wanted) return 'broken';
  if (stuffer) outlet.write(stuffer.end());
  return 'sent';
}
