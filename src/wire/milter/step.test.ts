import assert from 'node:assert/strict';
import test from 'node:test';
import { accepted, Dialog, us } from '../../../test/milter/dialog.ts';
import { mta } from '../../../test/milter/mta.ts';
import { type Reply, replies } from '../../mail/reply.ts';
import { noLoopFacts } from '../../verdict/loop-facts.ts';
import type { Action, Check, Verdict } from '../../verdict/verdict.ts';
import { inTransaction, startSession } from './session.ts';
import { step } from './step.ts';

const refused = 'y 550 5.1.8 Sender domain leads nowhere: no report can reach it';
const unreachable = 'y 550 5.4.4 Recipient domain leads nowhere';
const looping = 'y 554 5.4.6 Mail loop detected';
const later = 'y 451 4.4.3 Recipient domain lookup failed, try again later';

function verdict(action: Action, reply: Reply | null = null): Verdict {
  return { action, reply, reason: 'loopback', steps: [] };
}

/** A judge with a fixed opinion on each check. */
function judge(opinions: Partial<Record<Check, Verdict>>): Dialog {
  return new Dialog((question) => opinions[question.check] ?? accepted);
}

/** As sendmail opens a session. */
function open(dialog: Dialog, negotiation = mta.negotiate()): Dialog {
  dialog.send(negotiation, mta.macros('C', { j: 'mx.example.net', '{daemon_name}': 'MTA' }));
  dialog.send(mta.connect(), mta.macros('H'), mta.helo());
  return dialog;
}

/** As Postfix's cleanup plays a client. */
function simulate(dialog: Dialog, negotiation = mta.negotiate()): Dialog {
  dialog.send(negotiation, mta.macros('C', { j: 'mx.example.net', v: 'Postfix 3.7.11', i: '4XY' }));
  dialog.send(mta.connect('localhost', '127.0.0.1', 0), mta.helo('localhost'));
  return dialog;
}

const received = (by: string): Uint8Array => mta.header('Received', ` from a by ${by}; Tue`);

// ---- whole conversations

test('sendmail, version 6: an accepted message', () => {
  const dialog = new Dialog();
  const conversation: readonly [frames: Uint8Array[], replies: string[]][] = [
    [[mta.negotiate()], ['O 0x6 0x128 0x33d0 with macro lists']],
    [[mta.macros('C', { j: 'mx.example.net' }), mta.connect()], []],
    [[mta.macros('H'), mta.helo()], []],
    [[mta.macros('M', { i: 'k85' }), mta.mail('<ann@example.org>', 'SIZE=9')], ['c']],
    [[mta.macros('R', { '{rcpt_host}': 'b.example' }), mta.rcpt('<bob@b.example>')], ['c']],
    [[mta.macros('T')], []],
    [[mta.header('Subject', ' hello'), received('a.example')], []],
    [[mta.macros('E'), mta.endOfMessage()], ['c']],
    [[mta.quit()], []],
  ];
  for (const [frames, want] of conversation) assert.deepEqual(dialog.send(...frames), want);
  assert.deepEqual(dialog.closed, { fault: null });
  assert.deepEqual(
    dialog.questions.map((question) => question.check),
    ['sender', 'mailbox', 'loop'],
  );
});

const sizes: readonly [parameters: string[], size: number | undefined][] = [
  [[], undefined],
  [['BODY=8BITMIME', 'SIZE=4321'], 4321],
  [['size=9'], 9],
  [['SIZE=0'], 0],
  [['SIZE=99999999999999999999'], 2 ** 40],
  [['SIZE=-1', 'SIZE=', 'SIZE=1e9', 'SIZE=1 2', 'XSIZE=5'], undefined],
  [['SIZE=999999999999999999999'], undefined],
];
for (const [parameters, size] of sizes)
  test(`at the end the size is known that was said at MAIL: ${parameters.join(' ')}`, () => {
    const dialog = open(new Dialog());
    dialog.send(mta.mail('<ann@example.org>', ...parameters), mta.rcpt('<bob@b.example>'));
    dialog.send(mta.header('Subject', 'hello'), mta.endOfMessage());
    assert.ok(dialog.asked.check === 'loop');
    assert.equal(dialog.asked.size, size);
  });

