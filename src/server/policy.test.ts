import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import test, { type TestContext } from 'node:test';
import type { Judge } from '../judge/judge.ts';
import { replies } from '../mail/reply.ts';
import type { Question, Verdict } from '../verdict/verdict.ts';
import { servePolicy } from './policy.ts';

const accept: Verdict = { action: 'accept', reply: null, reason: 'deliverable', steps: [] };
const refuse: Verdict = { ...accept, action: 'refuse', reply: replies.senderBlackhole };

function request(attributes: Readonly<Record<string, string>>): string {
  const all = { request: 'smtpd_access_policy', protocol_state: 'RCPT', ...attributes };
  const lines = Object.entries(all).map(([name, value]) => `${name}=${value}\n`);
  return `${lines.join('')}\n`;
}

/** Everything that is said until the listener closes or `count` answers are there. */
async function converse(
  t: TestContext,
  judge: Judge,
  text: string,
  count = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const listener = await servePolicy(judge, { host: '127.0.0.1', port: 0 });
  t.after(() => listener.close(0));
  const socket = connect({ ...listener.endpoint, noDelay: true });
  t.after(() => socket.destroy());
  let said = '';
  const answers = (): string[] => said.split('\n\n').slice(0, -1);
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('close', () => resolve());
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    said += chunk.toString('latin1');
    if (answers().length >= count) resolve();
  });
  await once(socket, 'connect');
  for (const byte of Buffer.from(text)) socket.write(Buffer.of(byte));
  await promise;
  return answers();
}

function asked(answer: (question: Question) => Verdict | Promise<Verdict>) {
  const questions: string[] = [];
  const judge: Judge = {
    ask(question) {
      const path = question.check === 'sender' ? question.reversePath : question.forwardPath;
      questions.push(`${question.check} ${path}`);
      return answer(question);
    },
  };
  return { judge, questions };
}

const ann = { sender: 'ann@good-1.example', instance: '1.2' };
const nicholas = { sender: 'nicholas@seaton.biz', instance: '1.3' };

test('the sender is judged once for each message, every recipient by itself', async (t) => {
  const { judge, questions } = asked(async () => accept);
  const text = [
    request({ ...ann, recipient: 'a@hosted.example' }),
    request({ ...ann, recipient: 'b@hosted.example' }),
    request({ ...ann, instance: '1.4', recipient: 'c@hosted.example' }),
  ];
  const answers = await converse(t, judge, text.join(''), 3);
  assert.deepEqual(answers, Array(3).fill('action=DUNNO'));
  assert.deepEqual(questions, [
    'sender ann@good-1.example',
    'mailbox a@hosted.example',
    'mailbox b@hosted.example',
    'sender ann@good-1.example',
    'mailbox c@hosted.example',
  ]);
});

test('a refused sender is refused at each recipient, and asked about once', async (t) => {
  const { judge, questions } = asked(() => refuse);
  const text = ['a', 'b'].map((who) => request({ ...nicholas, recipient: `${who}@x.example` }));
  const answers = await converse(t, judge, text.join(''), 2);
  assert.deepEqual(answers, Array(2).fill(`action=550 5.1.8 ${replies.senderBlackhole.text}`));
  assert.deepEqual(questions, ['sender nicholas@seaton.biz']);
});

test('at MAIL the sender alone is judged, elsewhere nobody', async (t) => {
  const { judge, questions } = asked(() => accept);
  const text = ['CONNECT', 'EHLO', 'MAIL', 'DATA', 'END-OF-MESSAGE', 'VRFY', 'ETRN'].map((state) =>
    request({ ...ann, recipient: 'a@hosted.example', protocol_state: state }),
  );
  const answers = await converse(t, judge, text.join(''), text.length);
  assert.deepEqual(answers, Array(text.length).fill('action=DUNNO'));
  assert.deepEqual(questions, ['sender ann@good-1.example']);
});

for (const [name, text] of [
  ['rubbish', 'GET / HTTP/1.0\r\n\r\n'],
  ['another kind of request', 'request=junk_policy\n\n'],
  ['an empty request', '\n'],
] as const)
  test(`${name} gets no answer, and the connection is closed`, async (t) => {
    const { judge } = asked(() => accept);
    assert.deepEqual(await converse(t, judge, text), []);
  });

test('a judge that fails defers', async (t) => {
  const { judge } = asked(() => {
    throw new Error('a bug');
  });
  const [answer] = await converse(t, judge, request({ ...ann, recipient: 'a@x.example' }), 1);
  assert.match(answer ?? '', /^action=DEFER_IF_PERMIT 4\.3\.0 /);
});
