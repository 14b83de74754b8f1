import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatReply } from '../../mail/reply.ts';
import { cutLines } from './crlf-lines.ts';
import { createReplyReader, formatSmtpReply, type ReplyEvent, replyOf } from './reply-reader.ts';

function read(...chunks: readonly Buffer[]): ReplyEvent[] {
  const reader = createReplyReader();
  return chunks.flatMap((chunk) => reader.push(chunk));
}

function show(events: readonly ReplyEvent[]): string[] {
  return events.map((event) =>
    event.kind === 'reply' ? formatSmtpReply(event.reply) : `fault: ${event.problem}`,
  );
}

const cases: readonly [name: string, bytes: string, want: readonly string[]][] = [
  ['one line is a reply', '250 2.0.0 Ok\r\n', ['250 2.0.0 Ok']],
  ['several lines are one reply', '250-a\r\n250-b\r\n250 c\r\n', ['250 a b c']],
  ['the code of the last line counts', '250-a\r\n550 b\r\n', ['550 a b']],
  ['a code alone is a reply', '354\r\n', ['354']],
  ['a bare LF ends nothing', '250 a\n250 b\r\n', ['250 a\n250 b']],
  ['two replies in one piece are two', '250 a\r\n354 b\r\n', ['250 a', '354 b']],
  ['an unfinished reply is none yet', '250-a\r\n250 b', []],
  ['HTTP is no SMTP', 'HTTP/1.1 400 Bad\r\n', ['fault: a line that is no SMTP reply']],
  [
    'a code that SMTP does not have is a fault',
    '150 a\r\n',
    ['fault: a line that is no SMTP reply'],
  ],
  ['after a fault nothing counts', 'x\r\n250 a\r\n', ['fault: a line that is no SMTP reply']],
  ['a line without end is a fault', '2'.repeat(5000), ['fault: a reply line without end']],
  ['a reply without end is a fault', '250-a\r\n'.repeat(500), ['fault: a reply without end']],
];
for (const [name, bytes, want] of cases)
  test(name, () => assert.deepEqual(show(read(Buffer.from(bytes))), want));

test('replies come out the same wherever the stream is cut', () => {
  const stream = Buffer.from('220 hi\r\n250-one\r\n250-two \r\n250 three\r\n\r\n');
  const want = show(read(stream));
  for (let at = 0; at <= stream.length; at++)
    assert.deepEqual(show(read(stream.subarray(0, at), stream.subarray(at))), want, `cut at ${at}`);
});

test('any bytes in any pieces are read without a throw and bounded', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (chunks) => {
      const events = read(...chunks.map((chunk) => Buffer.from(chunk)));
      assert.ok(events.filter((event) => event.kind === 'fault').length <= 1);
    }),
  );
});

test('lines are the same wherever the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('\r', '\n', '\r\n', 'a', '.', 'bb'), { maxLength: 40 }),
      fc.nat(80),
      (parts, cut) => {
        const bytes = Buffer.from(parts.join(''));
        const whole = cutLines(bytes, 1000);
        const first = cutLines(bytes.subarray(0, cut), 1000);
        const second = cutLines(Buffer.concat([first.rest, bytes.subarray(cut)]), 1000);
        const show = (lines: readonly Buffer[]) => lines.map((line) => line.toString());
        assert.deepEqual(show([...first.lines, ...second.lines]), show(whole.lines));
        assert.deepEqual(second.rest, whole.rest);
      },
    ),
  );
});

const replies: readonly [name: string, lines: readonly string[], code: number, want: string][] = [
  ['a status is told from the text', ['5.1.1 No such user'], 550, '550 5.1.1 No such user'],
  ['every line carries it', ['5.1.1 No such', '5.1.1 user'], 550, '550 5.1.1 No such user'],
  ['without one the code stands for it', ['Go away'], 554, '554 5.0.0 Go away'],
  ['one of another class is text', ['2.1.5 Hm'], 450, '450 4.0.0 2.1.5 Hm'],
  ['a status alone is no text', ['2.0.0'], 250, '250 2.0.0 '],
  [
    'a number of another kind is text',
    ['5.1.1.9 is my address'],
    550,
    '550 5.0.0 5.1.1.9 is my address',
  ],
  ['what a terminal obeys is escaped', ['4.0.0 \x1b[2J\x07'], 450, '450 4.0.0 \\x1b[2J\\x07'],
  ['UTF-8 is read as such', ['\u00c3\u00bc'], 550, '550 5.0.0 \u00fc'],
  ['other bytes are Latin-1', ['\u00fc'], 550, '550 5.0.0 \u00fc'],
];
for (const [name, lines, code, want] of replies)
  test(name, () => assert.equal(formatReply(replyOf({ code, lines })), want));

test('text of any length is cut', () => {
  const lines = Array.from({ length: 128 }, () => 'x'.repeat(4000));
  assert.ok(replyOf({ code: 550, lines }).text.length < 1100);
});
