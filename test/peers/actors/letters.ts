/**
 * Somebody in the world who writes letters and gets some: sends byte by byte what the test says, and
 * takes all mail, remembering envelopes as they were said and content as it came.
 */
import { createHash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { Talk } from '../../smtp/talk.ts';
import { addresses } from '../network.ts';

export interface Letter {
  /** Of the server it goes to. */
  readonly to: string;
  /** As said after `MAIL FROM:` and `RCPT TO:`, in UTF-8. */
  readonly mail: string;
  readonly rcpt: readonly string[];
  /** The header, a line each. */
  readonly header: readonly string[];
  /** Lines ended by CRLF, dots not stuffed; a number: so many octets of printable text. */
  readonly body: Uint8Array | number;
}

export interface Taken {
  readonly mail: string;
  readonly rcpt: readonly string[];
  readonly header: string;
  /** Null where it is large. */
  readonly body: Uint8Array | null;
  readonly bodySize: number;
  readonly bodyHash: string;
}

const kept = 1_000_000;

export async function start({ extensions }: { readonly extensions: readonly string[] }) {
  const taken: Taken[] = [];
  const server = createServer((socket) => take(socket, extensions, (letter) => taken.push(letter)));
  server.listen(25, addresses.sink.v4);
  return {
    /** The replies to MAIL, each RCPT, DATA and the content. */
    async send(letter: Letter): Promise<string[]> {
      await using talk = await Talk.dial({ host: letter.to, port: 25 });
      const said: string[] = [];
      await talk.reply();
      await talk.say('EHLO sender.example');
      const utf8 = (line: string) => Buffer.from(line).toString('latin1');
      said.push(await talk.say(utf8(`MAIL FROM:${letter.mail}`)));
      for (const rcpt of letter.rcpt) said.push(await talk.say(utf8(`RCPT TO:${rcpt}`)));
      const data = await talk.say('DATA');
      said.push(data);
      if (data.startsWith('354')) {
        const header = Buffer.from(`${letter.header.join('\r\n')}\r\n\r\n`);
        talk.send(Buffer.concat([header, stuffed(bodyOf(letter.body)), Buffer.from('.\r\n')]));
        said.push(await talk.reply());
      }
      await talk.say('QUIT');
      return said;
    },
    /** SHA-256 of such a body. */
    hashOf: (body: Uint8Array | number) => hashOf(bodyOf(body)),
    taken: (): readonly Taken[] => taken,
  };
}

/** Base64 in lines of 76, so that no server has a reason to change anything. */
function bodyOf(body: Uint8Array | number): Buffer {
  if (typeof body !== 'number') return Buffer.from(body);
  const line = Buffer.from(`${'TGFyZ2UgbWFpbCwgbGluZSBieSBsaW5lLiAu'.repeat(3).slice(0, 76)}\r\n`);
  const whole = Buffer.alloc(body, line);
  whole.write('\r\n', body - 2);
  return whole;
}

function hashOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

/** RFC 5321 §4.5.2. */
function stuffed(body: Buffer): Buffer {
  const text = body.toString('latin1');
  if (!text.startsWith('.') && !text.includes('\n.')) return body;
  return Buffer.from(text.replace(/^\./gm, '..'), 'latin1');
}

/** One connection; nothing is refused. */
function take(socket: Socket, extensions: readonly string[], keep: (letter: Taken) => void): void {
  let mail = '';
  let rcpt: string[] = [];
  let pieces: Buffer[] = [];
  let isContent = false;
  let rest: Buffer = Buffer.alloc(0);
  const say = (text: string) => void socket.write(`${text}\r\n`);

  const command = (line: string): void => {
    const verb = line.slice(0, 4).toUpperCase();
    const argument = line.slice(line.indexOf(':') + 1).trim();
    if (verb === 'EHLO') {
      const lines = ['sink.example', ...extensions];
      const mark = (i: number) => (i === lines.length - 1 ? ' ' : '-');
      say(lines.map((text, i) => `250${mark(i)}${text}`).join('\r\n'));
    } else if (verb === 'DATA') {
      isContent = true;
      say('354 go on');
    } else if (verb === 'QUIT') {
      say('221 bye');
      socket.end();
    } else {
      if (verb === 'MAIL') {
        mail = argument;
        rcpt = [];
      }
      if (verb === 'RCPT') rcpt.push(argument);
      say('250 2.0.0 good');
    }
  };
  const finish = (content: Buffer): void => {
    const text = content.toString('latin1');
    const whole = /^\./m.test(text) ? Buffer.from(text.replace(/^\./gm, ''), 'latin1') : content;
    const end = whole.indexOf('\r\n\r\n') + 4;
    const body = whole.subarray(end);
    keep({
      mail,
      rcpt,
      header: whole.toString('utf8', 0, end),
      body: body.length > kept ? null : body,
      bodySize: body.length,
      bodyHash: hashOf(body),
    });
    say('250 2.0.0 taken');
  };
  const read = (): void => {
    for (;;) {
      if (isContent) {
        const end = rest.indexOf('\r\n.\r\n');
        if (end < 0) {
          // The dot may be cut in two.
          const whole = Math.max(0, rest.length - 4);
          if (whole > 0) pieces.push(rest.subarray(0, whole));
          rest = rest.subarray(whole);
          return;
        }
        pieces.push(rest.subarray(0, end + 2));
        rest = rest.subarray(end + 5);
        isContent = false;
        finish(Buffer.concat(pieces));
        pieces = [];
      } else {
        const end = rest.indexOf('\r\n');
        if (end < 0) return;
        const line = rest.toString('utf8', 0, end);
        rest = rest.subarray(end + 2);
        command(line);
      }
    }
  };
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    read();
  });
  say('220 sink.example');
}
