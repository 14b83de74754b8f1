/**
 * A line of Postfix's log as an event.
 *
 * `postfix/DAEMON[pid]: ID: ...` (smtpd.c, pickup.c, qmgr_active.c, log_adhoc.c, bounce_notify_util.c). The texts
 * of other servers come last in a line, addresses in the form of `info_log_address_format`.
 */
import { hashText } from '../../mail/text-hash.ts';
import { type ConnectionNumber, type LogReading, unreadable } from '../log-event.ts';
import { endOfNumber, numberOf } from '../log-number.ts';
import { type FateOutcome, isNoMailbox, nameInReply, refusal } from '../log-outcome.ts';
import { bracketedIp, endOfPath, isLoopbackText } from '../log-path.ts';
import { isQueueId } from './queue-id.ts';

/**
 * Whether the message from `at` to `end` is one of those that make up a third of a log and tell nothing here:
 * `disconnect from`, `ID: message-id=`.
 */
export function isPostfixChatter(text: string, at: number, end: number): boolean {
  const code = text.charCodeAt(at);
  if (code === 0x64) return text.startsWith('disconnect from ', at);
  const limit = Math.min(end, at + 24);
  for (let i = at + 2; i < limit; i++)
    if (text.charCodeAt(i) === 0x3a)
      return text.charCodeAt(i + 2) === 0x6d && text.startsWith('message-id=', i + 2);
  return false;
}

/**
 * The pid of `smtpd[pid]`, which ends at `end`: it takes one connection at a time, and says when each begins. Null:
 * another program.
 */
export function pidOfSmtpd(text: string, end: number): ConnectionNumber | null {
  let at = end - 2;
  for (let code = text.charCodeAt(at); code >= 0x30 && code <= 0x39; ) code = text.charCodeAt(--at);
  const isNamed = at < end - 2 && text.startsWith('smtpd[', at - 5);
  return isNamed && text.charCodeAt(end - 1) === 0x5d ? numberOf(text, at + 1, end - 1) : null;
}

/** `text`: behind the name of the program and its pid. `connection`: from pidOfSmtpd. */
export function readPostfixMessage(text: string, connection: ConnectionNumber | null): LogReading {
  if (connection !== null && text.startsWith('connect from '))
    return { kind: 'connect', id: null, connection };
  if (text.startsWith('CONNECT from [')) return readScreened(text);
  const colon = text.indexOf(': ');
  if (colon < 2 || colon > 255) return null;
  const id = text.slice(0, colon);
  const at = colon + 2;
  switch (text.charCodeAt(at)) {
    case 0x74: // t
      return text.startsWith('to=<', at) && isQueueId(id) ? readTo(id, text, at + 3) : null;
    case 0x66: // f
      return text.startsWith('from=<', at) && isQueueId(id) ? readFrom(id, text, at + 5) : null;
    case 0x63: // c
      return text.startsWith('client=', at) && isQueueId(id)
        ? readClient(id, text.slice(at + 7), connection)
        : null;
    case 0x75: // u
      if (!/^uid=\d+ from=</.test(text.slice(at)) || !isQueueId(id)) return null;
      return { kind: 'origin', id, client: null, connection: null, before: null };
    case 0x72: // r
      if (text.length === at + 7 && text.endsWith('removed') && isQueueId(id))
        return { kind: 'end', id };
      return text.startsWith('reject: ', at) ? readReject(id, text, at + 8, connection) : null;
    case 0x6d: // m
      if (text.startsWith('milter-reject: ', at)) return readReject(id, text, at + 15, connection);
      return null;
    case 0x73: // s
    case 0x70: // p
      return readNotice(id, text, at);
    default:
      return null;
  }
}

/** `CONNECT from [192.0.2.7]:4711 to [192.0.2.10]:25`: postscreen takes many at a time, and names each by its port. */
function readScreened(text: string): LogReading {
  const to = text.indexOf(' ', 13);
  return to < 0 ? null : { kind: 'connect', id: null, connection: portNumber(text.slice(13, to)) };
}

/** `[192.0.2.7]:4711` */
function portNumber(client: string): ConnectionNumber {
  return hashText(client) >>> 0;
}

