/**
 * What is put down for a recipient where the next hop said nothing, or was never asked.
 *
 * RFC 3463 and its registry. These are never sent to anybody; they end up in receipts and notices.
 */
import type { Reply } from '../../mail/reply.ts';

export const clientWords = {
  noAnswer: { code: 451, status: '4.4.1', text: 'No answer' },
  lost: { code: 451, status: '4.4.2', text: 'The connection broke' },
  /** RFC 1047: it may have been taken, and is tried again all the same. */
  lostAfterContent: {
    code: 451,
    status: '4.4.2',
    text: 'The connection broke after the content was sent',
  },
  timeout: { code: 451, status: '4.4.2', text: 'No reply in time' },
  nonsense: { code: 451, status: '4.5.0', text: 'What answered there does not speak the protocol' },
  stopping: { code: 451, status: '4.3.2', text: 'This server is about to stop' },
  unreadable: { code: 451, status: '4.3.0', text: 'The message could not be read from the queue' },
  lookupFailed: { code: 451, status: '4.4.3', text: 'The name of the next hop was not found' },
  noTarget: { code: 451, status: '4.4.4', text: 'The next hop has no address to connect to' },
  tlsNotOffered: { code: 451, status: '4.7.4', text: 'TLS is required, and is not offered' },
  tlsFailed: { code: 451, status: '4.7.5', text: 'TLS failed' },
  loginNotOffered: { code: 451, status: '4.7.0', text: 'No way to log in is offered over TLS' },
  loginRefused: { code: 451, status: '4.7.8', text: 'The login is refused' },
  tooLarge: { code: 552, status: '5.3.4', text: 'The next hop takes no messages of this size' },
  needsUtf8: { code: 553, status: '5.6.7', text: 'The next hop takes no UTF-8 (SMTPUTF8)' },
  needsBinary: { code: 554, status: '5.6.3', text: 'The next hop takes no BINARYMIME' },
  badSender: { code: 553, status: '5.1.7', text: 'The reverse-path cannot be sent' },
  badRecipient: { code: 553, status: '5.1.3', text: 'The forward-path cannot be sent' },
} as const satisfies Record<string, Reply>;

/** `451 4.4.2 The connection broke: read ECONNRESET`; the detail must be printable. */
export function withDetail(reply: Reply, detail: string): Reply {
  return { ...reply, text: `${reply.text}: ${detail}` };
}
