/**
 * Servers that are broken, hostile, slow or gone: nothing is lost, nothing is believed that was not
 * asked, nothing waits for ever, and no connection stays behind.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  type SmtpTimeouts,
  scaleTimeouts,
  standardTimeouts,
} from '../../src/delivery/smtp-timeouts.ts';
import { backend, mx, never, outcomes, shipmentTo, testClient } from './client.ts';
import { startScripted, type Talk, takeAll } from './scripted-server.ts';

/** What a server says, in the order of what it waits for: greeting, EHLO, MAIL, RCPT, DATA, content. */
const dialog: readonly [reply: string, until: string | null][] = [
  ['220 good.example', null],
  ['250-good.example\r\n250 PIPELINING', 'EHLO me.example'],
  ['250 2.1.0 Ok', 'MAIL FROM:<ann@good.example>'],
  ['250 2.1.5 Ok', 'RCPT TO:<a@x.example>'],
  ['354 Go on', 'DATA'],
  ['250 2.0.0 Taken', '.'],
];

/** The dialog up to, but without, the reply of number `count`. */
async function playUpTo(talk: Talk, count: number): Promise<void> {
  for (const [i, [reply, until]] of dialog.entries()) {
    if (until !== null) await talk.hearUntil(until);
    if (i >= count) return;
    talk.say(reply);
  }
}

/** Up to the reply to DATA; the content is not listened to. */
async function playUntilContent(talk: Talk): Promise<void> {
  await playUpTo(talk, 4);
  talk.say('354 Go on');
}

const message = shipmentTo(['a@x.example']);
const steps = ['greeting', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'content'];
const afterContent = /^deferred 451 4\.4\.2 The connection broke after the content was sent/;

for (const [count, step] of steps.entries())
  for (const how of ['end', 'reset'] as const)
    test(`a server that is gone (${how}) instead of replying to ${step}`, async () => {
      await using server = await startScripted(async (talk) => {
        await playUpTo(talk, count);
        talk[how]();
      });
      await using client = testClient();
      const delivered = await client.transportTo(backend(server.port)).deliver(message, never);
      const [outcome] = outcomes(delivered);
      assert.match(outcome ?? '', step === 'content' ? afterContent : /^deferred 451 4\.4\.[12]/);
      assert.equal(delivered.isDown, true);
      assert.equal(server.connections, 1);
      await server.left();
    });

for (const [count, step] of steps.entries())
  test(`a server that is gone at ${step}, and another one is there`, async () => {
    await using server = await startScripted(async (talk) => {
      if (talk.connection === 1) await playUpTo(talk, count);
      else await takeAll(talk, ['PIPELINING']);
    });
    await using client = testClient();
    const hop = mx(server.port, ['127.0.0.1', '127.0.0.1']);
    const [outcome] = outcomes(await client.transportTo(hop).deliver(message, never));
    // After the content it may have been taken: asking somebody else at once would double it for sure.
    assert.match(outcome ?? '', step === 'content' ? afterContent : /^relayed 250 2\.0\.0 Taken/);
  });

/** In everything but connecting, which a busy machine may take long for. */
function impatient(factor: number): SmtpTimeouts {
  return { ...scaleTimeouts(factor), connect: standardTimeouts.connect };
}

for (const [count, step] of steps.entries())
  test(`a server that is silent at ${step}`, async () => {
    await using server = await startScripted(async (talk) => {
      await playUpTo(talk, count);
      await talk.gone();
    });
    await using client = testClient({ timeouts: impatient(1 / 3000) });
    const delivered = await client.transportTo(backend(server.port)).deliver(message, never);
    assert.match(outcomes(delivered)[0] ?? '', /^deferred 451 4\.4\.2 .*(No reply in time)/);
    await server.left();
  });

test('a server that says 1 byte at a time gets its message', async () => {
  await using server = await startScripted(async (talk) => {
    const slow: Talk = Object.create(talk, {
      say: {
        value: (...lines: string[]) => {
          for (const character of lines.map((line) => `${line}\r\n`).join(''))
            talk.socket.write(character);
        },
      },
    });
    await takeAll(slow, ['PIPELINING', 'DSN']);
  });
  await using client = testClient();
  const delivered = await client.transportTo(backend(server.port)).deliver(message, never);
  assert.deepEqual(outcomes(delivered), ['delivered 250 2.0.0 Taken']);
});

test('a reply that trickles in for ever has an end', async () => {
  await using server = await startScripted(async (talk) => {
    talk.say('220 x');
    await talk.hear();
    const timer = setInterval(() => talk.say('250-x'), 5);
    await talk.gone();
    clearInterval(timer);
  });
  const timeouts = { ...scaleTimeouts(1), opening: 60 };
  await using client = testClient({ timeouts });
  const delivered = await client.transportTo(backend(server.port)).deliver(message, never);
  assert.match(outcomes(delivered)[0] ?? '', /^deferred 451 4\.4\.2 No reply in time/);
});

