/**
 * Reports to the sender: whether one may go out is the judge's word, what is in it is decided here.
 *
 * RFC 3461 §4.3 and §5.2 (RET, NOTIFY), RFC 5321 §4.5.5 and §6.1 (never about a notice).
 */
import type { Judge } from '../judge/judge.ts';
import { comparableDomain } from '../mail/address.ts';
import type { NoticeRecipient, Returned } from '../mail/notice.ts';
import { formatNotice } from '../mail/notice-format.ts';
import { formatQueueId, type QueueId } from '../mail/queue-id.ts';
import type { Directory } from '../recipients/directory.ts';
import type { MessageRecord, NewMessage } from '../store/queue-store.ts';
import { followNotice, isReportable, type NoticeCourse } from '../verdict/notice.ts';
import { reasonWords } from '../verdict/reasons.ts';
import { noProof } from '../verdict/sender-proof.ts';
import type { Verdict } from '../verdict/verdict.ts';
import { type Content, readAll, readHeader } from './content.ts';
import { describeHop, type HopOf } from './next-hop.ts';
import type { NoticeBacklog } from './notice-backlog.ts';
import type { NoticeCounts } from './notice-counts.ts';
import type { Event } from './outcomes.ts';

export interface NoticesOptions {
  /** Name of this server. */
  readonly name: string;
  readonly judge: Judge;
  readonly directory: Pick<Directory, 'destinationOf' | 'expand'>;
  readonly hopOf: HopOf;
  readonly counts: NoticeCounts;
  readonly backlog: Pick<NoticeBacklog, 'over' | 'add'>;
  /** For a notice of ours. */
  readonly nextId: () => QueueId;
  /** Text of letters and digits that nobody can guess. */
  readonly token: () => string;
  /** How long the delivery of a notice is tried, ms. */
  readonly life: number;
  /** Report to the login that sent the message: its address; null where the login has none. */
  readonly addressOfLogin: ((login: string) => string | null) | null;
  /** Messages up to so many octets are returned whole, unless the sender wants less. */
  readonly mostReturned: number;
}

/**
 * `unreported`: a failure that nobody is told of. `undecided`: the judge cannot tell at the moment,
 * and nothing is to be settled as failed.
 */
export interface Decision {
  readonly notice: NewMessage | null;
  readonly unreported: boolean;
  readonly undecided: boolean;
}

export interface Notices {
  /** `events`: of one message and attempt, at least one. Rejects where its content cannot be read. */
  decide(
    message: MessageRecord,
    events: readonly Event[],
    content: Content,
    now: number,
  ): Promise<Decision>;
}

const mostHeader = 51_200;

