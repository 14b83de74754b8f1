/**
 * The SMTP listener: sockets on one side, wire/smtp's session in the middle, and on the other side the
 * judge, the proof, the store and the delivery.
 */
import type { Socket } from 'node:net';
import type { Endpoint } from '../../mail/endpoint.ts';
import { replies } from '../../mail/reply.ts';
import { formatSmtpReply } from '../../wire/smtp/format-reply.ts';
import type { Terms } from '../../wire/smtp/session.ts';
import { type Finish, type Listener, listen } from '../listener.ts';
import { type BoundedLog, boundLog } from './bounded-log.ts';
import { Connection } from './connection.ts';
import type { Crowd } from './crowd.ts';
import { Proxied } from './proxied.ts';
import type { Desk, Holder, SmtpServices } from './services.ts';
import { isIn } from './visitor.ts';
import { Watch } from './watch.ts';

/** `submission` takes mail only from who logged in (RFC 6409). */
export type SmtpKind = 'smtp' | 'submission' | 'lmtp';

export interface SmtpOptions {
  readonly kind: SmtpKind;
  /** The connection begins with the handshake (RFC 8314). Else STARTTLS, where there is a certificate. */
  readonly implicitTls?: boolean;
  /** No mail without TLS. Submission always wants it, as passwords go over it. */
  readonly requiresTls?: boolean;
  /** One for all listeners. */
  readonly crowd: Crowd;
  /** Permissions of a unix socket. */
  readonly mode?: number;
  /** How often it is looked who takes too long, in ms. */
  readonly lookEvery?: number;
}

/** Resolves once connections are taken; rejects with ListenError. */
export async function serveSmtp(
  services: Holder<SmtpServices>,
  endpoint: Endpoint,
  options: SmtpOptions,
): Promise<Listener> {
  const watch = new Watch(options.lookEvery ?? 1000);
  const log = boundLog(services.current.log);
  const encrypted = options.implicitTls ?? false;
  let desk = deskFor(services.current, options, log);

  const serve = (socket: Socket): Finish => {
    if (desk.services !== services.current) desk = deskFor(services.current, options, log);
    const address = socket.remoteAddress ?? null;
    const begun = desk;
    const talk = (client: string | null): Finish =>
      new Connection(begun, watch, socket, { encrypted, address: client, peer: address }).finish;
    if (!isIn(begun.services.proxyNetworks, address)) return talk(address);
    let finish: Finish = () => socket.destroy();
    new Proxied(socket, watch, begun.services.limits.handshake, (client) => {
      finish = talk(client ?? address);
    });
    return () => finish();
  };

  const { limits } = services.current;
  const listener = await listen(endpoint, serve, {
    // Beyond our own limit there is room to say so in good order; beyond that, in short.
    maxConnections: Math.ceil(limits.connections * 1.1) + 10,
    onBusy: (socket) => {
      if (encrypted) socket.destroy();
      else socket.end(formatSmtpReply(replies.tooManyConnections));
    },
    allowHalfOpen: true,
    log: services.current.log,
    ...(options.mode === undefined ? {} : { mode: options.mode }),
  });
  const close = async (grace?: number): Promise<void> => {
    await listener.close(grace);
    watch[Symbol.dispose]();
  };
  return {
    endpoint: listener.endpoint,
    get connections() {
      return listener.connections;
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

function deskFor(services: SmtpServices, options: SmtpOptions, log: BoundedLog): Desk {
  return { services, terms: termsOf(services, options), crowd: options.crowd, log };
}

function termsOf(services: SmtpServices, { kind, implicitTls, requiresTls }: SmtpOptions): Terms {
  const { name, limits, certificate, logins } = services;
  const isSubmission = kind === 'submission';
  return {
    name,
    protocol: kind === 'lmtp' ? 'lmtp' : 'smtp',
    maxMessage: limits.messageSize,
    maxRecipients: limits.recipients,
    maxMessages: limits.messagesPerSession,
    maxErrors: limits.errorsPerSession,
    offersTls: certificate !== null && implicitTls !== true,
    requiresTls: (requiresTls ?? false) || isSubmission,
    offersLogin: isSubmission && logins !== null,
    requiresLogin: isSubmission,
  };
}