const nonsense: readonly [name: string, at: number, bytes: string][] = [
  ['no SMTP at all', 0, 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['a line without end', 0, `220 ${'x'.repeat(10_000)}`],
  ['a reply without end', 1, '250-x\r\n'.repeat(1000)],
  ['NULs', 0, '\0'.repeat(5000)],
  ['two greetings', 0, '220 a\r\n220 b\r\n'],
  ['greeting and EHLO ahead of the question', 0, '220 a\r\n250 b\r\n'],
  ['an answer to what comes next', 1, '250-a\r\n250 PIPELINING\r\n250 b\r\n'],
  ['all the answers at once', 1, '250-a\r\n250 PIPELINING\r\n250 b\r\n250 c\r\n354 d\r\n250 e\r\n'],
  ['354 to MAIL', 2, '354 Go\r\n'],
  ['250 to DATA', 4, '250 Ok\r\n'],
  ['354 to the content', 5, '354 Go\r\n'],
  ['bare LF', 5, '250 Ok\n250 Ok\n'.repeat(500)],
];
for (const [name, at, bytes] of nonsense)
  test(`nonsense: ${name}`, async () => {
    await using server = await startScripted(async (talk) => {
      await playUpTo(talk, at);
      talk.sayRaw(bytes);
      await talk.gone();
    });
    await using client = testClient();
    const delivered = await client.transportTo(backend(server.port)).deliver(message, never);
    assert.match(outcomes(delivered)[0] ?? '', /^deferred 451 4\.[45]\.[02]/);
    assert.equal(delivered.isDown, true);
    assert.ok(!server.heard.includes('DATA') || at > 1);
    await server.left();
  });

test('a message that was taken stays taken, whatever is said after it', async () => {
  await using server = await startScripted(async (talk) => {
    await playUpTo(talk, 5);
    talk.sayRaw('250 2.0.0 Taken\r\n250 And\r\n354 more\r\n');
    await talk.gone();
  });
  await using client = testClient();
  const transport = client.transportTo(backend(server.port));
  for (let i = 1; i <= 2; i++) {
    assert.deepEqual(outcomes(await transport.deliver(message, never)), [
      'relayed 250 2.0.0 Taken',
    ]);
    // The connection is not used again: its next reply would belong to nothing.
    assert.equal(server.connections, i);
  }
});

test('a reply while a connection waits ends it', async () => {
  await using server = await startScripted(async (talk) => {
    await playUpTo(talk, 6);
    setTimeout(() => talk.say('250 2.0.0 Taken in advance'), 5);
    await talk.gone();
  });
  await using client = testClient();
  const transport = client.transportTo(backend(server.port));
  await transport.deliver(message, never);
  await server.left();
  await transport.deliver(message, never);
  assert.equal(server.connections, 2);
});

const injected = ['250 x\r\n', '2', '250-x\r\n', '\r\n', '250-x\r\n250 SIZE\r\n'];
for (const text of injected)
  test(`${JSON.stringify(text)} slipped in before TLS is not taken for something said under it`, async () => {
    await using server = await startScripted(async (talk) => {
      talk.say('220 x');
      await talk.hear();
      talk.say('250-x', '250 STARTTLS');
      await talk.hear();
      talk.sayRaw(`220 Go\r\n${text}`);
      await talk.gone();
    });
    await using client = testClient();
    const hop = backend(server.port, { tls: 'required' });
    const delivered = await client.transportTo(hop).deliver(message, never);
    assert.match(outcomes(delivered)[0] ?? '', /^deferred 451 4\.5\.0/);
  });

test('a refusal in the middle of the content is heard', async () => {
  await using server = await startScripted(async (talk) => {
    await playUntilContent(talk);
    talk.say('552 5.3.4 Enough');
    await talk.gone();
  });
  await using client = testClient();
  let pieces = 0;
  const large = shipmentTo(['a@x.example'], {
    size: 1_000_000_000,
    async *content() {
      for (;;) {
        pieces++;
        yield Buffer.alloc(65_536, 'x');
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  });
  const delivered = await client.transportTo(backend(server.port)).deliver(large, never);
  assert.match(outcomes(delivered)[0] ?? '', /^(failed 552 5\.3\.4 Enough|deferred 451 4\.4\.2)/);
  assert.ok(pieces < 10_000);
});

test('content of any size passes, and no more of it is in memory than the network takes', async () => {
  const line = Buffer.from(`.${'x'.repeat(1021)}\r\n`);
  const piece = Buffer.concat(Array.from({ length: 64 }, () => line));
  const count = 400;
  let given = 0;
  let mostAhead = 0;
  let lines = 0;
  await using server = await startScripted(async (talk) => {
    await playUntilContent(talk);
    // Not a byte is read for a while.
    talk.socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 50));
    mostAhead = given;
    talk.socket.removeAllListeners('data');
    let last = '';
    await new Promise<void>((resolve) => {
      talk.socket.on('data', (chunk: Buffer) => {
        const text = last + chunk.toString('latin1');
        lines += text.split('\r\n..').length - 1;
        last = text.slice(-4);
        if (text.endsWith('\r\n.\r\n')) resolve();
      });
      talk.socket.resume();
    });
    talk.say('250 2.0.0 Taken');
  });
  await using client = testClient();
  const shipment = shipmentTo(['a@x.example'], {
    size: piece.length * count,
    async *content() {
      for (given = 1; given <= count; given++) yield piece;
    },
  });
  const delivered = await client.transportTo(backend(server.port)).deliver(shipment, never);
  assert.deepEqual(outcomes(delivered), ['relayed 250 2.0.0 Taken']);
  assert.ok(mostAhead * piece.length < 12 * 1_048_576, `${mostAhead} pieces ahead`);
  assert.ok(lines > count * 60, `${lines} lines`);
});

const unreadable: readonly [
  name: string,
  size: number,
  content: () => AsyncIterable<Uint8Array>,
][] = [
  [
    'breaks',
    200_000,
    async function* () {
      yield Buffer.from('Subject: x\r\n\r\nhalf a mess');
      throw new Error('EIO');
    },
  ],
  [
    'is shorter than it was',
    200_000,
    async function* () {
      yield Buffer.from('Subject: x\r\n\r\n');
    },
  ],
  [
    'is longer than it was',
    5,
    async function* () {
      yield Buffer.from('Subject: x\r\n\r\n');
    },
  ],
  [
    'cannot even be opened',
    20,
    () => {
      throw new Error('EIO');
    },
  ],
];
for (const [name, size, content] of unreadable)
  test(`content that ${name} is never ended`, async () => {
    await using server = await startScripted((talk) => takeAll(talk, ['PIPELINING']));
    await using client = testClient();
    const shipment = shipmentTo(['a@x.example'], { size, content });
    const delivered = await client
      .transportTo(mx(server.port, ['127.0.0.1', '127.0.0.1']))
      .deliver(shipment, never);
    assert.match(outcomes(delivered)[0] ?? '', /^deferred 451 4\.3\.0/);
    assert.deepEqual([delivered.isDown, server.connections], [false, 1]);
    await server.left();
    assert.ok(!server.heard.includes('.'));
  });

for (const [count, step] of steps.entries())
  test(`a stop while ${step} is waited for`, async () => {
    const stop = new AbortController();
    await using server = await startScripted(async (talk) => {
      await playUpTo(talk, count);
      stop.abort();
      if (step === 'content') talk.say('250 2.0.0 Taken');
      await talk.gone();
    });
    await using client = testClient();
    const delivered = await client.transportTo(backend(server.port)).deliver(message, stop.signal);
    const [outcome] = outcomes(delivered);
    // What is after the final dot is waited for.
    if (step === 'content') assert.equal(outcome, 'relayed 250 2.0.0 Taken');
    else assert.match(outcome ?? '', /^deferred 451 4\.3\.2/);
    assert.equal(delivered.isDown, false);
    await client.close();
    await server.left();
  });

test('a stop before anything began connects to nobody', async () => {
  await using server = await startScripted((talk) => takeAll(talk, []));
  await using client = testClient();
  const stopped = AbortSignal.abort();
  const delivered = await client.transportTo(backend(server.port)).deliver(message, stopped);
  assert.match(outcomes(delivered)[0] ?? '', /^deferred 451 4\.3\.2/);
  assert.ok(!server.heard.some((line) => line.startsWith('MAIL')));
});

test('whatever a server says, every recipient has an end and every connection too', async () => {
  const word = fc.constantFrom(
    '220 x\r\n',
    '250 x\r\n',
    '250-x\r\n',
    '354 x\r\n',
    '421 x\r\n',
    '450 x\r\n',
    '550 5.1.1 x\r\n',
    '250-x\r\n250 PIPELINING\r\n',
    '250-x\r\n250 STARTTLS\r\n',
    '\r\n',
    'x',
    '2',
    '\0',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 12 }), fc.boolean(), async (words, isStepwise) => {
      await using server = await startScripted(async (talk) => {
        for (const text of words) {
          talk.sayRaw(text);
          if (isStepwise) await talk.hear();
        }
      });
      await using client = testClient({ timeouts: impatient(1 / 12_000) });
      const hop = backend(server.port, { tls: 'opportunistic' });
      const two = shipmentTo(['a@x.example', 'b@x.example']);
      const { results } = await client.transportTo(hop).deliver(two, never);
      assert.deepEqual(results.map(({ index }) => index).toSorted(), [0, 1]);
      const isTaken = results.some(({ outcome }) => outcome === 'relayed');
      if (isTaken) assert.ok(server.heard.includes('.'));
      await client.close();
      await server.left();
    }),
    { numRuns: 60 },
  );
});