/** `to=<A>, [orig_to=<B>, ]relay=R, [conn_use=N, ]delay=D, delays=D/D/D/D, dsn=N.N.N, status=WORD (text)` */
function readTo(id: string, text: string, bracket: number): LogReading {
  const end = endOfPath(text, bracket);
  if (end < 0) return unreadable('a recipient whose end cannot be told');
  const forwardPath = text.slice(bracket + 1, end);
  let next = end + 1;
  if (text.startsWith(', orig_to=<', next)) {
    next = endOfPath(text, next + 10) + 1;
    if (next === 0) return unreadable('a recipient whose end cannot be told');
  }
  const relayEnd = text.startsWith(', relay=', next) ? text.indexOf(', ', next + 8) : -1;
  if (relayEnd < 0) return unreadable('no relay= behind the recipient');
  const statusAt = text.indexOf(', status=', relayEnd);
  if (statusAt < 0) return unreadable('no status= behind the relay');
  const relay = text.slice(next + 8, relayEnd);
  const open = text.indexOf(' ', statusAt + 9);
  const word = text.slice(statusAt + 9, open < 0 ? text.length : open);
  const reply = open < 0 ? '' : text.slice(open + 2, text.endsWith(')') ? -1 : text.length);
  const dsnAt = text.indexOf(', dsn=', relayEnd);
  const status = dsnAt >= 0 && dsnAt < statusAt ? text.slice(dsnAt + 6, statusAt) : '';
  const outcome = outcomeOf(word, status, reply);
  if (outcome === null) return null;
  const isSent = outcome === 'delivered';
  const peer = isSent ? bracketedIp(relay) : null;
  const forwarded = isSent && reply.startsWith('forwarded as ') ? reply.slice(13) : null;
  return {
    kind: 'fate',
    id,
    forwardPaths: [forwardPath],
    outcome,
    nextHop: relay === 'none' ? null : hostOf(relay),
    peer,
    isInner:
      forwarded !== null ||
      (peer !== null && isLoopbackText(peer) && !relay.endsWith(']:25') && !relay.endsWith(']')),
    session: null,
    answer: isSent ? hashText(reply) : null,
    isMore: false,
    child: forwarded ?? (isSent ? nameInReply(reply) : null),
  };
}

function outcomeOf(word: string, status: string, reply: string): FateOutcome | null {
  switch (word) {
    case 'sent':
      return reply.startsWith('discarded') ? 'dropped' : 'delivered';
    case 'bounced':
      return isNoMailbox(status, reply) ? 'unknown' : 'failed';
    case 'deferred':
      return 'deferred';
    case 'expired':
    case 'force-expired':
      return 'expired';
    default:
      // deliverable and undeliverable: it only asks, nobody's mail is under way.
      return null;
  }
}

/** `mail.example` of `mail.example[192.0.2.1]:25`; the address where there is no name. */
function hostOf(relay: string): string {
  const bracket = relay.indexOf('[');
  return bracket <= 0 ? relay : relay.slice(0, bracket);
}

const queued = ' (queue active)';

/** `from=<A>, size=N, nrcpt=N (queue active)`, `from=<A>, status=expired, returned to sender` */
function readFrom(id: string, text: string, bracket: number): LogReading {
  const end = endOfPath(text, bracket);
  if (end < 0) return unreadable('a sender whose end cannot be told');
  if (text.startsWith(', size=', end + 1)) {
    const sizeAt = end + 8;
    const sizeEnd = endOfNumber(text, sizeAt);
    const countAt = sizeEnd + 8;
    const countEnd =
      sizeEnd >= 0 && text.startsWith(', nrcpt=', sizeEnd) ? endOfNumber(text, countAt) : -1;
    // Behind an address that is not quoted something else may follow.
    if (
      countEnd < 0 ||
      !text.startsWith(queued, countEnd) ||
      text.length !== countEnd + queued.length
    )
      return unreadable('a sender whose end cannot be told');
    return {
      kind: 'taken',
      id,
      client: undefined,
      connection: null,
      session: null,
      reversePath: text.slice(bracket + 1, end),
      bytes: numberOf(text, sizeAt, sizeEnd),
      recipients: numberOf(text, countAt, countEnd),
      about: null,
    };
  }
  if (!/^, status=(?:force-)?expired, returned to sender/.test(text.slice(end + 1))) return null;
  return {
    kind: 'fate',
    id,
    forwardPaths: [],
    outcome: 'expired',
    nextHop: null,
    peer: null,
    isInner: false,
    session: null,
    answer: null,
    isMore: false,
    child: null,
  };
}

