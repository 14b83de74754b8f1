import type { QueueReader } from '../reader.ts';

export function openOpenSmtpdReader(folders: readonly string[]): QueueReader {
  throw new Error(`not written yet: ${folders}`);
}
