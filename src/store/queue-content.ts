/**
 * Head and body of a message in the tables: small ones in its row, large ones in pieces.
 */
import type { QueueId } from '../mail/queue-id.ts';
import type { QueueTransaction } from './queue-transaction.ts';
import type { Statements } from './sqlite-statements.ts';

/** Bytes; the interface of the store promises no larger ones. */
export const pieceSize = 256 * 1024;

/** Ids of pieces are those of their body times this, plus their number: 256 GiB fit into a body. */
const perBody = 1_048_576;

/** The next piece of a body that belongs to no message yet. */
export function insertPiece(
  transaction: QueueTransaction,
  draft: number,
  number: number,
  bytes: Uint8Array,
): void {
  const { get, run, instance } = transaction;
  const found = get(
    'SELECT id, pieces FROM body WHERE instance = ? AND draft = ?',
    instance,
    draft,
  );
  if ((found?.['pieces'] ?? 0) !== number) throw new Error('an earlier piece of it is missing');
  const body = found
    ? Number(found['id'])
    : transaction.number(
        'INSERT INTO body (pieces, instance, draft) VALUES (0, ?, ?) RETURNING id',
        instance,
        draft,
      );
  if (body === null || number >= perBody) throw new Error('it has too many pieces');
  run('INSERT INTO piece (id, bytes) VALUES (?, ?)', body * perBody + number, bytes);
  run('UPDATE body SET pieces = pieces + 1 WHERE id = ?', body);
}

/** The body of that many pieces is to belong to a message from now on; its id. */
export function adoptBody(transaction: QueueTransaction, draft: number, pieces: number): number {
  const body = transaction.number(
    `UPDATE body SET instance = NULL, draft = NULL
     WHERE instance = ? AND draft = ? AND pieces = ? RETURNING id`,
    transaction.instance,
    draft,
    pieces,
  );
  if (body === null) throw new Error('its body is not whole');
  return body;
}

/** A body that is there at once; its id. */
export function insertBody(transaction: QueueTransaction, bytes: Uint8Array): number {
  const pieces = Math.ceil(bytes.length / pieceSize);
  const body = transaction.number('INSERT INTO body (pieces) VALUES (?) RETURNING id', pieces);
  if (body === null) throw new Error('its body got no id');
  for (let number = 0; number < pieces; number++) {
    const piece = bytes.subarray(number * pieceSize, (number + 1) * pieceSize);
    transaction.run('INSERT INTO piece (id, bytes) VALUES (?, ?)', body * perBody + number, piece);
  }
  return body;
}

export function removeBody({ run }: QueueTransaction, body: number): void {
  run('DELETE FROM piece WHERE id >= ? AND id < ?', body * perBody, (body + 1) * perBody);
  run('DELETE FROM body WHERE id = ?', body);
}

/** What a draft has written, where it has. */
export function dropDraft(transaction: QueueTransaction, draft: number): void {
  const body = transaction.number(
    'SELECT id FROM body WHERE instance = ? AND draft = ?',
    transaction.instance,
    draft,
  );
  if (body !== null) removeBody(transaction, body);
}

export interface ContentPart {
  readonly bytes: Uint8Array;
  /** How many pieces follow the content. */
  readonly pieces: number;
}

/** Part 0 is what stands in the message's row, 1 and more are pieces. Null where there is none. */
export function readPart({ get }: Statements, id: QueueId, part: number): ContentPart | null {
  const row =
    part === 0
      ? get(
          `SELECT content AS bytes, pieces FROM message
           LEFT JOIN body ON body.id = message.body WHERE message.id = ?`,
          id,
        )
      : get(
          `SELECT bytes, 0 AS pieces FROM piece
           WHERE id = (SELECT body FROM message WHERE id = ?) * ${perBody} + ?`,
          id,
          part - 1,
        );
  const bytes = row?.['bytes'];
  return bytes instanceof Uint8Array ? { bytes, pieces: Number(row?.['pieces'] ?? 0) } : null;
}