export function createNotices(options: NoticesOptions): Notices {
  const { name, judge, directory, hopOf, counts, backlog } = options;

  async function decide(
    message: MessageRecord,
    events: readonly Event[],
    content: Content,
    now: number,
  ): Promise<Decision> {
    const wanted = events.filter(({ isWanted }) => isWanted);
    const unwanted = events.length - wanted.length;
    // Each failure that nobody is told of leaves a receipt, and so the judge is asked for these too.
    if (unwanted > 0) await ask(message, message.sender.reversePath, false);
    if (wanted.length === 0) return { ...nothing, unreported: true };

    const to = targetOf(message);
    counts.add(to);
    const verdict = await askAll(message, to, now);
    if (verdict === 'write') {
      const notice = await write(message, wanted, to, content, now);
      backlog.add();
      return { notice, unreported: unwanted > 0, undecided: false };
    }
    counts.remove(to);
    if (verdict === 'wait') return { ...nothing, undecided: true };
    const unreported = unwanted > 0 || wanted.some(({ action }) => action === 'failed');
    return { ...nothing, unreported };
  }

  /** The reverse-path, or the login's own address where the operator wants that. */
  function targetOf({ sender, proof }: MessageRecord): string {
    if (!isReportable(sender.reversePath) || proof.login === null) return sender.reversePath;
    return options.addressOfLogin?.(proof.login) ?? sender.reversePath;
  }

  async function askAll(message: MessageRecord, to: string, now: number): Promise<NoticeCourse> {
    const mayWait = now < message.expiresAt + options.life;
    const course = followNotice(await ask(message, to, true), mayWait);
    if (!isReportable(message.sender.reversePath)) return 'drop';
    if (course !== 'write' || !isHosted(to)) return course;
    // The mailboxes that others send to were found at RCPT; the reverse-path never was.
    const mailbox = await judge.ask({
      ...circumstancesOf(message, to),
      check: 'mailbox',
      mayRelay: true,
    });
    return followNotice(mailbox, mayWait);
  }

  function ask(message: MessageRecord, to: string, isWanted: boolean): Verdict | Promise<Verdict> {
    const { sender, proof } = message;
    return judge.ask({
      ...circumstancesOf(message, to),
      check: 'notice',
      nextHop: to === '' ? null : describeHop(hopOf(domainOf(to)), to),
      origin: {
        isAlert: message.kind === 'alert',
        reversePath: sender.reversePath,
        proof,
        isWanted,
        toSender: counts.toSender(to) - (isWanted ? 1 : 0),
        toAll: counts.toAll() - (isWanted ? 1 : 0),
        backlog: backlog.over,
      },
    });
  }

  function isHosted(path: string): boolean {
    return directory.destinationOf(domainOf(path)) !== null;
  }

  async function write(
    message: MessageRecord,
    events: readonly Event[],
    to: string,
    content: Content,
    now: number,
  ): Promise<NewMessage> {
    const bytes = formatNotice({
      reportingMta: name,
      to,
      date: now,
      token: options.token(),
      about: {
        queueId: formatQueueId(message.id),
        receivedAt: message.receivedAt,
        expiresAt: message.expiresAt,
        envid: message.sender.envid,
        smtpUtf8: message.sender.smtpUtf8,
      },
      recipients: events.map((event) => recipientOf(event, now)),
      returned: await returnedOf(message, events, content),
    });
    const paths = isHosted(to) ? directory.expand(to) : [to];
    return {
      message: {
        id: options.nextId(),
        kind: 'notice',
        receivedAt: now,
        expiresAt: now + options.life,
        sender: {
          reversePath: '',
          body: bytes.some((byte) => byte >= 0x80) ? '8bitmime' : '7bit',
          smtpUtf8: message.sender.smtpUtf8 && /[^\u0000-\u007f]/.test(paths.join()),
          ret: null,
          envid: null,
        },
        client: null,
        proof: noProof,
        size: bytes.length,
      },
      recipients: paths.map((forwardPath) => ({
        forwardPath,
        original: to,
        domain: domainOf(forwardPath),
        notify: [],
        orcpt: null,
      })),
      content: bytes,
    };
  }

  async function returnedOf(
    { sender, size }: MessageRecord,
    events: readonly Event[],
    content: Content,
  ): Promise<Returned> {
    // RFC 3461 §4.3: RET is about failures; other reports return the header.
    const isFull =
      events.some(({ action }) => action === 'failed') &&
      sender.ret !== 'hdrs' &&
      sender.body !== 'binarymime' &&
      size <= options.mostReturned;
    const whole = isFull ? await readAll(content, options.mostReturned) : null;
    return whole
      ? { kind: 'full', content: whole }
      : { kind: 'headers', content: await readHeader(content, mostHeader) };
  }

  return { decide };
}

const nothing: Decision = { notice: null, unreported: false, undecided: false };

function circumstancesOf(message: MessageRecord, to: string) {
  return {
    adapter: 'delivery',
    client: message.client,
    reversePath: '',
    forwardPath: to,
    queueId: formatQueueId(message.id),
  } as const;
}

function domainOf(path: string): string {
  return comparableDomain(path.slice(path.lastIndexOf('@') + 1));
}

function recipientOf(
  { recipient, action, status, reply, reason, peer }: Event,
  now: number,
): NoticeRecipient {
  return {
    forwardPath: recipient.original,
    orcpt: recipient.orcpt,
    action,
    status,
    reply,
    peer,
    why: reason === null ? null : `The reason: ${reasonWords[reason]}.`,
    triedAt: now,
  };
}
