/**
 * The socketmap listener: what sendmail asks before each delivery, and Postfix when it looks for the
 * transport of an address, answered by the judge.
 *
 * The map `postfix_transport` is Postfix's; all other names are sendmail's business: `guard` and
 * `guard_alive` of foreign/sendmail ask alike.
 */
import type { Judge } from '../judge/judge.ts';
import type { Endpoint } from '../mail/endpoint.ts';
import { printable } from '../mail/printable.ts';
import type { Question } from '../verdict/verdict.ts';
import {
  formatPostfixReply,
  parsePostfixKey,
  postfixTransport,
} from '../wire/socketmap/postfix-key.ts';
import { found, permanent, temporary } from '../wire/socketmap/replies.ts';
import {
  formatSendmailReply,
  parseSendmailKey,
  type SendmailDelivery,
} from '../wire/socketmap/sendmail-key.ts';
import { type Listener, type ListenOptions, listen } from './listener.ts';
import { type Log, silentLog } from './log.ts';
import { type AnswerRequest, converse } from './socketmap-conversation.ts';

export type SocketmapOptions = Omit<ListenOptions, 'onBusy' | 'allowHalfOpen'>;

export function serveSocketmap(
  judge: Judge,
  endpoint: Endpoint,
  options: SocketmapOptions = {},
): Promise<Listener> {
  const answer = answerFor(judge, options.log ?? silentLog);
  return listen(endpoint, (socket) => converse(socket, answer), {
    ...options,
    // A closed connection is a failed look-up to sendmail as well, but a told one says why.
    onBusy: (socket) => void converse(socket, () => temporary('too many connections')),
  });
}

function answerFor(judge: Judge, log: Log): AnswerRequest {
  let toldFault = false;
  return (request) => {
    const blank = request.indexOf(' ');
    if (blank < 0) return permanent('expected a map name and a key');
    if (request.slice(0, blank) === postfixTransport)
      return answerPostfix(judge, request.slice(blank + 1));
    const asked = parseSendmailKey(request.slice(blank + 1));
    switch (asked.kind) {
      case 'alive':
        return found('alive');
      case 'fault':
        if (!toldFault)
          log.warn(
            { request: printable(request, 200), problem: asked.problem },
            'a question over socketmap that is none of sendmail, and is deferred; others are not told',
          );
        toldFault = true;
        return temporary('expected a key of the sendmail rules');
      case 'compat': {
        const verdict = judge.ask(questionOf(asked));
        return verdict instanceof Promise
          ? verdict.then(formatSendmailReply)
          : formatSendmailReply(verdict);
      }
    }
  };
}

function answerPostfix(judge: Judge, key: string): string | Promise<string> {
  const forwardPath = parsePostfixKey(key);
  if (forwardPath === null) return formatPostfixReply(null);
  const verdict = judge.ask({
    check: 'recipient',
    adapter: 'socketmap',
    client: null,
    reversePath: null,
    forwardPath,
    queueId: null,
    nextHop: null,
  });
  return verdict instanceof Promise
    ? verdict.then(formatPostfixReply)
    : formatPostfixReply(verdict);
}

function questionOf(delivery: SendmailDelivery): Question {
  const { notice, nextHop, queueId, reversePath, forwardPath } = delivery;
  return {
    check: notice ? 'notice' : 'recipient',
    adapter: 'socketmap',
    client: null,
    reversePath,
    forwardPath,
    queueId,
    nextHop,
  };
}