/** What a peer of each version offers, and which of the steps it then sends get an answer. */
const versions: readonly [version: number, offered: number, answers: string][] = [
  [2, 0x7f, 'c c c c c c c'],
  [3, 0x1ff, 'c c c c c c'],
  [4, 0x3ff, 'c c c c c c'],
  [5, 0x3ff, 'c c c c c c'],
  [6, 0x1fffff, 'c c c c'],
];
for (const [version, offered, answers] of versions)
  test(`version ${version}: one answer for each step that expects one`, () => {
    const dialog = new Dialog();
    dialog.send(mta.negotiate(version, 0x3f, offered));
    const got = [
      mta.connect(),
      mta.helo(),
      mta.mail('<a@example.org>'),
      mta.rcpt('<b@example.net>'),
      // versions 3 and above leave headers unanswered, where the bit for it was offered
      mta.header('Subject', 'x'),
      mta.endOfHeaders(),
      mta.endOfMessage(),
    ].flatMap((frame) => dialog.send(frame));
    assert.equal(got.join(' '), answers);
  });

test('version 2 is sent answers for body, and none for what has no answer', () => {
  const dialog = open(new Dialog(), mta.negotiate(2, 0x3f, 0x6f));
  assert.deepEqual(dialog.send(mta.mail('<a@b.example>'), mta.rcpt('<c@d.example>')), ['c', 'c']);
  assert.deepEqual(dialog.send(mta.body('x'), mta.body('y')), ['c', 'c']);
  assert.deepEqual(dialog.send(mta.macros('E'), mta.endOfMessage('z')), ['c']);
  assert.deepEqual(dialog.send(mta.abort(), mta.abort(), mta.quit()), []);
});

test('DATA and unknown commands are answered where they could not be opted out of', () => {
  const dialog = open(new Dialog(), mta.negotiate(6, 0, 0x1000));
  assert.deepEqual(dialog.send(mta.unknown('XYZZY'), mta.data()), ['c', 'c']);
});

// ---- refusals

test('a refused sender hears our words, and the next transaction starts afresh', () => {
  const dialog = open(judge({ sender: verdict('refuse', replies.senderBlackhole) }));
  const mail = mta.mail('<nicholas@seaton.biz>');
  assert.deepEqual(dialog.send(mta.macros('M', { i: 'k85A' }), mail), [refused]);
  assert.equal(inTransaction(dialog.session), false);
  assert.deepEqual(dialog.send(mail), [refused]);
  assert.equal(dialog.asked.queueId, null, 'the queue id of the first is forgotten');
});

test('a refused recipient does not end the message for the others', () => {
  const dialog = open(
    new Dialog((question) =>
      question.forwardPath === 'b@dead.example'
        ? verdict('refuse', replies.recipientBlackhole)
        : accepted,
    ),
  );
  dialog.send(mta.mail('<a@example.org>'));
  assert.deepEqual(dialog.send(mta.rcpt('<b@dead.example>')), [unreachable]);
  assert.deepEqual(dialog.send(mta.rcpt('<c@example.net>')), ['c']);
  assert.deepEqual(dialog.send(mta.endOfHeaders(), mta.endOfMessage()), ['c', 'c']);
  assert.equal(dialog.asked.forwardPath, 'c@example.net');
});

