import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseFrames } from './frames.ts';
import { formatMilterReply, type MilterReply } from './replies.ts';

const cases: readonly [name: string, reply: MilterReply, bytes: string][] = [
  ['continue', { kind: 'continue' }, '\0\0\0\x01c'],
  ['accept', { kind: 'accept' }, '\0\0\0\x01a'],
  ['reject', { kind: 'reject' }, '\0\0\0\x01r'],
  ['tempfail', { kind: 'tempfail' }, '\0\0\0\x01t'],
  ['discard', { kind: 'discard' }, '\0\0\0\x01d'],
  ['skip', { kind: 'skip' }, '\0\0\0\x01s'],
  ['progress', { kind: 'progress' }, '\0\0\0\x01p'],
  [
    'a refusal in our words',
    { kind: 'reply', reply: { code: 550, status: '5.1.8', text: 'no' } },
    '\0\0\0\x0ey550 5.1.8 no\0',
  ],
  [
    'a per cent sign, doubled',
    { kind: 'reply', reply: { code: 451, status: '4.3.0', text: '100%s' } },
    '\0\0\0\x12y451 4.3.0 100%%s\0',
  ],
  [
    'line breaks and NUL taken out',
    { kind: 'reply', reply: { code: 550, status: '5.1.8', text: 'a\r\n250 b\0c\u00e9' } },
    '\0\0\0\x15y550 5.1.8 a 250 b c\0',
  ],
  [
    'a status of another class: the server finds the words',
    { kind: 'reply', reply: { code: 550, status: '4.1.8', text: 'no' } },
    '\0\0\0\x01r',
  ],
  [
    'a deferral with a malformed status',
    { kind: 'reply', reply: { code: 451, status: '4.x', text: 'later' } },
    '\0\0\0\x01t',
  ],
  [
    'a refusal without text',
    { kind: 'reply', reply: { code: 554, status: '5.4.6', text: '\r\n' } },
    '\0\0\0\x01r',
  ],
  [
    'a reply that is no refusal',
    { kind: 'reply', reply: { code: 250, status: '2.0.0', text: 'fine' } },
    '\0\0\0\x01r',
  ],
  ['quarantine', { kind: 'quarantine', reason: 'loop' }, '\0\0\0\x06qloop\0'],
  ['quarantine without reason', { kind: 'quarantine', reason: '' }, '\0\0\0\x0dqquarantined\0'],
  ['a recipient taken off', { kind: 'deleteRecipient', path: '<a@b>' }, '\0\0\0\x07-<a@b>\0'],
  [
    'a recipient more',
    { kind: 'addRecipient', path: '<a@b>', parameters: [] },
    '\0\0\0\x07+<a@b>\0',
  ],
  [
    'a recipient with parameters',
    { kind: 'addRecipient', path: '<a@b>', parameters: ['NOTIFY=NEVER'] },
    '\0\0\0\x142<a@b>\0NOTIFY=NEVER\0',
  ],
  ['another sender', { kind: 'changeSender', path: '<>', parameters: [] }, '\0\0\0\x04e<>\0'],
  [
    'another sender with parameters',
    { kind: 'changeSender', path: '<>', parameters: ['RET=HDRS'] },
    '\0\0\0\x0de<>\0RET=HDRS\0',
  ],
  ['a header', { kind: 'addHeader', name: 'X', value: 'y' }, '\0\0\0\x05hX\0y\0'],
  [
    'a header on top',
    { kind: 'insertHeader', position: 0, name: 'X', value: 'y' },
    '\0\0\0\x09i\0\0\0\0X\0y\0',
  ],
  [
    'a header gone',
    { kind: 'changeHeader', index: 1, name: 'X', value: '' },
    '\0\0\0\x08m\0\0\0\x01X\0\0',
  ],
  ['another body', { kind: 'replaceBody', chunk: Buffer.from('b') }, '\0\0\0\x02bb'],
];
for (const [name, reply, bytes] of cases)
  test(`on the wire: ${name}`, () =>
    assert.equal(Buffer.from(formatMilterReply(reply)).toString('latin1'), bytes));

test('whatever the words, a reply is one line with one NUL at its end that Postfix takes', () => {
  const replies = fc.record({
    code: fc.integer({ min: 100, max: 999 }),
    status: fc.oneof(fc.constant('5.7.1'), fc.constant('4.4.3'), fc.string()),
    text: fc.string({ unit: 'binary', maxLength: 600 }),
  });
  fc.assert(
    fc.property(replies, (reply) => {
      const { events, rest } = parseFrames(formatMilterReply({ kind: 'reply', reply }), 2000);
      assert.equal(rest.length, 0);
      assert.equal(events.length, 1);
      const [frame] = events;
      assert.ok(frame?.kind === 'frame');
      const text = Buffer.from(frame.body).toString('latin1');
      if (frame.command !== 'y') assert.equal(text, '');
      else assert.match(text, /^([45])\d\d \1\.\d+\.\d+ (?:[ -$&-~]|%%){1,900}\0$/);
    }),
  );
});
