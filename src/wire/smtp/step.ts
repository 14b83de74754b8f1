/**
 * The rules of a conversation: what happens to it in, effects out.
 *
 * RFC 5321 §4.1.1 (commands) and §4.1.4 (their order), RFC 2920 §3.1 (which of them must be the last
 * of a group, because what follows depends on our reply).
 */
import { type Reply, replies } from '../../mail/reply.ts';
import { readCommand } from './command.ts';
import {
  begin,
  concludeContent,
  endContent,
  refuseContent,
  refuseMessage,
  startChunk,
  startData,
} from './content.ts';
import {
  acceptRecipient,
  acceptSender,
  deferRecipient,
  takeRecipient,
  takeSender,
} from './envelope.ts';
import { greet, sayHello, welcome } from './hello.ts';
import { continueLogin, startLogin } from './login.ts';
import type { Answer, LineFault, SessionEvent } from './session.ts';
import {
  answer,
  ask,
  close,
  endTransaction,
  fail,
  type OpenRequest,
  type Phase,
  pardon,
  type Session,
  type Step,
  stay,
} from './state.ts';
import { parseXclient } from './xclient.ts';

interface Rule {
  readonly allowed: readonly Phase[];
  /** Else: what is answered in any other phase. */
  readonly otherwise?: Reply;
  /** Must be the last of a group. */
  readonly isLast?: boolean;
  /** May be on its way already when MAIL is refused. */
  readonly followsMail?: boolean;
  /** Leads to no message; a client may keep a connection busy with it for some time only. */
  readonly isIdle?: boolean;
  readonly run: (session: Session, argument: string) => Step;
}

const greeted: readonly Phase[] = ['greeted', 'ready', 'mail', 'rcpt', 'bdat'];
const afterHello: readonly Phase[] = ['ready', 'mail', 'rcpt', 'bdat'];
const ready: readonly Phase[] = ['ready'];

/** Commands that lead to no message, for each error that is allowed: 100 as a rule. */
const idleForError = 5;

const rules = new Map<string, Rule>([
  // RFC 2920 §3.1: what may be pipelined
  [
    'RCPT',
    {
      allowed: ['mail', 'rcpt'],
      otherwise: replies.mailFirst,
      followsMail: true,
      run: takeRecipient,
    },
  ],
  ['MAIL', { allowed: ready, otherwise: replies.nestedMail, run: takeSender }],
  ['BDAT', { allowed: greeted, followsMail: true, run: startChunk }],
  ['RSET', { allowed: greeted, isIdle: true, run: bare(reset) }],
  ['QUIT', { allowed: greeted, run: bare((session) => close(session, replies.bye)) }],
  // and what must be the last of a group
  ['DATA', { allowed: afterHello, isLast: true, followsMail: true, run: bare(startData) }],
  [
    'EHLO',
    { allowed: greeted, isLast: true, isIdle: true, run: (s, name) => sayHello(s, 'EHLO', name) },
  ],
  [
    'HELO',
    { allowed: greeted, isLast: true, isIdle: true, run: (s, name) => sayHello(s, 'HELO', name) },
  ],
  [
    'LHLO',
    { allowed: greeted, isLast: true, isIdle: true, run: (s, name) => sayHello(s, 'LHLO', name) },
  ],
  ['STARTTLS', { allowed: ready, isLast: true, run: bare(startTls) }],
  ['AUTH', { allowed: ready, isLast: true, run: startLogin }],
  ['XCLIENT', { allowed: ['greeted', 'ready'], isLast: true, run: changeClient }],
  ['NOOP', { allowed: greeted, isLast: true, isIdle: true, run: (s) => answer(s, replies.ok) }],
  ['VRFY', { allowed: greeted, isLast: true, isIdle: true, run: verify }],
  ['HELP', { allowed: greeted, isLast: true, isIdle: true, run: (s) => answer(s, replies.help) }],
  // known, and not wanted here
  ['EXPN', { allowed: greeted, run: (s) => fail(s, replies.notImplemented) }],
  ['ETRN', { allowed: greeted, run: (s) => fail(s, replies.notImplemented) }],
  ['TURN', { allowed: greeted, run: (s) => fail(s, replies.notImplemented) }],
  // A browser that was made to talk to us; what follows is its data.
  ...['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'CONNECT'].map((verb): [string, Rule] => [
    verb,
    { allowed: greeted, run: (s) => close(s, replies.notMail) },
  ]),
]);