const outcomes: readonly [check: Check, verdict: Verdict, answer: string][] = [
  ['sender', verdict('refuse'), 'r'],
  ['sender', verdict('defer'), 't'],
  ['sender', verdict('discard'), 'd'],
  [
    'sender',
    verdict('defer', replies.senderUnknown),
    'y 451 4.4.3 Sender domain lookup failed, try again later',
  ],
  ['mailbox', verdict('refuse'), 'r'],
  ['mailbox', verdict('defer', replies.recipientUnknown), later],
  ['loop', verdict('refuse', replies.loop), looping],
  ['loop', verdict('discard'), 'd'],
  ['loop', verdict('defer', replies.overloaded), 'y 451 4.3.2 Too busy, try again later'],
];
for (const [check, opinion, want] of outcomes)
  test(`${check}, ${opinion.action}${opinion.reply ? ' with a reply' : ''}: ${want}`, () => {
    const dialog = open(judge({ [check]: opinion }));
    const got = [mta.mail('<a@example.org>'), mta.rcpt('<b@example.net>'), mta.endOfHeaders()];
    const at = ['sender', 'mailbox', 'loop'].indexOf(check);
    assert.deepEqual(dialog.send(...got.slice(0, at + 1)).at(-1), want);
  });

test('a loop is judged at the end of the message where no end of headers comes', () => {
  const dialog = open(judge({ loop: verdict('refuse', replies.loop) }));
  dialog.send(mta.mail('<a@example.org>'), mta.rcpt('<b@example.net>'), received('x.example'));
  assert.deepEqual(dialog.send(mta.endOfMessage()), [looping]);
  assert.equal(inTransaction(dialog.session), false);
});

test('a loop is judged once', () => {
  const dialog = open(new Dialog());
  dialog.send(mta.mail('<a@example.org>'), mta.rcpt('<b@example.net>'), mta.endOfHeaders());
  dialog.send(mta.endOfHeaders(), mta.endOfMessage());
  assert.equal(dialog.questions.length, 3);
});

// ---- one recipient discarded, quarantine

test('a discarded recipient is taken off at the end, the others keep the message', () => {
  const dialog = open(
    new Dialog(({ forwardPath, check }) =>
      check === 'mailbox' && forwardPath === 'b@dead.example' ? verdict('discard') : accepted,
    ),
  );
  dialog.send(mta.mail('<a@example.org>'));
  assert.deepEqual(dialog.send(mta.rcpt('<b@dead.example>'), mta.rcpt('<c@ok.example>')), [
    'c',
    'c',
  ]);
  dialog.send(mta.endOfHeaders());
  assert.deepEqual(dialog.send(mta.endOfMessage()), ['- <b@dead.example>', 'c']);
});

test('a message whose recipients are all discarded is discarded', () => {
  const dialog = open(judge({ mailbox: verdict('discard') }));
  dialog.send(mta.mail('<a@example.org>'), mta.rcpt('<b@dead.example>'), mta.endOfHeaders());
  assert.deepEqual(dialog.send(mta.endOfMessage()), ['d']);
});

test('where no recipient can be taken off, a discard becomes a deferral', () => {
  const dialog = open(judge({ mailbox: verdict('discard') }), mta.negotiate(6, 0x100));
  dialog.send(mta.mail('<a@example.org>'));
  assert.deepEqual(dialog.send(mta.rcpt('<b@dead.example>')), ['t']);
});

for (const check of ['sender', 'mailbox', 'loop'] as const)
  test(`a quarantine of the ${check} takes hold at the end of the message`, () => {
    const dialog = open(judge({ [check]: verdict('quarantine') }));
    const early = dialog.send(
      mta.mail('<a@example.org>'),
      mta.rcpt('<b@example.net>'),
      mta.endOfHeaders(),
    );
    assert.deepEqual(early, ['c', 'c', 'c']);
    const [first, second] = dialog.send(mta.endOfMessage());
    assert.match(first ?? '', /^q its mail server is a loopback address/);
    assert.equal(second, 'c');
  });

test('where no quarantine is offered, it becomes a deferral', () => {
  const dialog = open(judge({ sender: verdict('quarantine') }), mta.negotiate(6, 0x100));
  assert.deepEqual(dialog.send(mta.mail('<a@example.org>')), ['t']);
});

// ---- what the judge is told

