/**
 * Messages whose whole content follows from their id, so that one that is found can be told from a
 * torn one.
 */

import type { MessageKind, MessageRecord, NewRecipient } from '../../src/store/queue-store.ts';
import { exampleMessage, exampleRecipient } from '../store/queue-suite.ts';

/** Some stand in their row, some in pieces, some go to disk before their commit. */
const sizes = [0, 200, 4_096, 40_000, 70_000, 300_000, 700_000];

export interface KnownMessage {
  readonly message: MessageRecord;
  readonly recipients: readonly NewRecipient[];
  readonly head: Buffer;
  readonly body: Buffer;
}

export function knownMessage(id: number, kind: MessageKind = 'mail'): KnownMessage {
  const size = sizes[id % 50 === 0 ? 6 : id % 20 === 0 ? 5 : id % 5] ?? 0;
  const head = Buffer.from(`Subject: ${kind} ${id}\r\n\r\n`);
  return {
    message: exampleMessage(id, { kind, size: head.length + size }),
    recipients: ['a.example', 'b.example', 'c.example']
      .slice(0, (id % 3) + 1)
      .map((domain) => exampleRecipient(domain, { original: `${id}@${domain}` })),
    head,
    body: Buffer.alloc(size, `${id} `),
  };
}
