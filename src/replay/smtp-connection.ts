/**
 * One SMTP connection from the client's side: greeting, EHLO, transactions, each step with its deadline.
 *
 * RFC 5321 §4.5.3.2 (timeouts, ours are shorter), RFC 2920 (MAIL and RCPT in one go where offered).
 */
import { connect } from 'node:net';
import { formatSmtpReply, type SmtpReply } from '../wire/smtp/reply-reader.ts';
import { type Conversation, createConversation } from './smtp-conversation.ts';
import { stuffDots } from './smtp-lines.ts';

/** Where a conversation was when it ended. */
export type Stage = 'connect' | 'greeting' | 'hello' | 'mail' | 'rcpt' | 'data' | 'content';

export interface Outgoing {
  /** '' is the null reverse-path. */
  readonly reversePath: string;
  readonly forwardPaths: readonly string[];
  /** Header, empty line, body; bytes as Latin-1, any line ends. */
  readonly content: string;
}

export interface Replies {
  readonly mail: SmtpReply | null;
  /** In the order of the forward-paths; shorter where MAIL was refused or the connection broke. */
  readonly rcpt: readonly SmtpReply[];
  readonly data: SmtpReply | null;
  readonly content: SmtpReply | null;
}

export type Transaction =
  /** Taken for at least one recipient. */
  | { readonly kind: 'accepted'; readonly stage: 'content'; readonly replies: Replies }
  /** Refused for good or for now (4xx); at `rcpt` only where no recipient was taken. */
  | {
      readonly kind: 'refused';
      readonly stage: Stage;
      readonly replies: Replies;
      readonly reply: SmtpReply;
    }
  /** No reply, or none that makes sense. At `content` the server may have taken it. */
  | {
      readonly kind: 'broken';
      readonly stage: Stage;
      readonly replies: Replies;
      readonly problem: string;
    };

export interface ConnectionOptions {
  readonly address: string;
  readonly port: number;
  /** Greeted with; default `sender.example`. */
  readonly helo?: string;
  /** Address to connect from. */
  readonly localAddress?: string;
  /** Whose connection this is: the server is told by XCLIENT, and refused to talk to where it takes none. */
  readonly client?: string;
  /** Milliseconds for each step: connecting, one command and its whole reply. Default 60,000. */
  readonly stepTimeout?: number;
  /** MAIL and all RCPT at once, where the server offers PIPELINING; default true. */
  readonly pipelining?: boolean;
  /** Told as soon as TCP is connected. */
  readonly onConnect?: (localPort: number) => void;
  /** Cuts the connection, whatever it is at. */
  readonly signal?: AbortSignal;
}

export interface SmtpConnection {
  readonly isOpen: boolean;
  /** One at a time. Never rejects; after `broken`, and after any 421, the connection is closed. */
  send(message: Outgoing): Promise<Transaction>;
  /** Says QUIT, waits shortly for the end. */
  quit(): Promise<void>;
  destroy(): void;
}

export type Opened =
  | { readonly kind: 'open'; readonly connection: SmtpConnection }
  | { readonly kind: 'refused'; readonly stage: Stage; readonly reply: SmtpReply }
  | { readonly kind: 'broken'; readonly stage: Stage; readonly problem: string };

export const noReplies: Replies = { mail: null, rcpt: [], data: null, content: null };

