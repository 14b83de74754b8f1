/**
 * The content of a message: from memory while it is fresh, from the store otherwise.
 */
import type { QueueId } from '../mail/queue-id.ts';
import type { QueueStore } from '../store/queue-store.ts';

export interface Content {
  /** From the beginning each time. */
  read(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export function contentInMemory(content: Uint8Array): Content {
  return { read: () => [content] };
}

export function contentInStore(store: Pick<QueueStore, 'read'>, id: QueueId): Content {
  return { read: () => store.read(id) };
}

/** All of it; null where it has more octets than `limit`. */
export async function readAll(content: Content, limit: number): Promise<Uint8Array | null> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of content.read()) {
    length += piece.length;
    if (length > limit) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Its header with the last CRLF, or as many whole lines of it as fit into `limit` octets. */
export async function readHeader(content: Content, limit: number): Promise<Uint8Array> {
  let header: Buffer = Buffer.alloc(0);
  for await (const piece of content.read()) {
    header = Buffer.concat([header, piece.subarray(0, limit - header.length)]);
    if (header.indexOf('\r\n\r\n') >= 0 || header.length >= limit) break;
  }
  const end = header.indexOf('\r\n\r\n');
  return header.subarray(0, (end >= 0 ? end : header.lastIndexOf('\r\n')) + 2);
}
