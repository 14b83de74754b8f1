/** What becomes of messages: taken, put off, refused; and what they look like afterwards. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Reply } from '../../src/mail/reply.ts';
import { QueueWriteError } from '../../src/store/errors.ts';
import type { QueueStore } from '../../src/store/queue-store.ts';
import { noProof } from '../../src/verdict/sender-proof.ts';
import { memoryQueue } from '../store/memory-queue.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { type blindProver, idleDelivery, startTestServer, type TestServer } from './server.ts';
import { Talk } from './talk.ts';

const hello = async (server: TestServer) => await (await Talk.dial(server)).hello();
const hole = { kind: 'localhost' } as const;

test('a message for a mailbox is taken, kept and handed to the delivery', async () => {
  await using server = await startTestServer();
  await using talk = await Talk.dial(server);
  assert.equal(await talk.reply(), '220 mx.example.org ESMTP ready');
  await talk.say('EHLO client.example');
  const content = 'Subject: hi\r\n\r\nhello\r\n..dot';
  const said = await talk.deliver('x@remote.example', ['ann@example.org'], content);
  assert.match(said, /^250 2\.0\.0 Taken as [0-9a-z]{11}$/);
  assert.equal(await talk.say('QUIT'), '221 2.0.0 Goodbye');
  await talk.closed();
  const [message, ...more] = await server.messages();
  assert.deepEqual(more, []);
  assert.match(message?.content ?? '', /\r\nSubject: hi\r\n\r\nhello\r\n\.dot\r\n$/);
  assert.equal(message?.size, message?.content.length);
  assert.deepEqual(server.taken, [message?.id]);
  assert.deepEqual(
    message?.recipients.map(({ forwardPath, domain }) => [forwardPath, domain]),
    [['ann@example.org', 'example.org']],
  );
  assert.match(server.lines.join('\n'), /took a message .*"client":"127\.0\.0\.1"/);
});

const rcpts: readonly [path: string, from: string, want: RegExp][] = [
  ['ann@example.org', 'x@remote.example', /^250 2\.1\.5/],
  ['ANN@EXAMPLE.ORG', 'x@remote.example', /^250 2\.1\.5/],
  ['postmaster', 'x@remote.example', /^250 2\.1\.5/],
  ['eve@example.org', 'x@remote.example', /^550 5\.1\.1/],
  ['z@far.example', 'x@remote.example', /^550 5\.7\.1/],
  ['ann@example.org', '', /^250 2\.1\.5/],
];
test('who is known is taken, who is not is refused, and nobody relays', async () => {
  await using server = await startTestServer();
  await using talk = await hello(server);
  for (const [path, from, want] of rcpts) {
    await talk.say(`MAIL FROM:<${from}>`);
    assert.match(await talk.say(`RCPT TO:<${path}>`), want, path);
    await talk.say('RSET');
  }
  await talk.say('QUIT');
  await server.quiet();
  assert.match(server.lines.join('\n'), /refused a client .*"refused":2,"unknown":1/);
});

test('networks of ours send anywhere but into a black hole', async () => {
  await using server = await startTestServer({
    relayNetworks: ['127.0.0.0/8'],
    dns: { 'hole.example': hole },
  });
  await using talk = await hello(server);
  await talk.say('MAIL FROM:<x@remote.example>');
  assert.match(await talk.say('RCPT TO:<z@far.example>'), /^250 /);
  assert.match(await talk.say('RCPT TO:<z@hole.example>'), /^550 5\.4\.4/);
});

test('a sender whose domain leads nowhere is refused at MAIL', async () => {
  await using server = await startTestServer({ dns: { 'seaton.example': hole } });
  await using talk = await hello(server);
  assert.match(await talk.say('MAIL FROM:<nicholas@seaton.example>'), /^550 5\.1\.8/);
});

test('aliases are expanded, each recipient kept once, as the client said it', async () => {
  await using server = await startTestServer({ aliases: { all: ['ann', 'bob'] } });
  await using talk = await hello(server);
  await talk.deliver('x@a.example', ['all@example.org', 'ann@example.org'], 'A: b\r\n');
  const [message] = await server.messages();
  assert.deepEqual(
    message?.recipients.map(({ forwardPath, original }) => [forwardPath, original]),
    [
      ['ann@example.org', 'all@example.org'],
      ['bob@example.org', 'all@example.org'],
    ],
  );
  assert.doesNotMatch(message?.content ?? '', /\n\s+for /, 'nobody learns of the others');
});

test('what came with MAIL and RCPT is kept', async () => {
  await using server = await startTestServer();
  await using talk = await hello(server);
  await talk.say('MAIL FROM:<x@a.example> RET=HDRS ENVID=QQ314159 BODY=8BITMIME SMTPUTF8');
  await talk.say('RCPT TO:<ann@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;Ann@old.example');
  await talk.say('DATA');
  await talk.say('A: b\r\n\r\n\xc3\xbc\r\n.');
  const [message] = await server.messages();
  assert.deepEqual(message?.sender, {
    reversePath: 'x@a.example',
    body: '8bitmime',
    smtpUtf8: true,
    ret: 'hdrs',
    envid: 'QQ314159',
  });
  const [recipient] = message?.recipients ?? [];
  assert.deepEqual(recipient?.notify, ['failure', 'delay']);
  assert.equal(recipient?.orcpt, 'rfc822;Ann@old.example');
  assert.match(message?.content ?? '', /with UTF8SMTP id/);
});

test('chunks of BDAT become one message, octet for octet', async () => {
  await using server = await startTestServer();
  await using talk = await hello(server);
  await talk.codes('MAIL FROM:<x@a.example> BODY=BINARYMIME', 'RCPT TO:<ann@example.org>');
  talk.send('BDAT 10\r\nSubject: a');
  assert.match(await talk.reply(), /^250 /);
  talk.send('BDAT 13 LAST\r\nb\r\n\r\n.\r\n\0\n\r\xff!');
  assert.match(await talk.reply(), /^250 2\.0\.0 Taken as/);
  const [message] = await server.messages();
  assert.ok(message?.content.endsWith('Subject: ab\r\n\r\n.\r\n\0\n\r\xff!'));
});

test('LMTP answers for each recipient', async () => {
  await using server = await startTestServer({ kind: 'lmtp' });
  await using talk = await Talk.dial(server);
  await talk.reply();
  assert.match(await talk.say('LHLO client.example'), /^250/);
  await talk.codes('MAIL FROM:<x@a.example>', 'RCPT TO:<ann@example.org>');
  assert.match(await talk.say('RCPT TO:<eve@example.org>'), /^550 /);
  await talk.codes('RCPT TO:<bob@example.org>', 'DATA');
  assert.match(await talk.say('A: b\r\n.'), /^250 2\.0\.0 Taken/);
  assert.match(await talk.reply(), /^250 2\.0\.0 Taken/);
  const [message] = await server.messages();
  assert.match(message?.content ?? '', /with LMTP id/);
});

test('LMTP over a unix socket, from whoever may open it', async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/lmtp`;
  const limits = { connectionsPerClient: 0 };
  await using server = await startTestServer({ kind: 'lmtp', endpoint: `unix:${path}`, limits });
  await using talk = await Talk.dial({ path });
  await talk.reply();
  await talk.say('LHLO client.example');
  assert.match(await talk.deliver('x@a.example', ['ann@example.org'], 'A: b\r\n'), /^250 /);
  const [message] = await server.messages();
  assert.match(message?.content ?? '', /^Received: from client\.example \(local\)/);
  assert.equal(message?.client?.address, null);
});

test('the header is edited as told: lies about our checks and Return-Path go, all else stays', async () => {
  await using server = await startTestServer();
  await using talk = await hello(server);
  const header = [
    'Return-Path: <liar@a.example>',
    'Authentication-Results: mx.example.org; spf=pass',
    'authentication-results : (a (nested) comment)\r\n\t"MX.example.org" 1;\r\n\tdkim=pass',
    'Authentication-Results: other.example; spf=fail',
    'Bcc: somebody@example.org',
    'Subject: stays\r\n\tfolded',
    'a line that is no field',
    'X-8bit: \xe9',
  ];
  await talk.deliver(
    'x@a.example',
    ['ann@example.org'],
    `${header.join('\r\n')}\r\n\r\nReturn-Path: body`,
  );
  const [message] = await server.messages();
  const [, ...lines] = (message?.content ?? '').split(/Spillway-Hop:[^\n]*\n/);
  assert.equal(lines.join(''), [...header.slice(3), '', 'Return-Path: body', ''].join('\r\n'));
});

test('the fields on top', async () => {
  await using server = await startTestServer();
  await using talk = await (await Talk.dial(server)).hello('evil)\\x');
  await talk.deliver('x@a.example', ['ann@example.org'], 'Subject: x\r\n');
  const [message] = await server.messages();
  const top = (message?.content ?? '')
    .replace(/id [0-9a-z]{11}/, 'id ID')
    .replace(/\w{3}, \d+ \w{3} \d{4} [\d:]{8}/, 'DATE')
    .replace(/: [0-9a-z]{11}; h=[\w-]{22}/, ': ID; h=MAC');
  assert.equal(
    top,
    [
      'Received: from evil??x ([127.0.0.1])',
      '\tby mx.example.org (Spillway) with ESMTP id ID',
      '\tfor <ann@example.org>;',
      '\tDATE +0000',
      'Authentication-Results: mx.example.org; none',
      'Spillway-Hop: ID; h=MAC',
      'Subject: x',
      '',
      '',
    ].join('\r\n'),
  );
});

test('Date and Message-ID are added for our own people only', async () => {
  for (const relayNetworks of [['127.0.0.0/8'], []]) {
    await using server = await startTestServer({ relayNetworks });
    await using talk = await hello(server);
    await talk.deliver('x@a.example', ['ann@example.org'], 'Subject: x\r\n');
    const [message] = await server.messages();
    assert.equal(/\r\nMessage-ID: /.test(message?.content ?? ''), relayNetworks.length > 0);
    assert.equal(/\r\nDate: /.test(message?.content ?? ''), relayNetworks.length > 0);
  }
});

test('a message that went through here six times goes no further', async () => {
  await using server = await startTestServer({ relayNetworks: ['127.0.0.0/8'] });
  await using talk = await (await Talk.dial(server)).hello('other.example');
  let content = 'Message-ID: <1@a.example>\r\nDate: today\r\n\r\nround and round\r\n';
  for (let round = 0; ; round++) {
    // A gateway that takes off every Received field on the way.
    const body = content.replace(/^Received:.*\r\n(?:\t.*\r\n)*/gm, '').replace(/\r\n$/, '');
    const said = await talk.deliver('x@a.example', ['ann@example.org'], body);
    if (round === 6) {
      assert.match(said, /^554 5\.4\.6/);
      break;
    }
    assert.match(said, /^250 /, `round ${round}`);
    content = (await server.messages()).at(-1)?.content ?? '';
  }
});