test('the question about a sender says who, from where, and where sendmail would send a report', () => {
  const dialog = open(new Dialog());
  dialog.send(
    mta.macros('M', {
      i: 'k85A',
      '{mail_mailer}': 'esmtp',
      '{mail_host}': 'seaton.biz.',
      '{mail_addr}': 'nicholas@seaton.biz',
    }),
    mta.mail('<nicholas@seaton.biz>', 'SIZE=100'),
  );
  assert.deepEqual(dialog.asked, {
    adapter: 'milter',
    client: { address: '192.0.2.7', name: 'client.example', helo: 'client.example' },
    connection: dialog.session.connection,
    reversePath: 'nicholas@seaton.biz',
    forwardPath: null,
    queueId: 'k85A',
    check: 'sender',
    nextHop: { mailer: 'esmtp', host: 'seaton.biz.', address: 'nicholas@seaton.biz' },
  });
});

test('the question about a recipient has its own next hop, never that of the one before', () => {
  const dialog = open(new Dialog());
  dialog.send(mta.macros('M', { i: 'k85A', '{mail_host}': 'example.org' }), mta.mail('<>'));
  const macros = {
    '{rcpt_mailer}': 'esmtp',
    '{rcpt_host}': 'b.example',
    '{rcpt_addr}': 'b@b.example',
  };
  dialog.send(mta.macros('R', macros), mta.rcpt('<b@b.example>'));
  assert.deepEqual(dialog.asked, {
    adapter: 'milter',
    client: { address: '192.0.2.7', name: 'client.example', helo: 'client.example' },
    connection: dialog.session.connection,
    reversePath: '',
    forwardPath: 'b@b.example',
    queueId: 'k85A',
    check: 'mailbox',
    mayRelay: true,
    nextHop: { mailer: 'esmtp', host: 'b.example', address: 'b@b.example' },
  });
  dialog.send(mta.rcpt('<c@c.example>'));
  assert.ok('nextHop' in dialog.asked);
  assert.equal(dialog.asked.nextHop, null);
});

test("Postfix's queue id, known from the first recipient on, is kept", () => {
  const dialog = open(new Dialog());
  dialog.send(mta.mail('<a@example.org>'));
  assert.equal(dialog.asked.queueId, null);
  dialog.send(mta.rcpt('<b@b.example>'), mta.macros('R', { i: '4XYZ' }), mta.rcpt('<c@c.example>'));
  assert.equal(dialog.asked.queueId, '4XYZ');
  dialog.send(mta.endOfHeaders());
  assert.equal(dialog.asked.queueId, '4XYZ');
});

const clients: readonly [name: string, connect: Uint8Array, client: object][] = [
  ['without a name', mta.connect('[192.0.2.7]'), { address: '192.0.2.7', name: null }],
  ['named unknown', mta.connect('unknown'), { address: '192.0.2.7', name: null }],
  [
    'over IPv6',
    mta.connect('a.example', 'IPv6:2001:db8::1', 25, '6'),
    { address: '2001:db8::1', name: 'a.example' },
  ],
  [
    'over a unix socket',
    mta.connect('a.example', '/run/x', 0, 'L'),
    { address: null, name: 'a.example' },
  ],
  [
    'of an unknown family',
    mta.connect('a.example', '', 0, 'U'),
    { address: null, name: 'a.example' },
  ],
];
for (const [name, connect, client] of clients)
  test(`a client ${name}`, () => {
    const dialog = new Dialog();
    dialog.send(mta.negotiate(), connect, mta.mail('<>'));
    assert.deepEqual(dialog.asked.client, { ...client, helo: null });
  });

test('a second HELO is the one that counts, and ends a message under way', () => {
  const dialog = open(new Dialog());
  dialog.send(mta.mail('<a@example.org>'), mta.helo('other.example'));
  assert.equal(inTransaction(dialog.session), false);
  dialog.send(mta.mail('<a@example.org>'));
  assert.equal(dialog.asked.client?.helo, 'other.example');
});

// ---- loops

function loopFacts(
  connect: Uint8Array,
  helo: string,
  headers: readonly Uint8Array[],
  reversePath = '<a@example.org>',
): object {
  const dialog = new Dialog();
  dialog.send(mta.negotiate(), mta.macros('C', { j: 'mail.example.net' }), connect, mta.helo(helo));
  dialog.send(mta.mail(reversePath), mta.rcpt('<Bob@Example.NET>'), ...headers, mta.endOfHeaders());
  assert.ok(dialog.asked.check === 'loop');
  return dialog.asked.facts;
}

