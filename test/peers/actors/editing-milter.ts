/**
 * A filter in the world that changes whatever a filter may change, so that Postfix edits its queue files.
 */
import { createServer, type Socket } from 'node:net';
import { parseFrames } from '../../../src/wire/milter/frames.ts';
import { addresses } from '../network.ts';

export const milterPort = 7000;

const largest = 1_100_000;
/** Everything but quarantine. */
const actions = 0x5f;
/** Nothing is wanted but the end of the message. */
const steps = 0x37f;

export async function start({ bodyLines }: { readonly bodyLines: number }) {
  const server = createServer((socket) => serve(socket, edits(bodyLines)));
  server.listen(milterPort, addresses.sender.v4);
  return { close: () => server.close() };
}

function serve(socket: Socket, changes: readonly Buffer[]): void {
  let rest: Uint8Array = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    const parsed = parseFrames(Buffer.concat([rest, chunk]), largest);
    rest = parsed.rest;
    for (const event of parsed.events) {
      if (event.kind === 'fault') return void socket.destroy();
      if (event.command === 'O') socket.write(frame('O', words(6, actions, steps)));
      else if (event.command === 'E') socket.write(Buffer.concat([...changes, frame('a')]));
      else if (!'DAQ'.includes(event.command)) socket.write(frame('c'));
    }
  });
}

function edits(bodyLines: number): Buffer[] {
  const text = (...parts: string[]) => Buffer.from(parts.map((part) => `${part}\0`).join(''));
  const line = 'This body comes from the filter.\r\n';
  return [
    frame('e', text('<changed@sender.example>')),
    frame('+', text('<added@good-1.example>')),
    frame('-', text('<deleted@good-1.example>')),
    frame('i', Buffer.concat([words(0), text('X-First', 'inserted at the top')])),
    frame('m', Buffer.concat([words(1), text('Subject', 'changed, and much longer than it was')])),
    frame('h', text('X-Last', `added ${'at the end '.repeat(20)}`)),
    frame('b', Buffer.from(line.repeat(bodyLines))),
  ];
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
}

function frame(command: string, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length + 1);
  head.write(command, 4);
  return Buffer.concat([head, payload]);
}