test('stamps of another message, a forger or another server count for nothing', async () => {
  await using server = await startTestServer();
  await using talk = await hello(server);
  const stamps: string[] = [];
  for (let i = 0; i < 8; i++) {
    await talk.deliver('x@a.example', ['ann@example.org'], `Message-ID: <${i}@a.example>\r\n`);
    const content = (await server.messages()).at(-1)?.content ?? '';
    stamps.push(/Spillway-Hop: [^\r]*/.exec(content)?.[0] ?? '');
  }
  const forged = stamps.map((stamp) => `${stamp.slice(0, -1)}A`);
  const mine = `${[...stamps, ...forged].join('\r\n')}\r\nMessage-ID: <9@a.example>\r\n`;
  assert.match(await talk.deliver('x@a.example', ['ann@example.org'], mine), /^250 /);
});

const turns: readonly [name: string, helo: string, header: string, want: RegExp][] = [
  [
    'our own name, two hops of ours',
    'mx.example.org',
    'Received: from a by mx.example.org; Tue\r\n'.repeat(2),
    /^554 5\.4\.6/,
  ],
  [
    'our own name, one hop of ours',
    'mx.example.org',
    'Received: from a by mx.example.org; Tue\r\n',
    /^250 /,
  ],
  [
    'another name, two hops of ours',
    'a.example',
    'Received: from a by mx.example.org; Tue\r\n'.repeat(2),
    /^250 /,
  ],
  [
    'a Delivered-To of the recipient',
    'a.example',
    'Delivered-To: ann@example.org\r\n',
    /^554 5\.4\.6/,
  ],
  [
    'a Delivered-To of whom the alias names',
    'a.example',
    'Delivered-To: bob@example.org\r\n',
    /^554 5\.4\.6/,
  ],
  [
    'a Delivered-To below a hop of others',
    'a.example',
    'Received: from a by b; Tue\r\nDelivered-To: ann@example.org\r\n',
    /^250 /,
  ],
];
for (const [name, helo, header, want] of turns)
  test(`from this machine with ${name}: ${want.source.includes('250') ? 'taken' : 'a loop'}`, async () => {
    await using server = await startTestServer({ aliases: { ann2: ['bob'] } });
    await using talk = await (await Talk.dial(server)).hello(helo);
    const to = ['ann@example.org', 'ann2@example.org'];
    assert.match(await talk.deliver('x@a.example', to, header), want);
  });

