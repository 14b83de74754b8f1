/**
 * What the small SMTP server says on one connection.
 *
 * RFC 5321, with PIPELINING (RFC 2920), 8BITMIME (RFC 6152) and ENHANCEDSTATUSCODES (RFC 2034).
 * Its clients may be slow, broken or hostile.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { parseIp, unmapped } from '../mail/ip.ts';
import { cutLines } from '../wire/smtp/crlf-lines.ts';
import { type ReceivedContent, readContent } from './received-content.ts';

/** `550 5.1.1 No such mailbox`; several lines are several elements. */
export interface SinkReply {
  readonly code: number;
  readonly lines: readonly string[];
}

type Answer<T> = T | Promise<T>;

/** What the server says and takes. */
export interface SessionOptions {
  /** How it greets and calls itself; default `sink.example`. */
  readonly name?: string;
  /** Null takes it; called once for each connection, MAIL, RCPT and message. Default: take all. */
  readonly onConnect?: (clientAddress: string) => Answer<SinkReply | null>;
  readonly onMail?: (reversePath: string) => Answer<SinkReply | null>;
  readonly onRcpt?: (forwardPath: string, reversePath: string) => Answer<SinkReply | null>;
  readonly onMessage?: (message: SunkMessage) => Answer<SinkReply | null>;
  /** Keyword lines of EHLO besides those of its own. */
  readonly extensions?: readonly string[];
  /** Bytes of each message that are remembered as text; default 8,192. */
  readonly keptBytes?: number;
  /** Bytes of a message, beyond which it is refused; default 10 MiB. */
  readonly largestMessage?: number;
}

export interface SunkMessage extends ReceivedContent {
  /** When the last byte came: ms on the clock of performance.now(). */
  readonly at: number;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly helo: string;
  /** Without angle brackets; '' is the null reverse-path. */
  readonly reversePath: string;
  readonly forwardPaths: readonly string[];
}

export interface SinkCounts {
  connections: number;
  mailRefused: number;
  rcptAccepted: number;
  rcptRefused: number;
  messages: number;
  messagesRefused: number;
  /** Connections that ended without QUIT, or were cut off for bad manners. */
  broken: number;
}

export function sinkReply(text: string): SinkReply {
  return { code: Number(text.slice(0, 3)), lines: [text.slice(4)] };
}

const mostRecipients = 1000;
const longestCommand = 2048;
const longestLine = 65_536;
const mostUnsent = 1_048_576;
const mostBadCommands = 50;

/**
 * One connection from greeting to end; never rejects. Counts in `counts`, hands each accepted message
 * to `keep`, and calls `changed` after everything that happens.
 */