/** `name[ip]`, `name[ip], sasl_username=..., orig_queue_id=ID, orig_client=name[ip]`. Only the first part is ours. */
function readClient(id: string, value: string, connection: ConnectionNumber | null): LogReading {
  const comma = value.indexOf(', ');
  const name = comma < 0 ? value : value.slice(0, comma);
  const client = bracketedIp(name);
  if (client === null && !name.endsWith('[unknown]'))
    return unreadable('a client without an address');
  const before =
    comma < 0 ? undefined : /, orig_queue_id=([0-9A-Za-z]{2,255})(?:,|$)/.exec(value)?.[1];
  return { kind: 'origin', id, client, connection, before: before ?? null };
}

const notice =
  /^(?:sender|postmaster) (?:non-delivery|delay|delivery status) notification: ([0-9A-Za-z_]{2,255})$/;

function readNotice(id: string, text: string, at: number): LogReading {
  const child = notice.exec(text.slice(at))?.[1];
  if (child === undefined || !isQueueId(id) || text.startsWith('sender delivery', at)) return null;
  return { kind: 'notice', id, child };
}

/**
 * `RCPT from name[ip]: 550 5.1.1 <A>: words; from=<S> to=<R> proto=ESMTP helo=<H>`; postscreen puts
 * commas between the last, cleanup leaves the code out, MAIL has no `to=`.
 */
function readReject(
  id: string,
  text: string,
  at: number,
  connection: ConnectionNumber | null,
): LogReading {
  const head =
    /^(?:RCPT|MAIL|END-OF-MESSAGE) from ([^\s[\]]{0,255})\[([0-9A-Fa-f.:]{2,45}|unknown)\](:\d+)?: /.exec(
      text.slice(at, at + 340),
    );
  if (!head) return null;
  const from = at + head[0].length;
  const reply = /^(?:([45])\d\d )?(?:([245]\.\d{1,3}\.\d{1,3}) )?/.exec(
    text.slice(from, from + 20),
  );
  const code = reply?.[1] ?? reply?.[2]?.charAt(0) ?? '5';
  let words = from + (reply?.[0].length ?? 0);
  // What was refused is named first, in brackets, and may hold all that follows.
  if (text.charCodeAt(words) === 0x3c) {
    words = endOfPath(text, words) + 1;
    if (words === 0) return unreadable('a refusal about something whose end cannot be told');
  }
  const sender = text.indexOf('; from=<', words);
  if (sender < 0) return null;
  const senderEnd = endOfPath(text, sender + 7);
  if (senderEnd < 0) return unreadable('a refused sender whose end cannot be told');
  const to = / to=<|, to=</y;
  to.lastIndex = senderEnd + 1;
  const isTo = to.test(text);
  const recipientEnd = isTo ? endOfPath(text, to.lastIndex - 1) : -1;
  if (isTo && recipientEnd < 0) return unreadable('a refused recipient whose end cannot be told');
  const [, name = '', address = '', port = ''] = head;
  // Only postscreen has no name for a client.
  const screened = name === '' && port !== '' ? portNumber(`[${address}]${port}`) : null;
  return {
    kind: 'attempt',
    id: id === 'NOQUEUE' ? null : id,
    client: address === 'unknown' ? null : address,
    connection: connection ?? screened,
    session: null,
    reversePath: text.slice(sender + 8, senderEnd),
    forwardPath: isTo ? text.slice(to.lastIndex, recipientEnd) : null,
    outcome: refusal(code, reply?.[2] ?? '', text.slice(words, sender)),
  };
}