const report = (boundary: string, inner: string) =>
  `Content-Type: multipart/report;\r\n\treport-type=delivery-status; boundary="${boundary}"\r\n\r\n` +
  `--${boundary}\r\n\r\nSorry.\r\n--${boundary}\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\n` +
  `--${boundary}\r\nContent-Type: message/rfc822\r\n\r\n${inner}\r\n--${boundary}--\r\n`;
const letter = 'Subject: a letter\r\nContent-Type: text/plain\r\n\r\nhi';
const notices: readonly [name: string, from: string, content: string, want: RegExp][] = [
  ['a notice about a letter', '', report('a', letter), /^250 /],
  ['a notice about a notice', '', report('a', report('b', letter)), /^554 5\.4\.6/],
  [
    'a notice about a notice that was sent on by a person',
    'x@a.example',
    report('a', report('b', letter)),
    /^250 /,
  ],
  [
    'a notice about a letter that quotes a notice',
    '',
    report(
      'a',
      `Subject: see\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: message/rfc822\r\n\r\n${report('b', letter)}\r\n--m--`,
    ),
    /^250 /,
  ],
];
for (const [name, from, content, want] of notices)
  test(`${name} is ${want.source.includes('250') ? 'taken' : 'refused'}`, async () => {
    await using server = await startTestServer();
    await using talk = await hello(server);
    assert.match(await talk.deliver(from, ['ann@example.org'], content), want);
  });

