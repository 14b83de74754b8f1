/**
 * A block of lines as a batch of events: what a thread is asked, and what it answers.
 */
import { BatchWriter, type EventBatch } from './event-batch.ts';
import { BlockReader, type BlockReport } from './read-block.ts';

export interface ParseTask {
  readonly block: Uint8Array;
  /** As for BlockReader. */
  readonly yearFrom: number;
}

export interface ParsedBlock {
  readonly batch: EventBatch;
  readonly report: BlockReport;
}

export function createBlockParser(): (task: ParseTask) => ParsedBlock {
  const writer = new BatchWriter();
  let reader: { readonly yearFrom: number; readonly blocks: BlockReader } | null = null;
  return ({ block, yearFrom }) => {
    if (reader?.yearFrom !== yearFrom) reader = { yearFrom, blocks: new BlockReader(yearFrom) };
    const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
    const report = reader.blocks.read(bytes, (at, host, server, event) =>
      writer.write(at, host, server, event),
    );
    return { batch: writer.take(), report };
  };
}
