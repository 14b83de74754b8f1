/**
 * What once broke the session or its reader, or would break one that was written a little worse; each
 * is tried before anything random.
 */
import type { ConversationOptions } from '../dialogs/conversation.ts';

export interface Seed {
  readonly name: string;
  readonly options: ConversationOptions;
  readonly pieces: readonly string[];
}

const envelope = 'MAIL FROM:<>\r\nRCPT TO:<a@example.org>\r\n';

export const seeds: readonly Seed[] = [
  {
    name: 'the end cut within its last CRLF',
    options: {},
    pieces: [envelope, 'DATA\r\n', 'x\r\n.\r', '\n'],
  },
  {
    name: 'a dot as the last octet',
    options: {},
    pieces: [envelope, 'DATA\r\n', 'x\r\n.', 'y\r\n.\r\n'],
  },
  { name: 'a chunk of nothing', options: {}, pieces: [`${envelope}BDAT 0\r\nBDAT 0 LAST\r\n`] },
  {
    name: 'a chunk whose octets are commands',
    options: {},
    pieces: ['BDAT 6\r\nQUIT\r\nRSET\r\n'],
  },
  {
    name: 'LMTP without a recipient',
    options: { terms: { protocol: 'lmtp' } },
    pieces: ['LHLO a\r\n', 'MAIL FROM:<>\r\n', 'BDAT 1 LAST\r\nx'],
  },
  {
    name: 'AUTH cut off by another command',
    options: { encrypted: true, terms: { offersLogin: true } },
    pieces: ['AUTH PLAIN\r\n', envelope],
  },
  {
    name: 'a NUL for an answer to AUTH',
    options: { encrypted: true, terms: { offersLogin: true } },
    pieces: ['AUTH LOGIN\r\n', '\0\r\n', 'NOOP\r\n'],
  },
  {
    name: 'an error too much in a refused chunk',
    options: { terms: { maxErrors: 1 } },
    pieces: ['BDAT 1\r\nx'],
  },
];