const nothing = noLoopFacts;
const stranger = mta.connect();
const loopback = mta.connect('localhost', '127.0.0.1');
const delivered = mta.header('Delivered-To', ' Bob@example.net');
const loops: readonly [
  name: string,
  connect: Uint8Array,
  helo: string,
  headers: Uint8Array[],
  facts: Partial<typeof nothing>,
][] = [
  ['no header', stranger, 'a.example', [], {}],
  ['one hop', stranger, 'a.example', [received('a.example')], { received: 1 }],
  [
    'hops by the configured name and by macro j',
    stranger,
    'a.example',
    [received('MX.Example.net.'), received('mail.example.net')],
    { received: 2, ownReceived: 2 },
  ],
  ['our name from a stranger', stranger, 'mx.example.net', [], {}],
  ['our address with another name', loopback, 'a.example', [], {}],
  ['from loopback with our name', loopback, 'MX.example.net', [], { fromOurselves: true }],
  [
    'from ::1 with macro j as name',
    mta.connect('localhost', 'IPv6:::1', 25, '6'),
    'mail.example.net',
    [],
    { fromOurselves: true },
  ],
  [
    'from a mapped loopback address',
    mta.connect('localhost', '::ffff:127.0.0.1', 25, '6'),
    'mx.example.net',
    [],
    { fromOurselves: true },
  ],
  [
    'from an address of our interfaces',
    mta.connect('mx.example.net', '192.0.2.10'),
    'mx.example.net',
    [],
    { fromOurselves: true },
  ],
  ['Delivered-To from a stranger', stranger, 'a.example', [delivered], {}],
  [
    'Delivered-To from ourselves',
    loopback,
    'a.example',
    [delivered],
    { deliveredToRecipient: true },
  ],
  [
    'Delivered-To below a foreign hop',
    loopback,
    'a.example',
    [received('a.example'), delivered],
    { received: 1 },
  ],
];
for (const [name, connect, helo, headers, facts] of loops)
  test(`loop facts: ${name}`, () =>
    assert.deepEqual(loopFacts(connect, helo, headers), { ...nothing, ...facts }));

test('loop facts: a null reverse-path is one notice deep', () => {
  assert.deepEqual(loopFacts(stranger, 'a.example', [], '<>'), { ...nothing, noticeDepth: 1 });
});

test('headers of one message are not counted for the next', () => {
  const dialog = open(new Dialog());
  dialog.send(mta.mail('<a@example.org>'), mta.rcpt('<b@b.example>'), received('x'), mta.abort());
  dialog.send(mta.mail('<a@example.org>'), mta.rcpt('<b@b.example>'), mta.endOfHeaders());
  assert.ok(dialog.asked.check === 'loop');
  assert.equal(dialog.asked.facts.received, 0);
});

// ---- the mail server's own submissions

test("Postfix's own notice to a dead sender is discarded at its end, never refused", () => {
  const dialog = simulate(judge({ notice: verdict('refuse', replies.recipientBlackhole) }));
  assert.deepEqual(dialog.send(mta.macros('M', { i: '4XY' }), mta.mail('')), ['c']);
  assert.deepEqual(dialog.send(mta.rcpt('nicholas@seaton.biz')), ['c']);
  assert.deepEqual(dialog.asked, {
    adapter: 'milter',
    client: null,
    reversePath: '',
    forwardPath: 'nicholas@seaton.biz',
    queueId: '4XY',
    check: 'notice',
    nextHop: null,
  });
  assert.deepEqual(dialog.send(mta.endOfHeaders(), mta.endOfMessage()), ['c', 'd']);
  assert.equal(dialog.questions.length, 1);
});

