/**
 * The readsocket listener: what Exim asks in its ACLs and routers, answered by the judge.
 *
 * One question over each connection. Exim closes its side behind the question and reads until we close
 * ours, so that a connection left open would cost it its whole timeout.
 */
import type { Socket } from 'node:net';
import type { Judge } from '../judge/judge.ts';
import { type Endpoint, formatEndpoint } from '../mail/endpoint.ts';
import { printable } from '../mail/printable.ts';
import type { Circumstances, Question } from '../verdict/verdict.ts';
import { formatAnswer, formatError } from '../wire/readsocket/answer.ts';
import {
  findRequest,
  longestRequest,
  parseRequest,
  type ReadsocketRequest,
} from '../wire/readsocket/request.ts';
import { type Finish, type Listener, type ListenOptions, listen } from './listener.ts';
import { type Log, silentLog } from './log.ts';

export interface ReadsocketOptions extends Omit<ListenOptions, 'onBusy' | 'allowHalfOpen'> {
  /** ms until the question must be there, and again until its answer must have been read. */
  readonly patience?: number;
}

/** At once where it can. */
type Answer = (line: string) => string | Promise<string>;

export function serveReadsocket(
  judge: Judge,
  endpoint: Endpoint,
  options: ReadsocketOptions = {},
): Promise<Listener> {
  const { log = silentLog, patience = 10_000, ...rest } = options;
  const answer = answerFor(judge, formatEndpoint(endpoint), log);
  return listen(endpoint, (socket) => converse(socket, answer, patience), {
    ...rest,
    log,
    allowHalfOpen: true,
    // A closed connection is no answer either, but a told one says why.
    onBusy: (socket) => void socket.resume().end(formatError('too many connections')),
  });
}

function converse(socket: Socket, answer: Answer, patience: number): Finish {
  let bytes: Buffer = Buffer.alloc(0);
  let isAsked = false;
  const end = (text: string): void => {
    if (!socket.destroyed) socket.end(text);
    socket.setTimeout(patience);
  };
  const look = (isEnded: boolean): void => {
    if (isAsked) return;
    const line = findRequest(bytes, isEnded);
    const isTooLong = line === null && bytes.length >= longestRequest;
    if (line === null && !isTooLong) return;
    isAsked = true;
    socket.setTimeout(0);
    const answered = line === null ? formatError('a question without end') : answer(line);
    if (typeof answered === 'string') end(answered);
    else answered.then(end, () => end(formatError('a fault of the guard')));
  };
  socket.setTimeout(patience, () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    // What follows the question is not kept.
    if (!isAsked) bytes = bytes.length > 0 ? Buffer.concat([bytes, chunk]) : chunk;
    look(false);
  });
  socket.on('end', () => look(true));
  return () => {
    if (!isAsked) socket.destroy();
  };
}

function answerFor(judge: Judge, endpoint: string, log: Log): Answer {
  let toldFault = false;
  return (line) => {
    const asked = parseRequest(line);
    switch (asked.kind) {
      case 'alive':
        return 'accept\n';
      case 'fault':
        if (!toldFault)
          log.warn(
            { endpoint, request: printable(line, 200), problem: asked.problem },
            'a question over readsocket that is none of ours; others are not told',
          );
        toldFault = true;
        return formatError(asked.problem);
      default: {
        const verdict = judge.ask(questionOf(asked));
        return verdict instanceof Promise ? verdict.then(formatAnswer) : formatAnswer(verdict);
      }
    }
  };
}

type Asked = Exclude<ReadsocketRequest, { kind: 'alive' | 'fault' }>;

function questionOf(asked: Asked): Question {
  const { address, helo, queueId, reversePath } = asked;
  const isLocal = address === null && helo === null;
  const base: Circumstances = {
    adapter: 'readsocket',
    client: isLocal ? null : { address, name: null, helo },
    reversePath,
    forwardPath: asked.kind === 'mail' ? null : asked.forwardPath,
    queueId,
  };
  if (asked.kind === 'mail') return { ...base, check: 'sender', reversePath, nextHop: null };
  const { forwardPath, host } = asked;
  if (asked.kind === 'deliver') {
    const nextHop = { mailer: 'smtp', host: asked.host, address: forwardPath };
    return { ...base, check: reversePath === '' ? 'notice' : 'recipient', forwardPath, nextHop };
  }
  // Where Exim has not said that it would look up an MX, its own routers decide.
  const nextHop =
    host === null
      ? { mailer: 'routers', host: '', address: forwardPath }
      : { mailer: 'smtp', host, address: forwardPath };
  // Whom Exim takes mail for beyond the mailboxes that we know of is its own affair.
  return { ...base, check: 'mailbox', forwardPath, mayRelay: true, nextHop };
}
