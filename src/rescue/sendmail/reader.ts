import type { QueueReader } from '../reader.ts';

export function openSendmailReader(folders: readonly string[]): QueueReader {
  throw new Error(`not written yet: ${folders}`);
}
