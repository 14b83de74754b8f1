/**
 * The listener of one table for Postfix's tcp_table(5), answered by the judge as socketmap look-ups are.
 *
 * The protocol names no table, so each has an endpoint of its own.
 */
import type { Judge } from '../judge/judge.ts';
import { type Endpoint, formatEndpoint } from '../mail/endpoint.ts';
import type { PostfixTable } from '../mail/postfix-tables.ts';
import { printable } from '../mail/printable.ts';
import { formatTableAnswer, temporary } from '../wire/tcp-table/replies.ts';
import { longestRequest, parseLines, parseRequest } from '../wire/tcp-table/requests.ts';
import { type Listener, type ListenOptions, listen } from './listener.ts';
import { silentLog } from './log.ts';
import { type AnswerRequest, converse, type LookupFraming } from './lookup-conversation.ts';
import { askTable } from './postfix-table.ts';

export type TcpTableOptions = Omit<ListenOptions, 'onBusy' | 'allowHalfOpen'>;

const lineFraming: LookupFraming = {
  parse: (bytes) => parseLines(bytes, longestRequest),
  format: (reply) => reply,
  refuse: temporary,
  defer: temporary,
};

export function serveTcpTable(
  judge: Judge,
  table: PostfixTable,
  endpoint: Endpoint,
  options: TcpTableOptions = {},
): Promise<Listener> {
  const log = options.log ?? silentLog;
  let toldFault = false;
  const answer: AnswerRequest = (line) => {
    const asked = parseRequest(line);
    if (asked.kind === 'get') {
      const answered = askTable(judge, table, asked.key, 'tcp');
      return answered instanceof Promise
        ? answered.then(formatTableAnswer)
        : formatTableAnswer(answered);
    }
    if (!toldFault)
      log.warn(
        {
          endpoint: formatEndpoint(endpoint),
          request: printable(line, 200),
          problem: asked.problem,
        },
        'a look-up by tcp that makes no sense, and is deferred; others are not told',
      );
    toldFault = true;
    return temporary(asked.problem);
  };
  return listen(endpoint, (socket) => converse(socket, lineFraming, answer), {
    ...options,
    // A closed connection is a failed look-up as well, but a told one says why.
    onBusy: (socket) => void converse(socket, lineFraming, () => temporary('too many connections')),
  });
}
