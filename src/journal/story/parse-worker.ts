/**
 * A thread that reads blocks of lines, each into a batch of events.
 */
import { parentPort } from 'node:worker_threads';
import { createBlockParser, type ParseTask } from './parse-block.ts';

const parse = createBlockParser();

parentPort?.on('message', (task: ParseTask) => {
  const parsed = parse(task);
  parentPort?.postMessage(parsed, [parsed.batch.numbers.buffer]);
});
