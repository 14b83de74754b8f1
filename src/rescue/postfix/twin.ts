/**
 * Whether a message that is to be put back is in the queue already, under whatever name.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { readQueueFile } from '../../foreign/postfix/queue-file.ts';
import { longestRecord } from '../../foreign/postfix/records.ts';
import { readOnly } from '../disk.ts';

export interface TwinFacts {
  readonly firstId: string | null;
  /** ms since 1970. */
  readonly arrivedAt: number | null;
  readonly reversePath: string;
  /** Done or not. */
  readonly recipients: string;
  readonly messageSize: number | null;
}

export type TwinRead =
  | { readonly kind: 'facts'; readonly facts: TwinFacts }
  | { readonly kind: 'fault'; readonly problem: string };

export function readTwinFacts(fd: number): TwinRead {
  const buffer = Buffer.allocUnsafe(longestRecord);
  const read = readQueueFile({
    size: fstatSync(fd).size,
    read(position, length) {
      const used = readSync(fd, buffer, 0, Math.min(length, buffer.length), position);
      return buffer.toString('latin1', 0, used);
    },
  });
  if (read.kind === 'fault') return read;
  const { firstId, arrivedAt, reversePath, recipients, messageSize } = read.file;
  const paths = recipients.map(({ forwardPath }) => forwardPath).toSorted();
  return {
    kind: 'facts',
    facts: { firstId, arrivedAt, reversePath, messageSize, recipients: paths.join('\0') },
  };
}

/** What cannot be read, or is still being written, is no twin. */
export function sameMessage(path: string, facts: TwinFacts): boolean {
  let fd: number;
  try {
    fd = openSync(path, readOnly);
  } catch {
    return false;
  }
  try {
    const { mode } = fstatSync(fd);
    if ((mode & 0o700) !== 0o700) return false;
    const other = readTwinFacts(fd);
    return (
      other.kind === 'facts' &&
      other.facts.firstId === facts.firstId &&
      other.facts.arrivedAt === facts.arrivedAt &&
      other.facts.reversePath === facts.reversePath &&
      other.facts.messageSize === facts.messageSize &&
      other.facts.recipients === facts.recipients
    );
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}