test("Postfix's own notice to a live sender passes", () => {
  const dialog = simulate(new Dialog());
  dialog.send(mta.mail(''), mta.rcpt('ann@example.org'));
  assert.deepEqual(dialog.send(mta.endOfHeaders(), mta.endOfMessage()), ['c', 'c']);
  assert.deepEqual(
    dialog.questions.map((question) => question.check),
    ['notice', 'loop'],
  );
});

test('in doubt about its recipient, a notice is deferred at its end', () => {
  const dialog = simulate(judge({ notice: verdict('defer', replies.recipientUnknown) }));
  assert.deepEqual(dialog.send(mta.mail(''), mta.rcpt('x@slow.example')), ['c', 'c']);
  assert.deepEqual(dialog.send(mta.endOfHeaders(), mta.endOfMessage()), ['c', later]);
});

test('a notice that goes in circles is discarded, so that none is written about it', () => {
  const dialog = simulate(judge({ loop: verdict('refuse', replies.loop) }));
  dialog.send(mta.mail(''), mta.rcpt('ann@example.org'), mta.endOfHeaders());
  assert.deepEqual(dialog.send(mta.endOfMessage()), ['d']);
});

test('a local submission is asked about at its end only', () => {
  const dialog = simulate(judge({ mailbox: verdict('refuse'), sender: verdict('refuse') }));
  assert.deepEqual(dialog.send(mta.mail('root@example.net'), mta.rcpt('ann@example.org')), [
    'c',
    'c',
  ]);
  assert.deepEqual(dialog.send(mta.endOfHeaders(), mta.endOfMessage()), ['c', 'c']);
  assert.deepEqual(
    dialog.questions.map((question) => question.check),
    ['loop'],
  );
});

test('a message that Postfix took over QMQP cannot be refused, though the client is a stranger', () => {
  const dialog = new Dialog();
  dialog.send(mta.negotiate(), mta.macros('C', { v: 'Postfix 3.7.11', i: '4XY' }), mta.connect());
  dialog.send(mta.mail(''), mta.rcpt('ann@example.org'));
  assert.equal(dialog.asked.check, 'notice');
});

const strangers: readonly [name: string, frames: Uint8Array[]][] = [
  ['who leaves out the brackets', [mta.macros('C', { v: 'Postfix 3.7.11' }), mta.connect()]],
  ['from loopback with a real port', [mta.connect('localhost', '127.0.0.1', 40000)]],
  ['from port 0 of another host', [mta.connect('localhost', '192.0.2.7', 0)]],
  [
    'to a sendmail that tells the queue id early',
    [mta.macros('C', { v: '8.17.1', i: 'k8' }), mta.connect()],
  ],
];
for (const [name, frames] of strangers)
  test(`a stranger ${name} is not taken for the mail server itself`, () => {
    const dialog = new Dialog();
    dialog.send(mta.negotiate(), ...frames, mta.mail(''), mta.rcpt('ann@example.org'));
    assert.deepEqual(
      dialog.questions.map((question) => question.check),
      ['sender', 'mailbox'],
    );
  });

test('brackets tell a real session, whatever the client looks like', () => {
  const dialog = simulate(new Dialog());
  dialog.send(mta.mail('<>'), mta.rcpt('<ann@example.org>'));
  assert.equal(dialog.asked.check, 'mailbox');
});

// ---- order and faults

test('an abort at any time, twice or idle, is harmless', () => {
  const dialog = open(new Dialog());
  assert.deepEqual(dialog.send(mta.abort(), mta.abort(), mta.mail('<>'), mta.abort()), ['c']);
  assert.equal(inTransaction(dialog.session), false);
  assert.deepEqual(dialog.send(mta.mail('<>'), mta.rcpt('<a@b.example>')), ['c', 'c']);
});

test('a new connection over the same socket forgets the client and keeps the terms', () => {
  const dialog = open(new Dialog());
  dialog.send(mta.mail('<>'), mta.quitNewConnection());
  assert.deepEqual(dialog.send(mta.connect('b.example', '192.0.2.8'), mta.mail('<>')), ['c']);
  assert.deepEqual(dialog.asked.client, { address: '192.0.2.8', name: 'b.example', helo: null });
});