export async function converse(
  socket: Socket,
  options: SessionOptions,
  counts: SinkCounts,
  keep: (message: SunkMessage) => void,
  changed: () => void,
): Promise<void> {
  const { name = 'sink.example', keptBytes = 8192, largestMessage = 10 * 1_048_576 } = options;
  const peer = parseIp(socket.remoteAddress ?? '');
  const clientAddress = peer ? unmapped(peer).text : '';
  const clientPort = socket.remotePort ?? 0;
  let helo: string | null = null;
  let reversePath: string | null = null;
  let forwardPaths: string[] = [];
  let content: Buffer[] | null = null;
  let contentBytes = 0;
  let badCommands = 0;
  let hasQuit = false;

  const reset = () => {
    reversePath = null;
    forwardPaths = [];
    content = null;
    contentBytes = 0;
  };
  const bad = (reply: string): SinkReply => {
    badCommands++;
    return sinkReply(reply);
  };

  const mail = async (argument: string): Promise<SinkReply> => {
    if (helo === null) return bad('503 5.5.1 EHLO first');
    if (reversePath !== null) return bad('503 5.5.1 There is a sender already');
    const path = readPath('FROM', argument);
    if (path === null) return bad('501 5.5.4 Syntax: MAIL FROM:<address>');
    const refused = (await options.onMail?.(path)) ?? null;
    if (refused) counts.mailRefused++;
    else reversePath = path;
    return refused ?? sinkReply('250 2.1.0 Sender is welcome');
  };
  const rcpt = async (argument: string): Promise<SinkReply> => {
    if (reversePath === null) return bad('503 5.5.1 MAIL first');
    const path = readPath('TO', argument);
    if (path === null || path === '') return bad('501 5.5.4 Syntax: RCPT TO:<address>');
    if (forwardPaths.length >= mostRecipients) return bad('452 4.5.3 Too many recipients');
    const refused = (await options.onRcpt?.(path, reversePath)) ?? null;
    if (refused) counts.rcptRefused++;
    else {
      counts.rcptAccepted++;
      forwardPaths.push(path);
    }
    return refused ?? sinkReply('250 2.1.5 Recipient is known');
  };
  const data = (): SinkReply => {
    if (reversePath === null) return bad('503 5.5.1 MAIL first');
    if (forwardPaths.length === 0) return bad('554 5.5.1 No valid recipients');
    content = [];
    return sinkReply('354 End with a dot on a line of its own');
  };
  const endOfData = async (): Promise<SinkReply> => {
    const message: SunkMessage = {
      ...readContent(content ?? [], keptBytes),
      at: performance.now(),
      clientAddress,
      clientPort,
      helo: helo ?? '',
      reversePath: reversePath ?? '',
      forwardPaths,
    };
    const isTooLarge = contentBytes > largestMessage;
    reset();
    const refused = isTooLarge
      ? sinkReply('552 5.3.4 Message is too large')
      : ((await options.onMessage?.(message)) ?? null);
    if (refused) {
      counts.messagesRefused++;
      return refused;
    }
    counts.messages++;
    keep(message);
    return sinkReply('250 2.0.0 Taken');
  };

  const command = (line: string): Answer<SinkReply> => {
    const [, verb = '', argument = ''] = /^(\S*)\s*(.*?)\s*$/s.exec(line) ?? [];
    switch (verb.toUpperCase()) {
      case 'EHLO':
      case 'HELO': {
        if (argument === '') return bad('501 5.5.4 Who are you?');
        helo = argument;
        reset();
        const more = [
          'PIPELINING',
          '8BITMIME',
          'ENHANCEDSTATUSCODES',
          ...(options.extensions ?? []),
        ];
        return { code: 250, lines: verb.toUpperCase() === 'EHLO' ? [name, ...more] : [name] };
      }
      case 'MAIL':
        return mail(argument);
      case 'RCPT':
        return rcpt(argument);
      case 'DATA':
        return argument === '' ? data() : bad('501 5.5.4 DATA takes no argument');
      case 'RSET':
        reset();
        return sinkReply('250 2.0.0 Forgotten');
      case 'NOOP':
        return sinkReply('250 2.0.0 Here');
      case 'VRFY':
        return sinkReply('252 2.5.0 Try it');
      case 'QUIT':
        hasQuit = true;
        return sinkReply('221 2.0.0 Bye');
      default:
        return bad('500 5.5.2 Not a command of this server');
    }
  };

  /** One line; null where it is content and needs no reply. */
  const step = (line: Buffer): Answer<SinkReply | null> => {
    if (content === null) {
      if (line.length > longestCommand) return bad('500 5.5.6 Line too long');
      return command(line.toString('latin1'));
    }
    const isDotted = line[0] === 46;
    if (isDotted && line.length === 1) return endOfData();
    const bare = isDotted ? line.subarray(1) : line;
    contentBytes += bare.length + 2;
    if (contentBytes <= largestMessage) content.push(bare);
    return null;
  };

  try {
    const turnedAway = (await options.onConnect?.(clientAddress)) ?? null;
    await write(socket, formatSinkReply(turnedAway ?? sinkReply(`220 ${name} ESMTP`)));
    if (turnedAway) {
      socket.end();
      return;
    }
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of socket) {
      const cut = cutLines(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]), longestLine);
      rest = cut.rest;
      let replies = '';
      for (const line of cut.lines) {
        const reply = await step(line);
        if (reply) replies += formatSinkReply(reply);
        if (hasQuit) break;
      }
      if (replies !== '') await write(socket, replies);
      changed();
      if (hasQuit) {
        socket.end();
        break;
      }
      if (cut.tooLong || badCommands > mostBadCommands) break;
    }
  } catch {
    // The client is gone, or was cut off; nothing that it is owed remains.
  }
  if (!hasQuit) {
    counts.broken++;
    socket.destroy();
  }
  changed();
}

/** Waits while the client does not read; one that reads nothing at all is cut off. */
async function write(socket: Socket, text: string): Promise<void> {
  if (socket.writableLength > mostUnsent) throw new Error('the client does not read');
  if (!socket.write(text, 'latin1')) await once(socket, 'drain');
}

function formatSinkReply(reply: SinkReply): string {
  const last = reply.lines.length - 1;
  return reply.lines
    .map((line, i) => `${reply.code}${i < last ? '-' : ' '}${line.replace(/[\r\n]/g, ' ')}\r\n`)
    .join('');
}

/** RFC 5321 §4.1.1.2: the path in its brackets; a quoted local part may hold a bracket. Parameters are let pass. */
function readPath(keyword: 'FROM' | 'TO', argument: string): string | null {
  const form = keyword === 'FROM' ? /^FROM:\s*<(.*)$/is : /^TO:\s*<(.*)$/is;
  const text = form.exec(argument)?.[1];
  if (text === undefined) return null;
  return /^((?:"(?:[^"\\]|\\.)*"|[^>"])*)>/s.exec(text)?.[1] ?? null;
}
