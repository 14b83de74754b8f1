import assert from 'node:assert/strict';
import test from 'node:test';
import type { LogEvent } from '../../foreign/log-event.ts';
import { BatchReader, BatchWriter } from './event-batch.ts';

const events: readonly LogEvent[] = [
  { kind: 'origin', id: 'A', client: null, connection: null, before: 'B' },
  { kind: 'origin', id: 'A', client: '192.0.2.1', connection: 0, before: null },
  { kind: 'session', id: 'S', client: '192.0.2.1', isInner: true },
  { kind: 'connect', id: null, connection: 2 ** 32 - 1 },
  {
    kind: 'taken',
    id: 'A',
    client: undefined,
    connection: 4_000_000_000,
    session: 'S',
    reversePath: '',
    bytes: 12,
    recipients: 3,
    about: null,
  },
  {
    kind: 'taken',
    id: 'A',
    client: null,
    connection: null,
    session: null,
    reversePath: null,
    bytes: 0,
    recipients: null,
    about: 'B',
  },
  { kind: 'envelope', id: 'A', session: 'S', reversePath: '', forwardPath: 'ann@example.org' },
  {
    kind: 'fate',
    id: 'A',
    forwardPaths: ['a@b', 'c@d'],
    outcome: 'unknown',
    nextHop: 'mx',
    peer: '192.0.2.9',
    isInner: false,
    session: null,
    answer: -123456789,
    isMore: true,
    child: 'B',
  },
  {
    kind: 'fate',
    id: 'A',
    forwardPaths: [],
    outcome: 'expired',
    nextHop: null,
    peer: null,
    isInner: true,
    session: 'S',
    answer: null,
    isMore: false,
    child: null,
  },
  { kind: 'notice', id: 'A', child: 'B' },
  {
    kind: 'attempt',
    id: null,
    client: null,
    connection: null,
    session: null,
    reversePath: null,
    forwardPath: 'a@b',
    outcome: 'deferred',
  },
  {
    kind: 'attempt',
    id: 'A',
    client: 'c',
    connection: null,
    session: 's',
    reversePath: '',
    forwardPath: null,
    outcome: 'unknown',
  },
  { kind: 'end', id: 'A' },
];

test('what is written comes out again, batch after batch', () => {
  const writer = new BatchWriter();
  for (let round = 0; round < 500; round++) {
    for (const [at, event] of events.entries())
      writer.write(1000 + at, `host${round % 3}`, at % 2 ? 'exim' : 'spillway', event);
    const reader = new BatchReader(writer.take());
    for (const [at, event] of events.entries()) {
      assert.equal(reader.at, 1000 + at);
      assert.deepEqual(reader.read(), event);
      assert.equal(reader.host, `host${round % 3}`);
      assert.equal(reader.server, at % 2 ? 'exim' : 'spillway');
    }
    assert.equal(reader.at, null);
  }
});
