/**
 * The process around an actor (see actor.ts): loads its module and answers calls until we let go.
 */
import type { ActorModule, AnswerMessage, CallMessage, Calls } from './actor.ts';

const module: ActorModule = await import(process.argv[2] ?? '');
let calls: Calls = { start: begin };

async function begin(options: never): Promise<void> {
  calls = await module.start(options);
}

process.on('disconnect', () => process.exit());
process.on('message', async (message: CallMessage) => {
  const answer = await perform(message);
  // Nobody may be left to hear it.
  if (process.connected) process.send?.(answer);
});

async function perform({ id, call, args }: CallMessage): Promise<AnswerMessage> {
  try {
    const found = calls[call];
    if (!found) throw new TypeError(`An actor without the call ${call}`);
    return { id, result: await found(...(args as never[])) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
