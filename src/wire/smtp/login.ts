/**
 * AUTH: PLAIN and LOGIN, only over TLS.
 *
 * RFC 4954 §4, RFC 4616 (PLAIN). LOGIN was never standardised: the server asks `Username:` and
 * `Password:` in base64. What a client sends here is never shown to anybody but who checks it.
 */
import { isUtf8 } from 'node:buffer';
import { replies } from '../../mail/reply.ts';
import { answer, ask, fail, type LoginStage, type Session, type Step } from './state.ts';

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** `argument`: a mechanism, and perhaps an initial response. */
export function startLogin(session: Session, argument: string): Step {
  const { terms, loggedIn } = session;
  if (!terms.offersLogin) return fail(session, replies.notImplemented);
  if (loggedIn || !session.isExtended) return fail(session, replies.badSequence);
  if (!session.encrypted) return fail(session, replies.loginNeedsTls);
  const [mechanism = '', initial, ...more] = argument.split(/ +/);
  if (mechanism === '' || more.length > 0) return fail(session, replies.badArgument);
  const stage = firstStage(mechanism.toUpperCase());
  if (stage === null) return fail(session, replies.loginMechanism);
  if (initial !== undefined) return takeAnswer(session, stage, initial === '=' ? '' : initial);
  const prompt = stage.kind === 'plain' ? replies.loginAnswer : replies.loginUser;
  return answer({ ...session, login: stage }, prompt);
}

/** The line that an AUTH waits for. */
export function continueLogin(session: Session, stage: LoginStage, line: Buffer): Step {
  const next: Session = { ...session, login: null };
  const text = line.toString('latin1');
  if (text === '*') return fail(next, replies.loginCancelled);
  return takeAnswer(next, stage, text);
}

function firstStage(mechanism: string): LoginStage | null {
  if (mechanism === 'PLAIN') return { kind: 'plain' };
  return mechanism === 'LOGIN' ? { kind: 'loginUser' } : null;
}

function takeAnswer(session: Session, stage: LoginStage, encoded: string): Step {
  const text = decode(encoded);
  if (text === null) return fail(session, replies.loginMalformed);
  switch (stage.kind) {
    case 'loginUser':
      return answer(
        { ...session, login: { kind: 'loginPassword', user: text } },
        replies.loginPassword,
      );
    case 'loginPassword':
      return check(session, stage.user, text);
    case 'plain': {
      // RFC 4616 §2: whom to act for, who, password. We let everybody act for himself only.
      const [actor = '', user = '', password, ...more] = text.split('\0');
      if (password === undefined || more.length > 0) return fail(session, replies.loginMalformed);
      if (actor !== '' && actor !== user) return fail(session, replies.loginFailed);
      return check(session, user, password);
    }
  }
}

function check(session: Session, user: string, password: string): Step {
  if (user === '' || user.includes('\0') || password.includes('\0'))
    return fail(session, replies.loginMalformed);
  return ask(session, { kind: 'login' }, { kind: 'login', user, password });
}

/** Null where it is neither base64 nor UTF-8 in it. */
function decode(encoded: string): string | null {
  if (!base64.test(encoded)) return null;
  const bytes = Buffer.from(encoded, 'base64');
  return isUtf8(bytes) ? bytes.toString('utf8') : null;
}