/** Throws only where the caller breaks the order of requests and answers. */
export function step(session: Session, event: SessionEvent): Step {
  if (session.phase === 'closed') return stay(session);
  const made = advance(session, event);
  return made.next.isStopping ? stopWhenIdle(made) : made;
}

function advance(session: Session, event: SessionEvent): Step {
  switch (event.kind) {
    case 'line':
      expect(session.open === null && session.reading === null, 'a line out of turn');
      return takeLine(session, event.line, event.more);
    case 'answer':
      return conclude(session, event.answer, event.more ?? false);
    case 'contentEnded':
      expect(session.reading !== null, 'content that nobody asked for');
      return endContent(session, session.reading, event.fault);
    case 'fault':
      return refuseLine(session, event.fault);
    case 'connected': {
      const { encrypted, xclient } = event;
      return ask({ ...session, encrypted, mayXclient: xclient }, greetOpen, { kind: 'greet' });
    }
    case 'secured':
      return secure(session);
    case 'timeout':
      return close(session, replies.timeout);
    case 'shutdown':
      return stay({ ...session, isStopping: true });
  }
}

const greetOpen: OpenRequest = { kind: 'greet' };

function takeLine(session: Session, line: Buffer, more: boolean): Step {
  if (session.login) return more ? tooEarly(session) : continueLogin(session, session.login, line);
  const command = readCommand(line);
  if (command.kind === 'unreadable') return fail(session, command.reply);
  const rule = rules.get(command.verb);
  if (!rule) return fail(leaveGroup(session, false), replies.unknownCommand);
  // After HELO nothing may be pipelined at all.
  if (more && (rule.isLast || !session.isExtended)) return tooEarly(session);
  if (rule.isIdle && session.idleCommands >= idleForError * session.terms.maxErrors)
    return close(session, replies.tooManyCommands);
  const judged = rule.followsMail ? session : leaveGroup(session, rule.isIdle ?? false);
  if (rule.allowed.includes(session.phase)) return rule.run(judged, command.argument);
  if (session.phase === 'greeted') return fail(judged, replies.helloFirst);
  const isChunked = session.phase === 'bdat';
  return fail(judged, (!isChunked && rule.otherwise) || replies.badSequence);
}

/** What comes now did not follow MAIL blindly. */
function leaveGroup(session: Session, isIdle: boolean): Session {
  if (session.pardons === 0 && !isIdle) return session;
  return { ...session, pardons: 0, idleCommands: session.idleCommands + (isIdle ? 1 : 0) };
}

/** What follows was sent without knowing our reply: it may be anything, and is never obeyed. */
function tooEarly(session: Session): Step {
  return close(session, replies.tooEarly);
}

function refuseLine(session: Session, fault: LineFault): Step {
  switch (fault) {
    case 'nul':
      return fail({ ...session, login: null }, replies.nulInCommand);
    // Where such a line ends, and what the rest is, nobody can tell.
    case 'bareLf':
      return close(session, replies.bareLf);
    case 'bareCr':
      return close(session, replies.bareCr);
    case 'tooLong':
      return close(session, session.login ? replies.loginTooLong : replies.commandTooLong);
  }
}

