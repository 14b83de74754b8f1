/** A client for tests: says whatever it is told, hears whole replies. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

function hostPort({ host, port }: { readonly host: string; readonly port: number }) {
  return { host, port };
}

export class Talk implements AsyncDisposable {
  socket: Socket;
  private heard = '';
  private ended = false;
  private wake: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    this.listen(socket);
    socket.setNoDelay(true);
  }

  /** Resolves once connected; nothing is heard yet. */
  static async dial(
    place: { readonly host: string; readonly port: number } | { readonly path: string },
  ): Promise<Talk> {
    const socket = connect('path' in place ? { path: place.path } : { ...hostPort(place) });
    const talk = new Talk(socket);
    await once(socket, 'connect');
    return talk;
  }

  /** Implicit TLS. */
  static async dialTls(place: { readonly host: string; readonly port: number }): Promise<Talk> {
    const socket = connectTls({ host: place.host, port: place.port, rejectUnauthorized: false });
    const talk = new Talk(socket);
    await once(socket, 'secureConnect');
    return talk;
  }

  /** After the 220 to STARTTLS. */
  async secure(): Promise<TLSSocket> {
    this.socket.removeAllListeners();
    const secured = connectTls({ socket: this.socket, rejectUnauthorized: false });
    this.socket = secured;
    this.listen(secured);
    await once(secured, 'secureConnect');
    return secured;
  }

  send(text: string | Uint8Array): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  }

  /** The next reply: its lines joined by LF; 'closed' when there will be none. */
  async reply(): Promise<string> {
    for (;;) {
      const found = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\n/.exec(this.heard);
      if (found) {
        this.heard = this.heard.slice(found[0].length);
        return found[0].replaceAll('\r', '').trimEnd();
      }
      if (this.ended) return 'closed';
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** Sends a line, hears the reply. */
  async say(line: string): Promise<string> {
    this.send(`${line}\r\n`);
    return await this.reply();
  }

  /** Several lines in turn; the codes of their replies. */
  async codes(...lines: readonly string[]): Promise<string> {
    const found: string[] = [];
    for (const line of lines) found.push((await this.say(line)).slice(0, 3));
    return found.join(' ');
  }

  /** Greeting and EHLO heard. */
  async hello(name = 'client.example'): Promise<this> {
    await this.reply();
    await this.say(`EHLO ${name}`);
    return this;
  }

  /** A message in the usual steps; the last reply. */
  async deliver(from: string, to: readonly string[], content: string): Promise<string> {
    await this.say(`MAIL FROM:<${from}>`);
    for (const path of to) await this.say(`RCPT TO:<${path}>`);
    const begun = await this.say('DATA');
    if (!begun.startsWith('354')) return begun;
    return await this.say(`${content}\r\n.`);
  }

  /** Resolves when the server has closed. */
  async closed(): Promise<void> {
    while ((await this.reply()) !== 'closed');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
  }

  private listen(socket: Socket): void {
    const stop = () => {
      this.ended = true;
      this.wake();
    };
    socket.on('data', (bytes) => {
      this.heard += bytes.toString('latin1');
      this.wake();
    });
    socket.on('end', stop);
    socket.on('close', stop);
    socket.on('error', stop);
  }
}
