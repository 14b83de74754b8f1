/**
 * The server of a dialog without sockets: the real session, its questions answered from a list.
 */
import assert from 'node:assert/strict';
import { type Reply, replies } from '../../src/mail/reply.ts';
import type { Request } from '../../src/wire/smtp/session.ts';
import { Conversation, type Script } from './conversation.ts';
import type { Partner } from './play.ts';
import type { Setting } from './setting.ts';

const senders: Readonly<Record<string, Reply>> = {
  'nullmx.example': replies.senderNullMx,
  'blackhole.example': replies.senderBlackhole,
  'nodomain.example': replies.senderNoDomain,
  'nomail.example': replies.senderNoMail,
  'malformed.example': replies.senderMalformed,
  'unknown.example': replies.senderUnknown,
};
const recipients: Readonly<Record<string, Reply>> = {
  'nullmx.example': replies.recipientNullMx,
  'blackhole.example': replies.recipientBlackhole,
  'nodomain.example': replies.recipientNoDomain,
  'nomail.example': replies.recipientNoMail,
  'malformed.example': replies.recipientMalformed,
  'unknown.example': replies.recipientUnknown,
};

export class PlayedServer implements Partner {
  readonly conversation: Conversation;
  private lines: string[];

  constructor(setting: Setting) {
    const { listener, tls, limits } = setting;
    const isSubmission = listener === 'submission';
    this.conversation = new Conversation({
      terms: {
        protocol: listener === 'lmtp' ? 'lmtp' : 'smtp',
        maxMessage: limits.size,
        maxRecipients: limits.recipients,
        maxMessages: limits.messages,
        maxErrors: limits.errors,
        offersTls: tls === 'offered' || tls === 'demanded',
        requiresTls: tls === 'demanded' || isSubmission,
        offersLogin: isSubmission,
        requiresLogin: isSubmission,
      },
      encrypted: tls === 'begins',
      xclient: setting.isProxy,
      early: setting.isEarly,
      script: answerWith(setting),
    });
    this.lines = this.conversation.takeLines();
  }

  send(bytes: Buffer): void {
    this.lines.push(...this.conversation.send(bytes));
  }

  async line(): Promise<string | null> {
    const line = this.lines.shift();
    assert.ok(line !== undefined || this.conversation.closed, 'the server says nothing');
    return line ?? null;
  }

  async act(action: 'tls' | 'silence' | 'shutdown'): Promise<void> {
    if (action === 'tls') this.conversation.secure();
    else this.conversation.happen({ kind: action === 'silence' ? 'timeout' : 'shutdown' });
    this.lines.push(...this.conversation.takeLines());
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function answerWith({ played, listener }: Setting): Script {
  return (request, conversation) => {
    if (played?.request === request.kind) {
      const reply = Object.entries(replies).find(([name]) => name === played.reply)?.[1];
      assert.ok(reply, `there is no reply ${played.reply}`);
      return { kind: 'refused', reply, close: played.close };
    }
    const refusal = refusalOf(request, conversation, listener === 'submission');
    return refusal && { kind: 'refused', reply: refusal };
  };
}

function refusalOf(request: Request, { content }: Conversation, mayRelay: boolean): Reply | null {
  switch (request.kind) {
    case 'mail':
      return senders[domainOf(request.parameters.reversePath)] ?? null;
    case 'rcpt': {
      const { forwardPath } = request.parameters;
      const domain = domainOf(forwardPath);
      if (domain === 'example.org' || domain === '')
        return /^(ann|bob|postmaster)\b/i.test(forwardPath) ? null : replies.mailboxUnknown;
      return mayRelay ? (recipients[domain] ?? null) : replies.relayDenied;
    }
    case 'login':
      return request.user === 'ann' && request.password === 'secret' ? null : replies.loginFailed;
    case 'end':
      return judgeContent(content);
    default:
      return null;
  }
}

function judgeContent(content: string): Reply | null {
  const end = content.indexOf('\r\n\r\n');
  const fields = content.slice(0, end < 0 ? content.length : end).split('\r\n');
  if (content.length > 262_144) return replies.headerTooLarge;
  if (fields.some((field) => /[\0\r\n]/.test(field))) return replies.headerMalformed;
  return fields.filter((field) => field.startsWith('Received:')).length > 100 ? replies.loop : null;
}

function domainOf(path: string): string {
  return path.includes('@') ? path.slice(path.lastIndexOf('@') + 1).toLowerCase() : '';
}
