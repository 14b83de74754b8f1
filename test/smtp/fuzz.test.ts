/** Whatever comes over a socket: no crash, no connection left, and no message that had no end. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { startTestServer, type TestServer } from './server.ts';
import { Talk } from './talk.ts';

const lines = [
  'EHLO a.example',
  'HELO a.example',
  'LHLO a.example',
  'MAIL FROM:<x@a.example>',
  'MAIL FROM:<> BODY=BINARYMIME SMTPUTF8',
  'RCPT TO:<ann@example.org>',
  'RCPT TO:<eve@example.org> NOTIFY=NEVER',
  'DATA',
  'BDAT 5',
  'BDAT 5 LAST',
  'BDAT 0 LAST',
  'RSET',
  'NOOP',
  'VRFY ann',
  'AUTH PLAIN',
  'STARTTLS',
  'XCLIENT ADDR=192.0.2.1',
  'Subject: hi',
  '',
  '.',
  '..',
  'QUIT',
  'x'.repeat(3000),
];
const ends = ['\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\0\r\n', ''];
const said = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.constantFrom(...lines), fc.constantFrom(...ends))
      .map((both) => both.join('')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
);

async function play(server: TestServer, pieces: readonly string[]): Promise<void> {
  await using talk = await Talk.dial(server);
  for (const piece of pieces) {
    talk.send(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  talk.socket.end();
  await talk.closed();
}

test('commands and bytes in any order', async () => {
  const limits = {
    errorsPerSession: 1000,
    unknownPerSession: 1000,
    unknownPerClient: 1e9,
    arrivalsPerClient: 1e9,
  };
  const faults: string[] = [];
  const log = {
    info() {},
    warn() {},
    error: (details: object) => void faults.push(JSON.stringify(details)),
  };
  await using server = await startTestServer({ limits, log });
  await fc.assert(
    fc.asyncProperty(fc.array(said, { maxLength: 30 }), (pieces) => play(server, pieces)),
    { numRuns: 300 },
  );
  await server.quiet();
  assert.deepEqual(faults, []);
  assert.equal(server.crowd.bytes, 0);
});

const envelope = 'EHLO a\r\nMAIL FROM:<x@a.example>\r\nRCPT TO:<ann@example.org>\r\nDATA\r\n';
test('nothing is taken that did not end with CRLF.CRLF, and nothing after a false end is a command', async () => {
  const dots = [
    '\n.\n',
    '\r\n.\n',
    '\n.\r\n',
    '\r.\r',
    '\r\n.\r',
    '\r.\r\n',
    '\r\n.\0\r\n',
    '\r\r\n.\r\r\n',
    '\n.\r\r\n',
  ];
  for (const dot of dots) {
    await using server = await startTestServer();
    await using talk = await Talk.dial(server);
    await talk.reply();
    for (const line of envelope.trim().split('\r\n')) await talk.say(line);
    talk.send(
      `A: b\r\n\r\nfirst${dot}MAIL FROM:<evil@a.example>\r\nRCPT TO:<ann@example.org>\r\nDATA\r\nsecond\r\n.\r\n`,
    );
    assert.match(await talk.reply(), /^550 5\.6\.0/, JSON.stringify(dot));
    assert.equal(await talk.codes('NOOP'), '250');
    assert.deepEqual(await server.messages(), []);
  }
});

test('a message cut at every byte is the same message', async () => {
  await using server = await startTestServer({ limits: { messagesPerSession: 1e6 } });
  await using talk = await Talk.dial(server);
  await talk.hello();
  const content = 'A: b\r\nReceived: from x\r\n\tby y\r\n\r\n..\r\nend\r\n.\r\n';
  for (let cut = 1; cut < content.length; cut++) {
    await talk.codes('MAIL FROM:<x@a.example>', 'RCPT TO:<ann@example.org>', 'DATA');
    talk.send(content.slice(0, cut));
    await new Promise((resolve) => setImmediate(resolve));
    talk.send(content.slice(cut));
    assert.match(await talk.reply(), /^250 /);
  }
  for (const { content: kept } of await server.messages())
    assert.ok(kept.endsWith('\r\nA: b\r\nReceived: from x\r\n\tby y\r\n\r\n.\r\nend\r\n'));
});

test('random headers pass unharmed or are refused in clear words', async () => {
  await using server = await startTestServer({
    limits: { messagesPerSession: 1e6, errorsPerSession: 1e6 },
  });
  await using talk = await Talk.dial(server);
  await talk.hello();
  const unit = fc.constantFrom(
    'a',
    ':',
    ' ',
    '\t',
    '\r\n',
    '\r\n',
    'Received:',
    'from',
    '(',
    '"',
    '\xff',
  );
  await fc.assert(
    fc.asyncProperty(fc.string({ unit, maxLength: 60 }), async (header) => {
      const content = `${header}\r\n\r\nbody`.replace(/(^|\r\n)\./g, '$1..');
      const reply = await talk.deliver('x@a.example', ['ann@example.org'], content);
      assert.match(reply, /^(?:250 |55\d 5\.)/);
    }),
    { numRuns: 200 },
  );
});
