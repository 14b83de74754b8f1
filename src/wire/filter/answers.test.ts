import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { replies } from '../../mail/reply.ts';
import { formatAnswer, parseAnswer, proceed, registration, rejectWith } from './answers.ts';

const session = '7641df9771b4ed00';
const token = '1ef1c203cc576e5d';
const start = `filter-result|${session}|${token}|`;

test('answers in the words of smtpd', () => {
  assert.equal(formatAnswer(session, token, proceed), `${start}proceed`);
  assert.equal(
    formatAnswer(session, token, rejectWith(replies.overloaded)),
    `${start}reject|451 4.3.2 Too busy, try again later`,
  );
});

test('a reply is one line of text that smtpd takes, whatever it is made of', () => {
  fc.assert(
    fc.property(fc.integer(), fc.string({ unit: 'binary' }), fc.string(), (code, text, status) => {
      const line = formatAnswer(session, token, rejectWith({ code, status, text }));
      assert.match(line, /^filter-result\|\w+\|\w+\|reject\|(?!421)[45]\d\d [ -~]+$/);
      assert.ok(line.length < 1000);
      assert.equal(parseAnswer(line).kind, 'answer');
    }),
  );
});

test('421 would end the whole connection', () => {
  const answer = rejectWith({ code: 421, status: '4.3.2', text: 'Going down' });
  assert.deepEqual(answer, { kind: 'reject', reply: '451 4.3.2 Going down' });
});

test('registers once, and the end of it last', () => {
  assert.equal(new Set(registration).size, registration.length);
  assert.equal(registration.indexOf('register|ready'), registration.length - 1);
});

for (const line of [
  '',
  'HTTP/1.1 400 Bad Request',
  `${start}`,
  `${start}proceed|more`,
  `${start}reject`,
  `${start}reject|250 2.0.0 Ok`,
  `${start}reject|421 4.3.0 Away`,
  `${start}reject|550 5.0.0 \u0007`,
  `${start}rewrite|a@b.example`,
  `${start}disconnect|421 4.3.0 Away`,
  `filter-result|x|${token}|proceed`,
  `filter-dataline|${session}|${token}|.`,
])
  test(`no answer: ${JSON.stringify(line)}`, () => assert.equal(parseAnswer(line).kind, 'fault'));
