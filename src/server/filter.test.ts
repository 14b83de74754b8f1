import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import test, { type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Judge } from '../judge/judge.ts';
import type { HostPort } from '../mail/endpoint.ts';
import type { Question, Verdict } from '../verdict/verdict.ts';
import { serveFilter } from './filter.ts';
import { runDoor } from './filter-door.ts';

const token = '1ef1c203cc576e5d';
const accepted: Verdict = { action: 'accept', reply: null, reason: 'deliverable', steps: [] };
const refused: Verdict = {
  action: 'refuse',
  reply: { code: 556, status: '5.1.10', text: 'Recipient domain takes no mail' },
  reason: 'null-mx',
  steps: [],
};

function query(phase: string, session: string, parameter: string, key = token) {
  return `filter|0.6|1.2|smtp-in|${phase}|${session}|${key}|${parameter}\n`;
}

function report(event: string, session: string, rest: string) {
  return `report|0.6|1.2|smtp-in|${event}|${session}|${rest}\n`;
}

const local = report(
  'link-connect',
  'a',
  'localhost|pass|unix:/run/smtpd.sock|unix:/run/smtpd.sock',
);

interface Smtpd {
  readonly input: PassThrough;
  /** All lines but `register|` so far. */
  readonly answers: string[];
  readonly told: string[];
  /** Resolves when there are so many. */
  answered(count: number): Promise<string[]>;
  isRegistered(): boolean;
}

function open(
  t: TestContext,
  guard: HostPort,
  onFailure: 'open' | 'closed',
  patience = 5000,
): Smtpd {
  const input = new PassThrough();
  const output = new PassThrough();
  const answers: string[] = [];
  const told: string[] = [];
  let text = '';
  let hasRegistered = false;
  output.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('register|')) answers.push(line);
      if (line === 'register|ready') hasRegistered = true;
    }
  });
  const tell = (line: string) => void told.push(line);
  const gone = runDoor({ input, output, guard, onFailure, patience, pause: 20, tell });
  t.after(async () => {
    input.end();
    await gone;
  });
  return {
    input,
    answers,
    told,
    async answered(count) {
      while (answers.length < count) await once(output, 'data');
      return answers;
    },
    isRegistered: () => hasRegistered,
  };
}

async function guardOf(t: TestContext, ask: Judge['ask'], port = 0) {
  const listener = await serveFilter({ ask }, { host: '127.0.0.1', port });
  t.after(() => listener.close(0));
  assert.ok('port' in listener.endpoint);
  return { listener, at: listener.endpoint };
}

async function rubbish(t: TestContext, onConnection: (socket: Socket) => void): Promise<HostPort> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    t.after(() => socket.destroy());
    onConnection(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address);
  return { host: '127.0.0.1', port: address.port };
}

test('the question goes through the door, and the answer back with the token of smtpd', async (t) => {
  const questions: Question[] = [];
  const { at } = await guardOf(t, (question) => {
    questions.push(question);
    return question.check === 'notice' ? refused : accepted;
  });
  const smtpd = open(t, at, 'open');
  smtpd.input.write('config|smtpd-version|6.8.0\nconfig|ready\n');
  smtpd.input.write(local + query('mail-from', 'a', ''));
  assert.deepEqual(await smtpd.answered(1), [`filter-result|a|${token}|proceed`]);
  smtpd.input.write(report('tx-mail', 'a', '1234abcd|ok|'));
  smtpd.input.write(query('rcpt-to', 'a', 'nicholas@seaton.biz'));
  assert.equal(
    (await smtpd.answered(2))[1],
    `filter-result|a|${token}|reject|556 5.1.10 Recipient domain takes no mail`,
  );
  assert.deepEqual(
    questions.map(({ check }) => check),
    ['notice'],
  );
});

test('answers come in any order, each with its own question', async (t) => {
  const first = Promise.withResolvers<Verdict>();
  const { at } = await guardOf(t, (question) =>
    question.reversePath === 'slow@b.example' ? first.promise : refused,
  );
  const smtpd = open(t, at, 'open');
  smtpd.input.write(`config|ready\n${query('mail-from', 'b', 'slow@b.example')}`);
  smtpd.input.write(query('mail-from', 'c', 'fast@b.example'));
  assert.match((await smtpd.answered(1))[0] ?? '', /^filter-result\|c\|/);
  first.resolve(accepted);
  assert.equal((await smtpd.answered(2))[1], `filter-result|b|${token}|proceed`);
});

/** As a newer smtpd tells it (smtpd-filters.7 of 7.8), down to what nobody asked for. */
const dialogueOf07 = `config|smtpd-version|7.8.0
config|protocol|0.7
config|smtp-session-timeout|300
config|subsystem|smtp-in
config|admd|mx.host.example
config|ready
report|0.7|1576146008.006099|smtp-in|link-connect|7641df9771b4ed00|mail.example|pass|192.0.2.20:33174|192.0.2.10:25
report|0.7|1576146008.006101|smtp-in|link-auth|7641df9771b4ed00|pass|a|b
report|0.7|1576146008.006110|smtp-in|link-identify|7641df9771b4ed00|EHLO|mail.example
filter|0.7|1576146008.006120|smtp-in|mail-from|7641df9771b4ed00|1ef1c203cc576e5d|ann@good-1.example
report|0.7|1576146008.006122|smtp-in|filter-report|7641df9771b4ed00|builtin|other|said
report|0.7|1576146008.006130|smtp-in|tx-begin|7641df9771b4ed00|1234abcd
report|0.7|1576146008.006131|smtp-in|tx-mail|7641df9771b4ed00|1234abcd|ok|ann@good-1.example
filter|0.7|1576146008.006140|smtp-in|rcpt-to|7641df9771b4ed00|1ef1c203cc576e5e|"a|b"@null-mx.example
report|0.7|1576146008.006150|smtp-in|tx-rollback|7641df9771b4ed00|1234abcd
report|0.7|1576146008.006160|smtp-in|link-disconnect|7641df9771b4ed00
`;

