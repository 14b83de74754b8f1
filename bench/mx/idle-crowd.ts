/**
 * Many clients that say EHLO and then nothing, as an actor in the world.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export async function start({
  address,
  port,
}: {
  readonly address: string;
  readonly port: number;
}) {
  const sockets: Socket[] = [];
  const openOne = async () => {
    const socket = connect({ host: address, port });
    socket.on('error', () => undefined);
    // The greeting, and the last line of the answer to EHLO.
    await once(socket, 'data');
    socket.write('EHLO idle.example\r\n');
    await once(socket, 'data');
    sockets.push(socket);
  };
  return {
    /** Resolves to how many there are. */
    async open(count: number): Promise<number> {
      while (sockets.length < count) {
        const some = Math.min(100, count - sockets.length);
        await Promise.all(Array.from({ length: some }, openOne));
      }
      return sockets.filter((socket) => !socket.destroyed).length;
    },
  };
}