function conclude(session: Session, found: Answer, more: boolean): Step {
  const { open } = session;
  expect(open !== null, 'an answer to nothing');
  const next: Session = { ...session, open: null };
  switch (found.kind) {
    case 'granted':
      return grant(next, open, more);
    case 'replied':
      expect(open.kind === 'end', 'replies to a question that has one answer');
      return concludeContent(next, found.replies);
    case 'refused': {
      const refused = refuse(next, open, found.reply);
      return found.close || open.kind === 'greet' ? closeAfter(refused) : refused;
    }
  }
}

function grant(session: Session, open: OpenRequest, more: boolean): Step {
  switch (open.kind) {
    case 'greet':
      // RFC 5321 §4.3.1: the client waits for the greeting. Those who do not are mostly robots.
      return more ? tooEarly(session) : greet(session);
    case 'hello':
      return welcome(session, open.verb);
    case 'login':
      return answer({ ...session, loggedIn: true }, replies.loggedIn);
    case 'mail':
      return acceptSender(session, open);
    case 'rcpt':
      return acceptRecipient(session);
    case 'begin':
      // RFC 2920 §3.1: DATA is the last of its group; what came before our 354 is not the message.
      if (more && open.chunk === null) return tooEarly(session);
      return begin(session, open.chunk);
    case 'end':
      throw new Error('a message must be answered with replies');
  }
}

function refuse(session: Session, open: OpenRequest, reply: Reply): Step {
  switch (open.kind) {
    case 'greet':
    case 'hello': // RFC 2034 §3: no enhanced code there
      return fail(session, { ...reply, status: '' });
    case 'login':
      return fail(session, reply);
    case 'mail':
      return pardon(fail(session, reply));
    case 'rcpt':
      return reply.code < 500 ? deferRecipient(session, reply) : fail(session, reply);
    case 'begin':
      return refuseContent(session, open.chunk, reply);
    case 'end':
      return refuseMessage(session, reply);
  }
}

function closeAfter({ next, effects }: Step): Step {
  if (next.phase === 'closed') return { next, effects };
  const closed = close(next);
  return { next: closed.next, effects: [...effects, ...closed.effects] };
}

/** For commands without an argument. */
function bare(run: (session: Session) => Step): Rule['run'] {
  return (session, argument) =>
    argument === '' ? run(session) : fail(session, replies.noParameters);
}

function reset(session: Session): Step {
  return endTransaction(session, answer(session, replies.ok));
}

function startTls(session: Session): Step {
  if (session.encrypted) return fail(session, replies.badSequence);
  if (!session.terms.offersTls) return fail(session, replies.notImplemented);
  return {
    next: { ...session, phase: 'new' },
    effects: [{ kind: 'reply', reply: replies.readyForTls }, { kind: 'startTls' }],
  };
}

/** RFC 3207 §4.2: nothing that was said before counts any more. */
function secure(session: Session): Step {
  return stay({ ...session, phase: 'greeted', isExtended: false, encrypted: true });
}

function changeClient(session: Session, argument: string): Step {
  if (!session.mayXclient) return fail(session, replies.xclientDenied);
  const client = parseXclient(argument);
  if (client === null) return fail(session, replies.badArgument);
  const { login } = client;
  const loggedIn = login === undefined ? session.loggedIn : login !== null;
  const fresh: Session = { ...session, phase: 'new', isExtended: false, loggedIn };
  const asked = ask(fresh, greetOpen, { kind: 'greet' });
  return { ...asked, effects: [{ kind: 'setClient', client }, ...asked.effects] };
}

function verify(session: Session, argument: string): Step {
  return argument === ''
    ? fail(session, replies.badArgument)
    : answer(session, replies.cannotVerify);
}

/** We are stopping: once nothing is under way, the conversation ends. */
function stopWhenIdle(made: Step): Step {
  const { phase, open, transaction, reading, login } = made.next;
  if (phase === 'closed' || open || transaction || reading || login) return made;
  const closed = close(made.next, replies.shutdown);
  return { next: closed.next, effects: [...made.effects, ...closed.effects] };
}

function expect(condition: boolean, broken: string): asserts condition {
  if (!condition) throw new Error(broken);
}