/** Never rejects. */
export async function openSmtpConnection(options: ConnectionOptions): Promise<Opened> {
  const { stepTimeout = 60_000, helo = 'sender.example' } = options;
  let stage: Stage = 'connect';
  const socket = connect({
    host: options.address,
    port: options.port,
    ...(options.localAddress === undefined ? {} : { localAddress: options.localAddress }),
  });
  socket.setNoDelay(true);
  const line = createConversation(socket, stepTimeout, options.signal);
  const turnedAway = (reply: SmtpReply): Opened => {
    socket.destroy();
    return { kind: 'refused', stage, reply };
  };
  try {
    await line.connected();
    options.onConnect?.(socket.localPort ?? 0);
    stage = 'greeting';
    const greeting = await line.reply();
    if (greeting.code !== 220) return turnedAway(greeting);
    stage = 'hello';
    let hello = await line.ask(`EHLO ${helo}\r\n`);
    const extensions = new Set<string>();
    if (hello.code === 250)
      for (const text of hello.lines.slice(1))
        extensions.add(text.split(' ')[0]?.toUpperCase() ?? '');
    // RFC 5321 §4.1.4: a server that does not know EHLO gets HELO.
    else if (hello.code >= 500) hello = await line.ask(`HELO ${helo}\r\n`);
    if (hello.code !== 250) return turnedAway(hello);
    if (options.client !== undefined) {
      if (!extensions.has('XCLIENT')) {
        socket.destroy();
        return { kind: 'broken', stage, problem: 'the server does not take XCLIENT from here' };
      }
      // Postfix's XCLIENT_README: the server greets anew, and asks for another EHLO.
      const told = await line.ask(`XCLIENT ADDR=${formatXclientAddress(options.client)}\r\n`);
      if (told.code !== 220) return turnedAway(told);
      const again = await line.ask(`EHLO ${helo}\r\n`);
      if (again.code !== 250) return turnedAway(again);
    }
    const isPipelined = (options.pipelining ?? true) && extensions.has('PIPELINING');
    return {
      kind: 'open',
      connection: {
        get isOpen() {
          return line.isOpen();
        },
        send: (message) => transact(line, message, isPipelined),
        async quit() {
          if (line.isOpen()) await line.ask('QUIT\r\n', 1000).catch(() => undefined);
          socket.destroy();
        },
        destroy: () => void socket.destroy(),
      },
    };
  } catch (error) {
    socket.destroy();
    return { kind: 'broken', stage, problem: problemOf(error) };
  }
}

function formatXclientAddress(address: string): string {
  return address.includes(':') ? `IPV6:${address}` : address;
}

async function transact(
  line: Conversation,
  message: Outgoing,
  isPipelined: boolean,
): Promise<Transaction> {
  let stage: Stage = 'mail';
  let replies = noReplies;
  const refused = (reply: SmtpReply): Transaction => {
    // RFC 5321 §3.8: with 421 the server closes; any other refusal leaves a transaction to forget.
    if (reply.code === 421) line.close();
    return { kind: 'refused', stage, replies, reply };
  };
  try {
    const mailLine = `MAIL FROM:<${message.reversePath}>\r\n`;
    const rcptLines = message.forwardPaths.map((path) => `RCPT TO:<${path}>\r\n`);
    line.write(isPipelined ? mailLine + rcptLines.join('') : mailLine);
    const mail = await line.reply();
    replies = { ...replies, mail };
    let none = mail;
    if (mail.code === 250 || isPipelined) {
      const rcpt: SmtpReply[] = [];
      for (const text of rcptLines) {
        if (mail.code === 250) stage = 'rcpt';
        if (!isPipelined) line.write(text);
        const reply = await line.reply();
        rcpt.push(reply);
        if (mail.code === 250) replies = { ...replies, rcpt: [...rcpt] };
        if (reply.code === 421 || mail.code === 421) break;
      }
      none = mail.code === 250 ? (rcpt.at(-1) ?? mail) : mail;
      if (none.code === 421) return refused(none);
    }
    const isTaken = replies.rcpt.some((reply) => isGood(reply));
    if (mail.code !== 250) return refused(mail);
    if (!isTaken) {
      await forget(line, none);
      return refused(none);
    }
    stage = 'data';
    const data = await line.ask('DATA\r\n');
    replies = { ...replies, data };
    if (data.code !== 354) {
      await forget(line, data);
      return refused(data);
    }
    stage = 'content';
    const content = await line.ask(stuffDots(message.content));
    replies = { ...replies, content };
    return isGood(content) ? { kind: 'accepted', stage, replies } : refused(content);
  } catch (error) {
    line.close();
    return { kind: 'broken', stage, replies, problem: problemOf(error) };
  }
}

function isGood(reply: SmtpReply): boolean {
  return reply.code >= 200 && reply.code < 300;
}

/** Ends a transaction that the server refused; some servers keep the sender they refused recipients for. */
async function forget(line: Conversation, refusal: SmtpReply): Promise<void> {
  if (refusal.code === 421) return;
  const reply = await line.ask('RSET\r\n').catch(() => null);
  if (reply?.code !== 250) line.close();
}

function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `refused at rcpt: 550 5.1.1 No such mailbox`, for people. */
export function describeTransaction(outcome: Transaction): string {
  switch (outcome.kind) {
    case 'accepted':
      return 'accepted';
    case 'refused':
      return `refused at ${outcome.stage}: ${formatSmtpReply(outcome.reply)}`;
    case 'broken':
      return `broken at ${outcome.stage}: ${outcome.problem}`;
  }
}
