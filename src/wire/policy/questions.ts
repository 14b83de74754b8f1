/**
 * What a request asks of the judge.
 *
 * With `smtpd_delay_reject`, Postfix's default, every list of restrictions is gone through at RCPT: so
 * the sender is judged there too, as nobody may have asked at MAIL.
 */
import { withoutBrackets } from '../../mail/address.ts';
import type { Circumstances, Question } from '../../verdict/verdict.ts';
import type { Attributes } from './requests.ts';

export interface PolicyQuestions {
  /** Names the message that is under way; null where Postfix does not say. */
  readonly instance: string | null;
  readonly sender: Question | null;
  readonly recipient: Question | null;
}

/** Null: no request of an SMTP server, which asks about other things in this protocol as well. */
export function questionsOf(attributes: Attributes): PolicyQuestions | null {
  if (attributes.get('request') !== 'smtpd_access_policy') return null;
  const state = attributes.get('protocol_state');
  const reversePath = withoutBrackets(attributes.get('sender') ?? '');
  const told = state === 'RCPT' ? (attributes.get('recipient') ?? '') : '';
  const forwardPath = told === '' ? null : withoutBrackets(told);
  const base: Circumstances = {
    adapter: 'policy',
    client: {
      address: attributes.get('client_address') || null,
      name: nameOf(attributes.get('client_name')),
      helo: attributes.get('helo_name') || null,
    },
    reversePath,
    forwardPath,
    queueId: attributes.get('queue_id') || null,
    ...(attributes.get('sasl_username') && { isTrusted: true }),
  };
  return {
    instance: attributes.get('instance') || null,
    sender:
      state === 'MAIL' || state === 'RCPT'
        ? { ...base, check: 'sender', reversePath, nextHop: null }
        : null,
    recipient:
      forwardPath === null
        ? null
        : // Stands behind reject_unauth_destination: who comes this far may send there.
          { ...base, check: 'mailbox', forwardPath, mayRelay: true, nextHop: null },
  };
}

function nameOf(text: string | undefined): string | null {
  return text === undefined || text === '' || text === 'unknown' ? null : text;
}