test('what is asked of one connection has one mark, which no other has', () => {
  const dialog = open(new Dialog());
  const message = () =>
    dialog.send(mta.mail('<a@example.org>'), mta.rcpt('<b@b.example>'), mta.endOfMessage());
  message();
  dialog.send(mta.helo('other.example'));
  message();
  const first = new Set(dialog.questions.map(({ connection }) => connection));
  dialog.send(mta.quitNewConnection(), mta.connect());
  message();
  const marks = new Set(dialog.questions.map(({ connection }) => connection));
  assert.deepEqual([dialog.questions.length, first.size, marks.size], [9, 1, 2]);
  assert.ok(!marks.has(undefined));
  assert.ok(!marks.has(open(new Dialog()).session.connection));
});

test('what the mail server hands over from itself came over no connection', () => {
  const dialog = simulate(new Dialog());
  dialog.send(mta.mail('a@example.org'), mta.rcpt('b@b.example'), mta.endOfMessage());
  assert.ok(dialog.questions.length > 0);
  for (const { connection } of dialog.questions) assert.equal(connection, undefined);
});

test('a recipient without a sender is judged all the same', () => {
  const dialog = open(judge({ mailbox: verdict('refuse', replies.recipientBlackhole) }));
  assert.deepEqual(dialog.send(mta.rcpt('<b@dead.example>')), [unreachable]);
  assert.deepEqual(dialog.send(mta.endOfHeaders(), mta.endOfMessage()), ['c', 'c']);
});

const faults: readonly [name: string, frames: Uint8Array[], fault: string][] = [
  ['a command before the negotiation', [mta.helo()], 'helo before the negotiation'],
  ['a second negotiation', [mta.negotiate(), mta.negotiate()], 'a second negotiation'],
  ['protocol version 1', [mta.negotiate(1)], 'protocol version 1'],
];
for (const [name, frames, fault] of faults)
  test(`${name} ends the session`, () => {
    const dialog = new Dialog();
    dialog.send(...frames);
    assert.deepEqual(dialog.closed, { fault });
  });

test('an address without end is cut, and stays malformed', () => {
  const dialog = open(new Dialog());
  dialog.send(mta.mail(`<${'a'.repeat(100_000)}@example.org>`));
  assert.equal(dialog.asked.reversePath?.length, 1000);
});

test('ten thousand recipients and more are judged, each with one answer', () => {
  const dialog = open(new Dialog());
  dialog.send(mta.mail('<a@example.org>'));
  const answers = dialog.send(
    ...Array.from({ length: 10_050 }, (_, i) => mta.rcpt(`<b${i}@b.example>`)),
  );
  assert.equal(answers.length, 10_050);
  assert.equal(dialog.questions.length, 10_051);
});

test('who is turned away hears it at every step', () => {
  const dialog = new Dialog(undefined, startSession(us, replies.overloaded));
  const busy = 'y 451 4.3.2 Too busy, try again later';
  assert.deepEqual(dialog.send(mta.negotiate()), ['O 0x6 0x0 0x0']);
  assert.deepEqual(dialog.send(mta.macros('C'), mta.connect()), [busy]);
  assert.deepEqual(dialog.send(mta.mail('<a@b.example>'), mta.abort()), [busy]);
  dialog.send(mta.quit());
  assert.deepEqual(dialog.closed, { fault: null });
  assert.equal(dialog.questions.length, 0);
});

test('to hand in a command while a question is open is a bug of the caller', () => {
  const negotiated = step(startSession(us), {
    kind: 'command',
    command: { kind: 'negotiate', offer: { version: 6, actions: 0, protocol: 0 } },
  }).next;
  const asked = step(negotiated, {
    kind: 'command',
    command: { kind: 'mail', path: '<>', parameters: [] },
  }).next;
  assert.throws(
    () => step(asked, { kind: 'command', command: { kind: 'abort' } }),
    /question is open/,
  );
  assert.throws(
    () => step(negotiated, { kind: 'verdict', verdict: accepted }),
    /without a question/,
  );
});