test('more than a hundred Received fields are a loop', async () => {
  await using server = await startTestServer();
  await using talk = await hello(server);
  const hops = 'Received: from a.example by b.example; Tue\r\n'.repeat(101);
  assert.match(await talk.deliver('x@a.example', ['ann@example.org'], hops), /^554 5\.4\.6/);
  assert.deepEqual(await server.messages(), []);
});

test("what fails its author's own policy is refused", async () => {
  const dmarc = { result: 'fail', policy: 'reject', domain: 'bank.example' } as const;
  const prover: typeof blindProver = {
    begin: () => ({
      write() {},
      end: async () => ({ proof: { ...noProof, dmarc }, results: 'mx.example.org; dmarc=fail' }),
      abort() {},
    }),
  };
  await using server = await startTestServer({ prover });
  await using talk = await hello(server);
  assert.match(await talk.deliver('x@a.example', ['ann@example.org'], 'A: b\r\n'), /^550 5\.7\.26/);
  assert.deepEqual(await server.messages(), []);
});

/** A store whose drafts fail in one way or another. */
function failing(
  change: Partial<ReturnType<NonNullable<QueueStore['begin']>> & object>,
): QueueStore {
  const store = memoryQueue();
  return {
    ...store,
    begin: () => {
      const draft = store.begin();
      return draft && { ...draft, body: null, ...change };
    },
  };
}
const full = new QueueWriteError(Object.assign(new Error('disk full'), { errcode: 13 }));
const broken = new QueueWriteError(new Error('broken'));
const troubles: readonly [name: string, store: QueueStore, want: RegExp][] = [
  ['is full at the commit', failing({ commit: () => Promise.reject(full) }), /^452 4\.3\.1/],
  ['breaks at the commit', failing({ commit: () => Promise.reject(broken) }), /^451 4\.3\.0/],
  [
    'is full while the message comes',
    failing({ write: () => Promise.reject(full) }),
    /^452 4\.3\.1/,
  ],
  [
    'throws while the message comes',
    failing({
      write: () => {
        throw broken;
      },
    }),
    /^451 4\.3\.0/,
  ],
  ['takes no more', { ...memoryQueue(), begin: () => null }, /^452 4\.3\.1/],
];
for (const [name, store, want] of troubles)
  test(`a store that ${name} puts mail off, and the session goes on`, async () => {
    await using server = await startTestServer({ store });
    await using talk = await hello(server);
    const content = `A: b\r\n\r\n${'x'.repeat(70)}`;
    assert.match(await talk.deliver('x@a.example', ['ann@example.org'], content), want);
    assert.match(await talk.say('NOOP'), /^250/);
    assert.deepEqual(await server.messages(), []);
    assert.equal(server.crowd.bytes, 0);
    assert.deepEqual(server.taken, []);
  });