test('a newer smtpd, which speaks 0.7, is understood alike', async (t) => {
  const questions: Question[] = [];
  const { at } = await guardOf(t, (question) => {
    questions.push(question);
    return question.check === 'mailbox' ? refused : accepted;
  });
  const smtpd = open(t, at, 'closed');
  smtpd.input.write(dialogueOf07);
  const answers = await smtpd.answered(2);
  assert.deepEqual(answers.toSorted(), [
    `filter-result|7641df9771b4ed00|${token}|proceed`,
    'filter-result|7641df9771b4ed00|1ef1c203cc576e5e|reject|556 5.1.10 Recipient domain takes no mail',
  ]);
  assert.deepEqual(
    questions.map(({ check, reversePath, forwardPath, client }) => [
      ...[check, reversePath, forwardPath],
      client?.address,
    ]),
    [
      ['sender', 'ann@good-1.example', null, '192.0.2.20'],
      ['mailbox', 'ann@good-1.example', '"a|b"@null-mx.example', '192.0.2.20'],
    ],
  );
  assert.ok(
    smtpd.told.every((line) => !/not understood/.test(line)),
    smtpd.told.join('\n'),
  );
});

for (const [mode, said] of [
  ['open', 'proceed'],
  ['closed', 'reject|451 4.3.2 Try again later'],
] as const) {
  test(`without a guard smtpd is answered all the same: ${mode}`, async (t) => {
    const { listener, at } = await guardOf(t, () => accepted);
    await listener.close(0);
    const smtpd = open(t, at, mode);
    smtpd.input.write(`config|ready\n${query('mail-from', 'a', 'ann@b.example')}`);
    assert.deepEqual(await smtpd.answered(1), [`filter-result|a|${token}|${said}`]);
    assert.ok(smtpd.isRegistered());
  });

  test(`a guard that is too slow is not waited for, and its late answer is no second one: ${mode}`, async (t) => {
    const late = Promise.withResolvers<Verdict>();
    const { at } = await guardOf(t, (question) =>
      question.reversePath === 'slow@b.example' ? late.promise : accepted,
    );
    const smtpd = open(t, at, mode, 300);
    smtpd.input.write(`config|ready\n${query('mail-from', 'a', 'slow@b.example')}`);
    assert.deepEqual(await smtpd.answered(1), [`filter-result|a|${token}|${said}`]);
    late.resolve(refused);
    // smtpd's token is the same again: the late answer must not be taken for that of this one.
    smtpd.input.write(query('mail-from', 'a', 'ann@b.example'));
    assert.equal((await smtpd.answered(2))[1], `filter-result|a|${token}|proceed`);
    await sleep(100);
    assert.equal(smtpd.answers.length, 2);
  });

  test(`somebody who talks rubbish is no guard: ${mode}`, async (t) => {
    const at = await rubbish(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const smtpd = open(t, at, mode);
    smtpd.input.write(`config|ready\n${query('mail-from', 'a', 'ann@b.example')}`);
    assert.deepEqual(await smtpd.answered(1), [`filter-result|a|${token}|${said}`]);
  });
}

test('no rubbish of any kind reaches smtpd', async (t) => {
  for (const line of [
    `filter-result|a|0000000000000001|rewrite|x@y.example\n`,
    `filter-result|a|0000000000000001|disconnect|421 x\n`,
    `filter-dataline|a|0000000000000001|.\n`,
    `filter-result|other|0000000000000001|proceed\n`,
    'x'.repeat(100_000),
    '\0\n',
  ]) {
    const at = await rubbish(t, (socket) => {
      socket.on('data', () => socket.write(`register|ready\n${line}`));
    });
    const smtpd = open(t, at, 'closed', 300);
    smtpd.input.write(`config|ready\n${query('mail-from', 'a', 'ann@b.example')}`);
    const [answer] = await smtpd.answered(1);
    assert.equal(answer, `filter-result|a|${token}|reject|451 4.3.2 Try again later`);
  }
});

test('a guard that comes back knows the sessions that are under way', async (t) => {
  const questions: Question[] = [];
  const judge = (question: Question) => {
    questions.push(question);
    return accepted;
  };
  const { listener, at } = await guardOf(t, judge);
  const smtpd = open(t, at, 'closed');
  smtpd.input.write(`config|ready\n${local}${report('tx-mail', 'a', '1234abcd|ok|')}`);
  smtpd.input.write(query('rcpt-to', 'a', 'ann@b.example'));
  await smtpd.answered(1);
  await listener.close(0);
  await guardOf(t, judge, at.port);
  let count = 1;
  // While it is away it is asked in vain.
  while (questions.length < 2) {
    smtpd.input.write(query('rcpt-to', 'a', 'nicholas@seaton.biz'));
    await smtpd.answered(++count);
    await sleep(10);
  }
  assert.equal(questions.at(-1)?.check, 'notice');
  assert.equal(questions.at(-1)?.queueId, '1234abcd');
});

test('smtpd may write in pieces of any size, and lines without end', async (t) => {
  const { at } = await guardOf(t, () => accepted);
  const smtpd = open(t, at, 'open');
  const text = `config|ready\n${query('mail-from', 'a', 'ann@b.example')}${query('mail-from', 'c', 'x'.repeat(50_000))}`;
  for (let i = 0; i < text.length; i += 97) smtpd.input.write(text.slice(i, i + 97));
  assert.equal((await smtpd.answered(2)).length, 2);
});
