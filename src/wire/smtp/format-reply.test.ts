import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { replies } from '../../mail/reply.ts';
import { formatSmtpReply } from './format-reply.ts';

test('one line, with its enhanced code where it has one', () => {
  assert.equal(formatSmtpReply(replies.ok), '250 2.0.0 OK\r\n');
  assert.equal(formatSmtpReply(replies.goAhead), '354 End with a dot on a line of its own\r\n');
  assert.equal(formatSmtpReply(replies.loginAnswer), '334 \r\n');
});

test('more lines follow the first', () => {
  const hello = { code: 250, status: '', text: 'mx.example.net' };
  assert.equal(
    formatSmtpReply(hello, ['DSN', 'SIZE 1']),
    '250-mx.example.net\r\n250-DSN\r\n250 SIZE 1\r\n',
  );
});

test('long text is folded at blanks, with the codes on every line', () => {
  const text = `${'word '.repeat(150)}end`;
  const lines = formatSmtpReply({ code: 550, status: '5.7.1', text }).split('\r\n');
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? '', /^550-5\.7\.1 word .*word$/);
  assert.match(lines[1] ?? '', /^550 5\.7\.1 word .*end$/);
});

test('whatever text it has, a reply is one reply of whole, short, printable lines', () => {
  const text = fc.string({ unit: 'binary', maxLength: 6000 });
  fc.assert(
    fc.property(text, (written) => {
      const lines = formatSmtpReply({ code: 550, status: '5.1.1', text: written }).split('\r\n');
      assert.equal(lines.pop(), '');
      for (const [i, line] of lines.entries()) {
        assert.match(
          line,
          i === lines.length - 1 ? /^550 5\.1\.1 [ -~]*$/ : /^550-5\.1\.1 [ -~]*$/,
        );
        assert.ok(line.length <= 510);
      }
    }),
  );
});