test('nothing is answered before the commit; who leaves meanwhile loses nothing', async () => {
  const store = memoryQueue();
  const { promise: allowed, resolve: allow } = Promise.withResolvers<void>();
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  await using server = await startTestServer({
    store: {
      ...store,
      begin: () => {
        const draft = store.begin();
        return (
          draft && {
            ...draft,
            body: null,
            commit: async (...words) => {
              ask();
              await allowed;
              await draft.commit(...words);
            },
          }
        );
      },
    },
  });
  await using talk = await hello(server);
  await talk.codes('MAIL FROM:<x@a.example>', 'RCPT TO:<ann@example.org>', 'DATA');
  talk.send('A: b\r\n.\r\n');
  await asked;
  talk.socket.resetAndDestroy();
  await server.quiet();
  allow();
  while (server.taken.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await server.messages()).length, 1);
});

test('who hangs up in the middle of a message leaves nothing behind', async () => {
  await using server = await startTestServer();
  await using talk = await hello(server);
  await talk.codes('MAIL FROM:<x@a.example>', 'RCPT TO:<ann@example.org>', 'DATA');
  talk.send('Subject: half a mess');
  talk.socket.destroySoon();
  await server.quiet();
  assert.deepEqual(await server.messages(), []);
  assert.equal(server.crowd.bytes, 0);
});

test('a client that sends everything and closes its side still hears the end', async () => {
  await using server = await startTestServer();
  await using talk = await hello(server);
  await talk.codes('MAIL FROM:<x@a.example>', 'RCPT TO:<ann@example.org>', 'DATA');
  talk.socket.end('A: b\r\n.\r\n');
  assert.match(await talk.reply(), /^250 /);
});

const good: Reply = { code: 250, status: '2.0.0', text: 'OK' };
const bad: Reply = { code: 550, status: '5.2.2', text: 'Mailbox full' };
const backends: readonly [
  name: string,
  kind: 'smtp' | 'lmtp',
  told: readonly Reply[] | null,
  want: readonly string[],
  queued: readonly string[],
][] = [
  ['takes all', 'smtp', [good, good], ['250 2.0.0'], []],
  ['refuses all', 'smtp', [bad, bad], ['550 5.2.2'], []],
  ['refuses one', 'smtp', [good, bad], ['250 2.0.0'], ['bob@example.org']],
  ['is away', 'smtp', null, ['250 2.0.0'], ['ann@example.org', 'bob@example.org']],
  ['refuses one', 'lmtp', [good, bad], ['250 2.0.0', '550 5.2.2'], []],
  [
    'refuses one behind an alias',
    'lmtp',
    [good, good, bad],
    ['250 2.0.0', '250 2.0.0'],
    ['z@far.example'],
  ],
];
for (const [name, kind, told, want, queued] of backends)
  test(`while the client waits by ${kind}, the backend ${name}`, async () => {
    const contents: string[] = [];
    await using server = await startTestServer({
      kind,
      aliases: { bob: name.includes('alias') ? ['bob', 'z@far.example'] : ['bob'] },
      store: smallQueue(),
      delivery: {
        ...idleDelivery([]),
        canCutThrough: () => true,
        cutThrough: async (_message, _recipients, content) => {
          contents.push(Buffer.from(content).toString());
          return told;
        },
      },
    });
    await using talk = await Talk.dial(server);
    await talk.reply();
    await talk.say(`${kind === 'lmtp' ? 'LHLO' : 'EHLO'} client.example`);
    const said = [
      await talk.deliver('x@a.example', ['ann@example.org', 'bob@example.org'], 'A: b\r\n'),
    ];
    if (want.length > 1) said.push(await talk.reply());
    assert.deepEqual(
      said.map((reply) => reply.slice(0, 9)),
      want,
    );
    assert.match(contents[0] ?? '', /^Received: .*\r\nA: b\r\n\r\n$/s);
    const [message] = await server.messages();
    assert.deepEqual(message?.recipients.map(({ forwardPath }) => forwardPath) ?? [], queued);
  });

/** Keeps a small body in memory, as the durable store does. */
function smallQueue(): QueueStore {
  const store = memoryQueue();
  return {
    ...store,
    begin: () => {
      const draft = store.begin();
      if (draft === null) return null;
      const pieces: Uint8Array[] = [];
      return {
        write(piece) {
          pieces.push(Uint8Array.from(piece));
          return draft.write(piece);
        },
        commit: (...words) => draft.commit(...words),
        get body() {
          return Buffer.concat(pieces);
        },
        [Symbol.asyncDispose]: () => draft[Symbol.asyncDispose](),
      };
    },
  };
}
