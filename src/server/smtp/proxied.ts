/**
 * A connection that a named proxy passes on: its PROXY header comes before anything else, TLS
 * included, and says who the client is.
 */
import type { Socket } from 'node:net';
import { parseProxyHeader } from '../../wire/smtp/proxy-header.ts';
import type { Watch, Watched } from './watch.ts';

export class Proxied implements Watched {
  readonly deadline: number;
  private readonly socket: Socket;
  private readonly watch: Watch;
  private readonly onHeader: (address: string | null) => void;
  private bytes: Buffer = Buffer.alloc(0);

  /**
   * `onHeader` gets the client's address, or null where the proxy speaks for itself; the socket is
   * then as if the header had never been. Whatever is no header ends the connection. `patience` in ms.
   */
  constructor(
    socket: Socket,
    watch: Watch,
    patience: number,
    onHeader: (address: string | null) => void,
  ) {
    this.socket = socket;
    this.watch = watch;
    this.onHeader = onHeader;
    this.deadline = Date.now() + patience;
    watch.add(this);
    socket.once('close', this.leave);
    socket.on('data', this.take);
    socket.on('end', this.onDeadline);
  }

  readonly onDeadline = (): void => void this.socket.destroy();

  private readonly leave = (): void => this.watch.delete(this);

  private readonly take = (chunk: Buffer): void => {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    const found = parseProxyHeader(this.bytes);
    if (found.kind === 'incomplete') return;
    if (found.kind === 'fault') {
      this.socket.destroy();
      return;
    }
    const { socket } = this;
    this.leave();
    socket.pause();
    socket.off('close', this.leave).off('data', this.take).off('end', this.onDeadline);
    const rest = this.bytes.subarray(found.length);
    if (rest.length > 0) socket.unshift(rest);
    this.onHeader(found.client?.address.text ?? null);
  };
}
