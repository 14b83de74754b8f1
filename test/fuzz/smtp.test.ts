/**
 * The SMTP session under any bytes, any commands in any order, any answers and any cuts.
 *
 * The model is plain: a message is taken only where CRLF.CRLF, or the announced octets, were there.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { replies } from '../../src/mail/reply.ts';
import type { Answer } from '../../src/wire/smtp/session.ts';
import { Conversation, type ConversationOptions } from '../dialogs/conversation.ts';
import { seeds } from './smtp-seeds.ts';

const path = fc.constantFrom(
  '<a@example.org>',
  '<>',
  '<postmaster>',
  '<b@>',
  '<"x y"@example.net>',
  '',
);
const parameters = fc.constantFrom(
  '',
  ' SIZE=10',
  ' BODY=BINARYMIME',
  ' SMTPUTF8',
  ' NOTIFY=NEVER',
  ' X=1',
);
const body = fc.array(
  fc.constantFrom(
    '\r\n',
    '.',
    '..',
    '\r',
    '\n',
    '\0',
    'a',
    'RSET\r\n',
    '\r\n.\r\n',
    '\n.\n',
    '\xff',
  ),
  { maxLength: 12 },
);

/** One thing a client may send. */
const piece: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(path, parameters).map(([p, more]) => `MAIL FROM:${p}${more}\r\n`),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(path, parameters).map(([p, more]) => `RCPT TO:${p}${more}\r\n`),
  },
  { weight: 2, arbitrary: fc.constantFrom('EHLO a\r\n', 'HELO a\r\n', 'LHLO a\r\n') },
  {
    weight: 3,
    arbitrary: fc.constantFrom('DATA\r\n', 'DATA\r\n.\r\n', 'BDAT 3\r\n', 'BDAT 0 LAST\r\n'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'RSET\r\n',
      'NOOP\r\n',
      'QUIT\r\n',
      'STARTTLS\r\n',
      'AUTH PLAIN\r\n',
      'AUTH LOGIN YQ==\r\n',
      'AGEAYg==\r\n',
      '*\r\n',
      'XCLIENT ADDR=192.0.2.1\r\n',
      'VRFY a\r\n',
      'GET / HTTP/1.1\r\n',
      '\r\n',
    ),
  },
  { weight: 2, arbitrary: body.map((parts) => parts.join('')) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.nat({ max: 255 }).map((c) => String.fromCharCode(c)) }),
  },
);

const answer: fc.Arbitrary<Answer | null> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(null) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(replies.mailboxUnknown, replies.overloaded)
      .map((reply) => ({ kind: 'refused' as const, reply })),
  },
);

const options = fc.record({
  terms: fc.record({
    protocol: fc.constantFrom('smtp' as const, 'lmtp' as const),
    offersLogin: fc.boolean(),
    requiresLogin: fc.boolean(),
    requiresTls: fc.boolean(),
    maxErrors: fc.constantFrom(3, 1000),
    maxMessage: fc.constantFrom(20, 10_000),
    maxRecipients: fc.constantFrom(1, 100),
  }),
  encrypted: fc.boolean(),
  xclient: fc.boolean(),
});

/** Feeds it, shaking hands wherever that is asked for; the replies. */
function feed(conversation: Conversation, pieces: readonly string[]): string[] {
  const lines: string[] = [];
  for (const bytes of pieces) {
    if (conversation.closed) break;
    conversation.push(bytes);
    if (conversation.startsTls) conversation.secure();
    lines.push(...conversation.takeLines());
  }
  return lines;
}

const scripted = (given: ConversationOptions, answers: Iterator<Answer | null>) =>
  new Conversation({ ...given, script: () => answers.next().value ?? null });

test('no conversation makes the session throw, answers with half a reply, or grows without bound', () => {
  const answers = fc.infiniteStream(answer);
  fc.assert(
    fc.property(options, answers, fc.array(piece, { maxLength: 40 }), (given, stream, pieces) => {
      const conversation = scripted(given, stream);
      const lines = feed(conversation, ['EHLO a\r\n', ...pieces]);
      for (const line of lines) assert.match(line, /^[2-5]\d\d[ -][ -~]*$/);
      if (!conversation.closed) assert.ok(conversation.unread <= 12_290);
    }),
    { numRuns: 4000 },
  );
});

