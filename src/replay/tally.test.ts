import assert from 'node:assert/strict';
import test from 'node:test';
import { forgedSender } from './cases/incident.ts';
import type { Planned } from './planned.ts';
import type { Transaction } from './smtp-connection.ts';
import type { SunkMessage } from './smtp-sink.ts';
import { createTally, percentiles, type Tally } from './tally.ts';

const replies = { mail: null, rcpt: [], data: null, content: null };
const accepted: Transaction = { kind: 'accepted', stage: 'content', replies };

function planned(kind: Planned['kind'], reversePath: string): Planned {
  const forwardPaths = ['info@bakery.example'];
  const [client, fields] = ['198.18.0.1', []];
  return {
    kind,
    marker: `${kind}-1`,
    client,
    reversePath,
    forwardPaths,
    subject: '',
    fields,
    body: '',
  };
}
const wanted = planned('wanted', 'customer-1@good-1.example');
const misaddressed = planned('misaddressed', 'mistaken-1@good-1.example');

function arrival(more: Partial<SunkMessage>): SunkMessage {
  return {
    at: 3000,
    clientAddress: '192.0.2.10',
    clientPort: 1,
    helo: 'mx.example',
    reversePath: '',
    forwardPaths: [],
    size: 0,
    received: 0,
    marker: null,
    quoted: [],
    text: '',
    ...more,
  };
}
const delivery = arrival({ marker: 'run/wanted-1', reversePath: wanted.reversePath });

function send(tally: Tally, message: Planned): void {
  tally.planned(message, 1000);
  tally.sent(message, accepted, 'accepted');
}

test('a wanted message is awaited until it arrives, and timed from its first try', () => {
  const tally = createTally('run');
  send(tally, wanted);
  assert.equal(tally.awaited, 1);
  tally.arrived('backend', delivery);
  tally.arrived('backend', delivery);
  assert.equal(tally.awaited, 0);
  assert.deepEqual([tally.delivered, tally.duplicates], [1, 1]);
  assert.deepEqual(tally.wanted(), [{ marker: 'wanted-1', accepted: true, seconds: 2 }]);
});

test('what arrives before the server has said so is not awaited', () => {
  const tally = createTally('run');
  tally.planned(wanted, 1000);
  tally.planned(misaddressed, 1000);
  tally.arrived('backend', delivery);
  tally.arrived('sink', arrival({ quoted: ['run/misaddressed-1'] }));
  tally.sent(wanted, accepted, 'accepted');
  tally.sent(misaddressed, accepted, 'accepted');
  assert.deepEqual([tally.awaited, tally.awaitedNotices, tally.noticed], [0, 0, 1]);
});

test('a wanted message that came back as a notice is awaited no more', () => {
  const tally = createTally('run');
  send(tally, wanted);
  tally.arrived('sink', arrival({ forwardPaths: [wanted.reversePath] }));
  assert.deepEqual([tally.awaited, tally.delivered, tally.noticesAbout.wanted], [0, 0, 1]);
});

const notices: readonly [name: string, message: Partial<SunkMessage>, spam: number, mis: number][] =
  [
    ['a notice that quotes the spam is about it', { quoted: ['run/spam-3'] }, 1, 0],
    ['one to the forged sender is about the spam', { forwardPaths: [forgedSender] }, 1, 0],
    [
      'one that quotes nothing is known by where it goes',
      { forwardPaths: [misaddressed.reversePath] },
      0,
      1,
    ],
    [
      'one of an earlier run does not count',
      { quoted: ['old/spam-3'], forwardPaths: [forgedSender] },
      0,
      0,
    ],
    [
      'mail of strangers does not count',
      { reversePath: 'x@y.example', forwardPaths: [forgedSender] },
      0,
      0,
    ],
    ['a message with our marker is no notice', { marker: 'run/spam-1' }, 0, 0],
  ];
for (const [name, message, spam, mis] of notices)
  test(name, () => {
    const tally = createTally('run');
    send(tally, misaddressed);
    tally.arrived('sink', arrival(message));
    assert.deepEqual([tally.noticesAbout.spam, tally.noticesAbout.misaddressed], [spam, mis]);
    assert.equal(tally.notices.sink, spam + mis);
  });

const ranks: readonly [values: readonly number[], want: readonly number[] | null][] = [
  [[], null],
  [[4], [4, 4, 4]],
  [
    [3, 1, 2],
    [2, 3, 3],
  ],
  [Array.from({ length: 200 }, (_, i) => i + 1), [100, 198, 200]],
];
for (const [values, want] of ranks)
  test(`${values.length} values have the percentiles ${want}`, () => {
    const got = percentiles(values);
    assert.deepEqual(got && [got.p50, got.p99, got.max], want);
  });
