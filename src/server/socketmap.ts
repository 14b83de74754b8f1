/**
 * The socketmap listener: what sendmail asks before each delivery, and Postfix of its tables, answered
 * by the judge.
 *
 * The maps of mail/postfix-tables.ts are Postfix's; all other names are sendmail's business: `guard` and
 * `guard_alive` of foreign/sendmail ask alike.
 */
import type { Judge } from '../judge/judge.ts';
import type { Endpoint } from '../mail/endpoint.ts';
import { isPostfixTable } from '../mail/postfix-tables.ts';
import { printable } from '../mail/printable.ts';
import type { Question } from '../verdict/verdict.ts';
import { formatNetstring, parseNetstrings } from '../wire/socketmap/netstrings.ts';
import { formatTableAnswer, found, permanent, temporary } from '../wire/socketmap/replies.ts';
import {
  formatSendmailReply,
  parseSendmailKey,
  type SendmailDelivery,
} from '../wire/socketmap/sendmail-key.ts';
import { type Listener, type ListenOptions, listen } from './listener.ts';
import { type Log, silentLog } from './log.ts';
import { type AnswerRequest, converse, type LookupFraming } from './lookup-conversation.ts';
import { askTable } from './postfix-table.ts';

export type SocketmapOptions = Omit<ListenOptions, 'onBusy' | 'allowHalfOpen'>;

/** Bytes. sendmail cuts a key at 1,023, and others ask for an address or a domain. */
const longestRequest = 65_536;

export const netstringFraming: LookupFraming = {
  parse: (bytes) => parseNetstrings(bytes, longestRequest),
  format: formatNetstring,
  refuse: permanent,
  defer: temporary,
};

export function serveSocketmap(
  judge: Judge,
  endpoint: Endpoint,
  options: SocketmapOptions = {},
): Promise<Listener> {
  const answer = answerFor(judge, options.log ?? silentLog);
  return listen(endpoint, (socket) => converse(socket, netstringFraming, answer), {
    ...options,
    // A closed connection is a failed look-up to sendmail as well, but a told one says why.
    onBusy: (socket) =>
      void converse(socket, netstringFraming, () => temporary('too many connections')),
  });
}

function answerFor(judge: Judge, log: Log): AnswerRequest {
  let toldFault = false;
  return (request) => {
    const blank = request.indexOf(' ');
    if (blank < 0) return permanent('expected a map name and a key');
    const table = request.slice(0, blank);
    if (isPostfixTable(table)) {
      const answer = askTable(judge, table, request.slice(blank + 1), 'socketmap');
      return answer instanceof Promise ? answer.then(formatTableAnswer) : formatTableAnswer(answer);
    }
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
