/**
 * A block of lines as a batch of events: what a thread is asked, and what it answers.
 */
import { BatchWriter, type EventBatch } from './event-batch.ts';
import { BlockReader, type BlockReport, type LogTimes } from './read-block.ts';

export interface ParseTask {
  readonly block: Uint8Array;
  readonly times: LogTimes;
}

export interface ParsedBlock {
  readonly batch: EventBatch;
  readonly report: BlockReport;
}

export function createBlockParser(): (task: ParseTask) => ParsedBlock {
  const writer = new BatchWriter();
  let reader: BlockReader | null = null;
  return ({ block, times }) => {
    const { yearFrom, latest } = times;
    if (reader?.times.yearFrom !== yearFrom || reader.times.latest !== latest)
      reader = new BlockReader(times);
    const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
    const report = reader.read(bytes, (at, host, server, event) =>
      writer.write(at, host, server, event),
    );
    return { batch: writer.take(), report };
  };
}
