/**
 * Blocks of lines, read on threads side by side, or on this one where there is little to read.
 */
import { Worker } from 'node:worker_threads';
import { createBlockParser, type ParsedBlock, type ParseTask } from './parse-block.ts';

export interface ParsePool extends AsyncDisposable {
  /** How many blocks keep it busy. */
  readonly width: number;
  /** Takes the memory of the block over. */
  parse(task: ParseTask): Promise<ParsedBlock>;
}

/** `threads`: 0 for this one. */
export function openParsePool(threads: number): ParsePool {
  if (threads === 0) {
    const parse = createBlockParser();
    return {
      width: 1,
      parse: async (task) => parse(task),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  const members = Array.from({ length: threads }, startMember);
  let turn = 0;
  return {
    width: threads * 2,
    parse(task) {
      const member = members[turn++ % members.length];
      if (!member) throw new RangeError('no thread to read with');
      return member.parse(task);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map((member) => member.stop()));
    },
  };
}

function startMember() {
  const worker = new Worker(new URL('./parse-worker.ts', import.meta.url));
  const waiting: PromiseWithResolvers<ParsedBlock>[] = [];
  // It answers in the order in which it was asked.
  worker.on('message', (parsed: ParsedBlock) => waiting.shift()?.resolve(parsed));
  const fail = (error: Error) => {
    for (const one of waiting.splice(0)) one.reject(error);
  };
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('a reading thread ended before its work')));
  return {
    parse({ block, times }: ParseTask): Promise<ParsedBlock> {
      const answer = Promise.withResolvers<ParsedBlock>();
      waiting.push(answer);
      const { buffer } = block;
      const own = buffer instanceof ArrayBuffer && buffer.byteLength === block.byteLength;
      worker.postMessage({ block, times }, own ? [buffer] : []);
      return answer.promise;
    },
    async stop() {
      await worker.terminate();
    },
  };
}
