/**
 * A server that says what a test wants, line by line, however wrong it is.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { certificate } from './certificate.ts';

export interface Talk {
  /** Counted from 1. */
  readonly connection: number;
  readonly socket: Socket;
  /** CRLF is added to each line. */
  say(...lines: readonly string[]): void;
  /** Bytes as Latin-1, as they are. */
  sayRaw(text: string): void;
  /** The next line without its end, bytes as Latin-1; '' once the client is gone. */
  hear(): Promise<string>;
  /** Hears until a line is this one; all of them. */
  hearUntil(line: string): Promise<string[]>;
  /** Exactly so many bytes. */
  hearBytes(count: number): Promise<string>;
  /** From here on in TLS. */
  secure(): Promise<void>;
  /** The client is. */
  readonly isGone: boolean;
  gone(): Promise<void>;
  /** Sends FIN. */
  end(): void;
  /** Sends RST. */
  reset(): void;
}

export interface ScriptedServer extends AsyncDisposable {
  readonly port: number;
  readonly connections: number;
  /** All that clients said, line by line, of all connections. */
  readonly heard: readonly string[];
  /** Resolves when no client is there any more. */
  left(): Promise<void>;
}

/** The connection ends with the script. */
export async function startScripted(
  script: (talk: Talk) => Promise<void> | void,
): Promise<ScriptedServer> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      server.emit('left');
    });
    connections++;
    const talk = converse(socket, connections, heard);
    void Promise.resolve(script(talk)).then(() => talk.end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    get connections() {
      return connections;
    },
    heard,
    async left() {
      while (sockets.size > 0) await once(server, 'left');
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function converse(plain: Socket, connection: number, heard: string[]): Talk {
  let socket = plain;
  let bytes: Buffer = Buffer.alloc(0);
  let isGone = false;
  let wake: () => void = () => {};
  const attach = () => {
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      wake();
    });
    socket.on('error', () => {});
    for (const event of ['end', 'close', 'error'])
      socket.on(event, () => {
        isGone = true;
        wake();
      });
  };
  attach();
  const more = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  const hear = async (): Promise<string> => {
    for (;;) {
      const end = bytes.indexOf('\r\n');
      if (end >= 0) {
        const line = bytes.toString('latin1', 0, end);
        bytes = bytes.subarray(end + 2);
        heard.push(line);
        return line;
      }
      if (isGone) return '';
      await more();
    }
  };
  const sayRaw = (text: string) => {
    if (!socket.destroyed) socket.write(text, 'latin1');
  };
  return {
    connection,
    get socket() {
      return socket;
    },
    say: (...lines) => sayRaw(lines.map((line) => `${line}\r\n`).join('')),
    sayRaw,
    hear,
    async hearUntil(wanted) {
      const lines: string[] = [];
      for (;;) {
        const line = await hear();
        lines.push(line);
        if (line === wanted || (line === '' && isGone)) return lines;
      }
    },
    async hearBytes(count) {
      while (bytes.length < count && !isGone) await more();
      const text = bytes.toString('latin1', 0, count);
      bytes = bytes.subarray(count);
      return text;
    },
    async secure() {
      plain.removeAllListeners('data');
      socket = new TLSSocket(plain, { isServer: true, ...certificate });
      attach();
      await new Promise<void>((resolve) => {
        socket.once('secure', () => resolve());
        socket.once('close', () => resolve());
      });
    },
    get isGone() {
      return isGone;
    },
    async gone() {
      while (!isGone) await more();
    },
    end: () => void socket.end(),
    reset: () => void plain.resetAndDestroy(),
  };
}

/** Takes everything, with these keywords in the answer to EHLO. */
export async function takeAll(talk: Talk, keywords: readonly string[]): Promise<void> {
  talk.say('220 good.example ESMTP');
  let content: string[] | null = null;
  for (;;) {
    const line = await talk.hear();
    if (content) {
      if (line === '.') {
        content = null;
        talk.say('250 2.0.0 Taken');
      } else content.push(line);
      if (line === '' && talk.isGone) return;
      continue;
    }
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'EHLO' || verb === 'LHLO') {
      const lines = ['good.example', ...keywords];
      talk.say(...lines.map((text, i) => `250${i < lines.length - 1 ? '-' : ' '}${text}`));
    } else if (verb === 'DATA') {
      content = [];
      talk.say('354 Go on');
    } else if (verb === 'QUIT' || verb === '') {
      talk.say('221 Bye');
      return;
    } else talk.say('250 2.0.0 Ok');
  }
}
