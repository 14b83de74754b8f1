/**
 * The beginning of a conversation with a server, up to where messages can be sent: greeting, EHLO,
 * STARTTLS, AUTH. Replies in, commands out.
 *
 * RFC 5321 §3.1, §3.2 and §4.1.4, RFC 7504 (521), RFC 2033 §4.1 (LHLO), RFC 3207, RFC 4954, RFC 4616
 * (PLAIN). Bytes are somebody else's: whoever reads them must see to it that nothing follows the
 * reply to STARTTLS.
 */
import type { Reply } from '../../mail/reply.ts';
import { type Offer, plainOffer, readOffer } from './client-offer.ts';
import { clientWords, withDetail } from './client-words.ts';
import { replyOf, type SmtpReply } from './reply-reader.ts';

export interface OpeningTerms {
  /** What we call ourselves. */
  readonly name: string;
  readonly protocol: 'smtp' | 'lmtp';
  readonly startTls: 'never' | 'whenOffered' | 'always';
  readonly login: { readonly user: string; readonly password: string } | null;
}

/** Why no message can be sent here. */
export type OpeningTrouble = 'refused' | 'nonsense' | 'tls' | 'login';

export type OpeningStep =
  | { readonly kind: 'write'; readonly text: string }
  /** Shake hands, then call `secured`. */
  | { readonly kind: 'startTls' }
  /** `names`: what it calls itself, in the greeting and in the answer to EHLO. */
  | { readonly kind: 'open'; readonly offer: Offer; readonly names: readonly string[] }
  /** Say QUIT and go. */
  | { readonly kind: 'closed'; readonly trouble: OpeningTrouble; readonly reply: Reply };

export interface Opening {
  take(reply: SmtpReply): OpeningStep;
  /** TLS is there: all that was said before is forgotten (RFC 3207 §4.2). */
  secured(): OpeningStep;
}

type Phase = 'greeting' | 'ehlo' | 'helo' | 'startTls' | 'plain' | 'login' | 'user' | 'password';

/** `encrypted`: TLS from the first byte. */
export function createOpening(terms: OpeningTerms, encrypted: boolean): Opening {
  const { name, protocol, login } = terms;
  let phase: Phase = 'greeting';
  let isSecure = encrypted;
  let offer = plainOffer;
  const names: string[] = [];

  const write = (next: Phase, text: string): OpeningStep => {
    phase = next;
    return { kind: 'write', text };
  };
  const hello = () => write('ehlo', `${protocol === 'lmtp' ? 'LHLO' : 'EHLO'} ${name}\r\n`);
  const hears = (reply: SmtpReply) => {
    const heard = /^\S+/.exec(reply.lines[0] ?? '')?.[0];
    if (heard !== undefined) names.push(heard);
  };

  const greeted = (reply: SmtpReply): OpeningStep => {
    if (reply.code !== 220) return refused(reply);
    hears(reply);
    return hello();
  };
  const helloAnswered = (reply: SmtpReply): OpeningStep => {
    if (reply.code === 250) {
      hears(reply);
      offer = phase === 'ehlo' ? readOffer(reply.lines) : plainOffer;
      return afterHello();
    }
    // RFC 5321 §3.2: a server that does not know EHLO gets HELO. LMTP has nothing to fall back to.
    const knowsNoEhlo = reply.code >= 500 && reply.code !== 521 && reply.code !== 554;
    if (phase === 'ehlo' && protocol === 'smtp' && knowsNoEhlo)
      return write('helo', `HELO ${name}\r\n`);
    return refused(reply);
  };
  const afterHello = (): OpeningStep => {
    if (!isSecure && terms.startTls !== 'never') {
      if (offer.startTls) return write('startTls', 'STARTTLS\r\n');
      if (terms.startTls === 'always') return closed('tls', clientWords.tlsNotOffered);
    }
    return login ? logIn(login) : { kind: 'open', offer, names };
  };
  const tlsAnswered = (reply: SmtpReply): OpeningStep => {
    if (reply.code === 220) return { kind: 'startTls' };
    if (reply.code < 400) return refused(reply);
    if (terms.startTls === 'always' || reply.code === 421)
      return closed('tls', withDetail(clientWords.tlsFailed, replyOf(reply).text));
    offer = { ...offer, startTls: false };
    return afterHello();
  };

  const logIn = ({ user, password }: { user: string; password: string }): OpeningStep => {
    if (isSecure && offer.auth.includes('PLAIN'))
      return write('plain', `AUTH PLAIN ${base64(`\0${user}\0${password}`)}\r\n`);
    if (isSecure && offer.auth.includes('LOGIN')) return write('login', 'AUTH LOGIN\r\n');
    return closed('login', clientWords.loginNotOffered);
  };
  /** AUTH LOGIN asks for the user, then for the password; PLAIN asks nothing. */
  const loginAnswered = (reply: SmtpReply): OpeningStep => {
    if (reply.code === 235) return { kind: 'open', offer, names };
    if (reply.code === 334 && login) {
      if (phase === 'login') return write('user', `${base64(login.user)}\r\n`);
      if (phase === 'user') return write('password', `${base64(login.password)}\r\n`);
    }
    if (reply.code < 400) return refused(reply);
    return closed('login', withDetail(clientWords.loginRefused, replyOf(reply).text));
  };

  return {
    take(reply) {
      switch (phase) {
        case 'greeting':
          return greeted(reply);
        case 'ehlo':
        case 'helo':
          return helloAnswered(reply);
        case 'startTls':
          return tlsAnswered(reply);
        case 'plain':
        case 'login':
        case 'user':
        case 'password':
          return loginAnswered(reply);
      }
    },
    secured() {
      isSecure = true;
      return hello();
    },
  };
}

/** A 2xx or 3xx in the wrong place is no refusal, and no SMTP. */
function refused(reply: SmtpReply): OpeningStep {
  return reply.code < 400
    ? closed('nonsense', withDetail(clientWords.nonsense, replyOf(reply).text))
    : closed('refused', replyOf(reply));
}

function closed(trouble: OpeningTrouble, reply: Reply): OpeningStep {
  return { kind: 'closed', trouble, reply };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