for (const { name, options: given, pieces } of seeds)
  test(`seed: ${name}`, () => {
    const conversation = new Conversation(given);
    for (const line of feed(conversation, ['EHLO a\r\n', ...pieces]))
      assert.match(line, /^[2-5]\d\d[ -][ -~]*$/);
    assert.ok(conversation.messages.length <= 1);
  });

test('a message is taken whole and clean, or not at all', () => {
  fc.assert(
    fc.property(options, fc.array(piece, { maxLength: 40 }), (given, pieces) => {
      const open = { ...given.terms, offersLogin: false, requiresLogin: false, requiresTls: false };
      const conversation = new Conversation({ ...given, terms: open });
      const hello = open.protocol === 'lmtp' ? 'LHLO a\r\n' : 'EHLO a\r\n';
      feed(conversation, [hello, 'MAIL FROM:<>\r\n', 'RCPT TO:<a@b.example>\r\n', ...pieces]);
      const sent = pieces.join('');
      for (const message of conversation.messages) {
        assert.ok(message.content.length <= open.maxMessage);
        assert.ok(message.forwardPaths.length > 0);
        if (/BDAT/i.test(sent)) continue;
        // DATA: lines of text, the end of which was there.
        assert.doesNotMatch(message.content, /\0|(?<!\r)\n|\r(?!\n)/);
        assert.ok(message.content === '' || message.content.endsWith('\r\n'));
        const stuffed = message.content.replace(/(^|\n)\./g, '$1..');
        assert.ok(`\r\n${sent}`.includes(`${stuffed}.\r\n`) || sent.includes('\n.'), stuffed);
      }
    }),
    { numRuns: 4000 },
  );
});

test('nothing inside a message is ever obeyed, whatever its line ends', () => {
  const evil = fc.constantFrom(
    '\n.\n',
    '\n.\r\n',
    '\r\n.\n',
    '\r.\r',
    '\r.\r\n',
    '\r\n.\r',
    '\r\n\0.\r\n',
    '\r\r\n..\r\n',
  );
  fc.assert(
    fc.property(evil, evil, fc.nat(60), (first, second, cut) => {
      const conversation = new Conversation();
      const smuggled = 'MAIL FROM:<smuggled@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nx';
      feed(conversation, [
        'EHLO a\r\n',
        'MAIL FROM:<>\r\n',
        'RCPT TO:<a@b.example>\r\n',
        'DATA\r\n',
      ]);
      const content = `x${first}${smuggled}${second}x\r\n.\r\n`;
      feed(conversation, [content.slice(0, cut), content.slice(cut)]);
      const senders = conversation.requests.filter((request) => request.kind === 'mail');
      assert.equal(senders.length, 1);
      assert.deepEqual(conversation.messages, []);
    }),
  );
});

test('however the bytes are cut, the session does the same', () => {
  const cuts = fc.array(fc.nat(), { maxLength: 10 });
  let compared = 0;
  fc.assert(
    fc.property(options, fc.array(piece, { maxLength: 20 }), cuts, (given, pieces, where) => {
      const [whole, cut] = [new Conversation(given), new Conversation(given)];
      const want: string[] = [];
      const got: string[] = [];
      for (const bytes of ['EHLO a\r\n', ...pieces]) {
        const at = where.map((n) => n % (bytes.length + 1)).toSorted((a, b) => a - b);
        const ends = [...at, bytes.length];
        want.push(...feed(whole, [bytes]));
        got.push(
          ...feed(
            cut,
            ends.map((end, i) => bytes.slice(ends[i - 1] ?? 0, end)),
          ),
        );
        // Whether a client did not wait is seen sooner or later, depending on the cut.
        if (want.at(-1)?.startsWith('554 5.5.0') || got.at(-1)?.startsWith('554 5.5.0')) return;
      }
      compared++;
      assert.deepEqual(got, want);
      assert.deepEqual(cut.messages, whole.messages);
      assert.deepEqual(cut.requests, whole.requests);
    }),
    { numRuns: 2000 },
  );
  assert.ok(compared > 100, `only ${compared} were compared`);
});
