import assert from 'node:assert/strict';
import test from 'node:test';
import {
  Conversation,
  type ConversationOptions,
  type Script,
  taken,
} from '../../../test/dialogs/conversation.ts';
import { type Reply, replies } from '../../mail/reply.ts';
import { startSession } from './state.ts';
import { step } from './step.ts';

/** A conversation after its greeting and EHLO. */
function talk(options: ConversationOptions = {}): Conversation {
  const conversation = new Conversation(options);
  const hello = options.terms?.protocol === 'lmtp' ? 'LHLO' : 'EHLO';
  conversation.send(`${hello} client.example\r\n`);
  return conversation;
}

const envelope = 'MAIL FROM:<ann@example.org>\r\nRCPT TO:<bob@example.net>\r\n';

/** Refuses what the script names. */
const refusing =
  (kind: string, reply: Reply): Script =>
  (request) =>
    request.kind === kind ? { kind: 'refused', reply } : null;

// One command per line, sent and answered one by one; `<` is what we say, by its first characters.
const conversations: readonly [name: string, options: ConversationOptions, script: string][] = [
  [
    'a message',
    {},
    'EHLO a <250 MAIL FROM:<> <250 RCPT TO:<b@c.example> <250 DATA <354 hi|. <250 QUIT <221',
  ],
  [
    'two messages',
    {},
    'HELO a <250 MAIL FROM:<> <250 RCPT TO:<b@c.example> <250 DATA <354 . <250 MAIL FROM:<> <250 RCPT TO:<b@c.example> <250 DATA <354 . <250',
  ],
  [
    'nothing before hello',
    {},
    'MAIL FROM:<> <503 RCPT TO:<b@c.example> <503 DATA <503 STARTTLS <503 AUTH PLAIN <503',
  ],
  ['some things before hello', {}, 'NOOP <250 RSET <250 HELP <214 VRFY ann <252 QUIT <221'],
  [
    'each thing in its turn',
    {},
    'EHLO a <250 RCPT TO:<b@c.example> <503 DATA <503 MAIL FROM:<> <250 MAIL FROM:<> <503 DATA <503 RCPT TO:<b@c.example> <250 RCPT TO:<c@c.example> <250 MAIL FROM:<> <503',
  ],
  [
    'RSET forgets',
    {},
    'EHLO a <250 MAIL FROM:<> <250 RCPT TO:<b@c.example> <250 RSET <250 DATA <503 RCPT TO:<b@c.example> <503 MAIL FROM:<> <250',
  ],
  ['EHLO forgets', {}, 'EHLO a <250 MAIL FROM:<> <250 EHLO a <250 RCPT TO:<b@c.example> <503'],
  ['HELO forgets', {}, 'EHLO a <250 MAIL FROM:<> <250 HELO a <250 MAIL FROM:<> <250'],
  [
    'no arguments where none belong',
    {},
    'EHLO a <250 RSET x <501 QUIT x <501 DATA x <501 STARTTLS x <501 NOOP x <250',
  ],
  [
    'arguments where they belong',
    {},
    'EHLO <501 HELO <501 EHLO a b <501 VRFY <501 EHLO [192.0.2.1] <250 EHLO a_b <250',
  ],
  [
    'any case, blanks at the end',
    {},
    'eHlO a   <250 mail from:<>   <250 rcpt to:<b@c.example> <250 rset  <250',
  ],
  [
    'what is not there',
    {},
    'EHLO a <250 EXPN all <502 ETRN x <502 TURN <502 SEND FROM:<> <500 XYZZY <500 LHLO a <500 constructor <500 <500',
  ],
  ['a browser', {}, 'GET / HTTP/1.1 <554'],
  ['no LOGIN without offer', {}, 'EHLO a <250 AUTH PLAIN <502'],
  ['no login in plain text', { terms: { offersLogin: true } }, 'EHLO a <250 AUTH PLAIN <538'],
  [
    'TLS demanded',
    { terms: { requiresTls: true } },
    'EHLO a <250 MAIL FROM:<> <530 NOOP <250 STARTTLS <220',
  ],
  ['TLS not offered', { terms: { offersTls: false } }, 'EHLO a <250 STARTTLS <502'],
  ['TLS already there', { encrypted: true }, 'EHLO a <250 STARTTLS <503'],
  ['no TLS in a transaction', {}, 'EHLO a <250 MAIL FROM:<> <250 STARTTLS <503'],
  [
    'login demanded',
    { encrypted: true, terms: { offersLogin: true, requiresLogin: true } },
    'EHLO a <250 MAIL FROM:<> <530 AUTH PLAIN AGFubgBzZWNyZXQ= <235 AUTH PLAIN <503 MAIL FROM:<> <250',
  ],
  [
    'no login in a transaction',
    { encrypted: true, terms: { offersLogin: true } },
    'EHLO a <250 MAIL FROM:<> <250 AUTH PLAIN <503',
  ],
  ['LMTP says LHLO', { terms: { protocol: 'lmtp' } }, 'EHLO a <500 HELO a <500 LHLO a <250'],
  [
    'LMTP with no good recipient',
    { terms: { protocol: 'lmtp' }, script: refusing('rcpt', replies.mailboxUnknown) },
    'LHLO a <250 MAIL FROM:<> <250 RCPT TO:<b@c.example> <550 DATA <503',
  ],
  [
    'no good recipient',
    { script: refusing('rcpt', replies.mailboxUnknown) },
    'EHLO a <250 MAIL FROM:<> <250 RCPT TO:<b@c.example> <550 DATA <554 RSET <250',
  ],
  ['a malformed recipient only', {}, 'EHLO a <250 MAIL FROM:<> <250 RCPT TO:<b@> <553 DATA <554'],
  [
    'a sender that is refused',
    { script: refusing('mail', replies.senderNullMx) },
    'EHLO a <250 MAIL FROM:<> <550 RCPT TO:<b@c.example> <503',
  ],
  [
    'a message that is refused',
    { script: refusing('end', replies.loop) },
    'EHLO a <250 MAIL FROM:<> <250 RCPT TO:<b@c.example> <250 DATA <354 . <554 MAIL FROM:<> <250',
  ],
  [
    'content that cannot be taken',
    { script: refusing('begin', replies.overloaded) },
    'EHLO a <250 MAIL FROM:<> <250 RCPT TO:<b@c.example> <250 DATA <451 MAIL FROM:<> <250',
  ],
  [
    'too large by its own word',
    {},
    'EHLO a <250 MAIL FROM:<> SIZE=10001 <552 MAIL FROM:<> SIZE=10000 <250',
  ],
  [
    'recipients beyond the limit',
    { terms: { maxRecipients: 1 } },
    'EHLO a <250 MAIL FROM:<> <250 RCPT TO:<b@c.example> <250 RCPT TO:<c@c.example> <452 DATA <354 . <250',
  ],
  [
    'messages beyond the limit',
    { terms: { maxMessages: 1 } },
    'EHLO a <250 MAIL FROM:<> <250 RSET <250 MAIL FROM:<> <250 RCPT TO:<b@c.example> <250 DATA <354 . <250 MAIL FROM:<> <421',
  ],
  [
    'binary content needs BDAT',
    {},
    'EHLO a <250 MAIL FROM:<> BODY=BINARYMIME <250 RCPT TO:<b@c.example> <250 DATA <503',
  ],
  ['no XCLIENT from anybody', {}, 'XCLIENT ADDR=192.0.2.1 <550'],
];
for (const [name, options, script] of conversations)
  test(`by the rules: ${name}`, () => {
    const conversation = new Conversation(options);
    conversation.takeLines();
    for (const [, command = '', want = ''] of script.matchAll(/\s*(.*?) ?<(\d\d\d)/g)) {
      const got = conversation.send(`${command.replaceAll('|', '\r\n')}\r\n`);
      assert.equal(got.at(-1)?.slice(0, 3), want, `${command} -> ${got}`);
    }
  });

test('a pipelined envelope is answered in order, and only its good recipients get the message', () => {
  const script: Script = (request) =>
    request.kind === 'rcpt' && request.parameters.forwardPath.startsWith('no')
      ? { kind: 'refused', reply: replies.mailboxUnknown }
      : null;
  const conversation = talk({ script });
  const got = conversation.send(`${envelope}RCPT TO:<nobody@example.net>\r\nDATA\r\n`);
  assert.deepEqual(
    got.map((line) => line.slice(0, 9)),
    ['250 2.1.0', '250 2.1.5', '550 5.1.1', '354 End w'],
  );
  assert.deepEqual(conversation.send('Subject: x\r\n\r\n..\r\n.\r\n'), [
    '250 2.0.0 Taken as 00000000001',
  ]);
  assert.deepEqual(conversation.messages, [
    {
      reversePath: 'ann@example.org',
      forwardPaths: ['bob@example.net'],
      content: 'Subject: x\r\n\r\n.\r\n',
    },
  ]);
});

for (const [name, before, command] of [
  ['EHLO', '', 'EHLO a'],
  ['HELO', '', 'HELO a'],
  ['NOOP', '', 'NOOP'],
  ['VRFY', '', 'VRFY ann'],
  ['HELP', '', 'HELP'],
  ['STARTTLS', '', 'STARTTLS'],
  ['DATA', envelope, 'DATA'],
  ['anything after HELO', 'HELO a\r\n', 'MAIL FROM:<>'],
] as const)
  test(`what was sent after ${name} without waiting is never obeyed`, () => {
    const conversation = talk();
    conversation.send(before);
    const asked = conversation.requests.length;
    assert.deepEqual(conversation.send(`${command}\r\nMAIL FROM:<x@example.org>\r\n`), [
      '554 5.5.0 Input came before it was asked for',
    ]);
    assert.ok(conversation.closed);
    assert.equal(conversation.requests.length, asked);
    assert.equal(conversation.startsTls, false);
  });

test('content that comes while it is decided whether it may is no message', () => {
  const conversation = talk();
  conversation.send(envelope);
  const line = Buffer.from('DATA');
  const asked = step(conversation.session, { kind: 'line', line, more: false });
  const { effects } = step(asked.next, {
    kind: 'answer',
    answer: { kind: 'granted' },
    more: true,
  });
  assert.deepEqual(effects, [
    { kind: 'reset' },
    { kind: 'reply', reply: replies.tooEarly },
    { kind: 'close' },
  ]);
});

test('who talks before our greeting is sent away', () => {
  const conversation = new Conversation({ early: true });
  assert.deepEqual(conversation.takeLines(), ['554 5.5.0 Input came before it was asked for']);
  assert.ok(conversation.closed);
});

test('what was said in plain text counts for nothing after STARTTLS', () => {
  const conversation = talk({ terms: { offersLogin: true } });
  assert.deepEqual(conversation.send('STARTTLS\r\n'), ['220 2.0.0 Ready to start TLS']);
  assert.ok(conversation.startsTls);
  conversation.secure();
  assert.deepEqual(conversation.send('MAIL FROM:<>\r\n'), ['503 5.5.1 Say hello first']);
});

test('EHLO offers what may be used now', () => {
  const keywords = (conversation: Conversation) =>
    conversation.send('EHLO client.example\r\n').map((line) => line.slice(4));
  const always = [
    'mx.example.org at your service',
    'PIPELINING',
    'SIZE 10000',
    '8BITMIME',
    'SMTPUTF8',
    'ENHANCEDSTATUSCODES',
    'CHUNKING',
    'BINARYMIME',
    'DSN',
    'LIMITS MAILMAX=100 RCPTMAX=100',
  ];
  const login = { offersLogin: true };
  const plain = new Conversation({ terms: login });
  plain.takeLines();
  assert.deepEqual(keywords(plain), [...always, 'STARTTLS']);
  plain.send('STARTTLS\r\n');
  plain.secure();
  assert.deepEqual(keywords(plain), [...always, 'AUTH PLAIN LOGIN']);
  plain.send('AUTH PLAIN AGFubgBzZWNyZXQ=\r\n');
  assert.deepEqual(keywords(plain), always);
  const proxy = new Conversation({ xclient: true, terms: { offersTls: false } });
  proxy.takeLines();
  assert.deepEqual(keywords(proxy), [
    ...always,
    'XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT',
  ]);
});

// login ------------------------------------------------------------------------------------------

const base64 = (text: string) => Buffer.from(text).toString('base64');
const logins: readonly [name: string, lines: readonly string[], want: string][] = [
  ['PLAIN at once', [`AUTH PLAIN ${base64('\0ann\0secret')}`], '235 2.7.0'],
  ['PLAIN, any case', [`auth plain ${base64('ann\0ann\0secret')}`], '235 2.7.0'],
  ['PLAIN when asked', ['AUTH PLAIN', base64('\0ann\0secret')], '235 2.7.0'],
  ['PLAIN in UTF-8', ['AUTH PLAIN', base64('\0änn\0sëcret')], '235 2.7.0'],
  ['LOGIN', ['AUTH LOGIN', base64('ann'), base64('secret')], '235 2.7.0'],
  ['LOGIN with the name at once', [`AUTH LOGIN ${base64('ann')}`, base64('secret')], '235 2.7.0'],
  ['a wrong password', [`AUTH PLAIN ${base64('\0ann\0wrong')}`], '535 5.7.8'],
  ['for somebody else', [`AUTH PLAIN ${base64('bob\0ann\0secret')}`], '535 5.7.8'],
  ['cancelled', ['AUTH PLAIN', '*'], '501 5.7.0'],
  ['cancelled later', ['AUTH LOGIN', base64('ann'), '*'], '501 5.7.0'],
  ['nothing', ['AUTH PLAIN ='], '501 5.5.2'],
  ['an empty line', ['AUTH PLAIN', ''], '501 5.5.2'],
  ['no base64', ['AUTH PLAIN', 'AGFubgBzZWNyZXQ'], '501 5.5.2'],
  ['base64 with blanks', ['AUTH PLAIN', 'AGFu bgBzZWNyZXQ='], '501 5.5.2'],
  [
    'no UTF-8',
    ['AUTH PLAIN', Buffer.from('\0ann\0\xff', 'latin1').toString('base64')],
    '501 5.5.2',
  ],
  ['two parts', [`AUTH PLAIN ${base64('ann\0secret')}`], '501 5.5.2'],
  ['four parts', [`AUTH PLAIN ${base64('\0ann\0secret\0')}`], '501 5.5.2'],
  ['no name', [`AUTH PLAIN ${base64('\0\0secret')}`], '501 5.5.2'],
  ['LOGIN with a NUL', ['AUTH LOGIN', base64('ann\0'), base64('secret')], '501 5.5.2'],
  ['an unknown mechanism', ['AUTH CRAM-MD5'], '504 5.5.4'],
  ['no mechanism', ['AUTH'], '501 5.5.4'],
  ['two responses', ['AUTH PLAIN a b'], '501 5.5.4'],
  ['a line as long as may be', ['AUTH PLAIN', base64('x'.repeat(9216))], '501 5.5.2'],
  ['a line too long', ['AUTH PLAIN', 'x'.repeat(12_291)], '500 5.5.6'],
];
for (const [name, lines, want] of logins)
  test(`login: ${name} is answered ${want}`, () => {
    const script: Script = (request) =>
      request.kind !== 'login' || request.password === 'secret' || request.password === 'sëcret'
        ? null
        : { kind: 'refused', reply: replies.loginFailed };
    const conversation = talk({ encrypted: true, terms: { offersLogin: true }, script });
    let got: string[] = [];
    for (const line of lines) got = conversation.send(`${line}\r\n`);
    assert.equal(got.at(-1)?.slice(0, 9), want);
    if (want.startsWith('235'))
      assert.match(JSON.stringify(conversation.requests.at(-1)), /"[aä]nn".*"s[eë]cret"/);
  });

test('what follows an AUTH line without waiting is never taken for the password', () => {
  const conversation = talk({ encrypted: true, terms: { offersLogin: true } });
  conversation.send('AUTH PLAIN\r\n');
  assert.deepEqual(conversation.send(`${base64('\0ann\0secret')}\r\nMAIL FROM:<>\r\n`), [
    '554 5.5.0 Input came before it was asked for',
  ]);
});

// chunks -----------------------------------------------------------------------------------------

const bdat: readonly [name: string, input: string, want: readonly string[]][] = [
  ['one chunk', `${envelope}BDAT 4 LAST\r\n.\r\n.`, ['250', '250', '250 2.0.0']],
  [
    'chunks in a group',
    `${envelope}BDAT 2\r\na\rBDAT 1\r\n\nBDAT 0 LAST\r\n`,
    ['250', '250', '250 2.0.0', '250 2.0.0', '250 2.0.0'],
  ],
  ['an empty message', `${envelope}bdat 0 last\r\n`, ['250', '250', '250 2.0.0']],
  ['no sender', 'BDAT 6\r\nQUIT\r\nNOOP\r\n', ['503 5.5.1 MAIL first', '250 2.0.0']],
  [
    'no recipient',
    'MAIL FROM:<>\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n',
    ['250', '503 5.5.1 RCPT first', '250 2.0.0'],
  ],
  ['DATA within', `${envelope}BDAT 1\r\nxDATA\r\n`, ['250', '250', '250', '503']],
  ['RCPT within', `${envelope}BDAT 1\r\nxRCPT TO:<c@d.example>\r\n`, ['250', '250', '250', '503']],
  ['MAIL within', `${envelope}BDAT 1\r\nxMAIL FROM:<>\r\n`, ['250', '250', '250', '503']],
  [
    'RSET within',
    `${envelope}BDAT 1\r\nxRSET\r\nMAIL FROM:<>\r\n`,
    ['250', '250', '250', '250', '250'],
  ],
  [
    'too large',
    `${envelope}BDAT 10001\r\n${'x'.repeat(10_001)}NOOP\r\n`,
    ['250', '250', '552', '250'],
  ],
  [
    'too large together',
    `${envelope}BDAT 6000\r\n${'x'.repeat(6000)}BDAT 6000 LAST\r\n${'x'.repeat(6000)}NOOP\r\n`,
    ['250', '250', '250', '552', '250'],
  ],
  [
    'a bare LF',
    `${envelope}BDAT 3\r\na\nbBDAT 1 LAST\r\nxNOOP\r\n`,
    ['250', '250', '550 5.6.0', '503', '250'],
  ],
  [
    'binary',
    'MAIL FROM:<> BODY=BINARYMIME\r\nRCPT TO:<b@c.example>\r\nBDAT 3 LAST\r\n\0\n\r',
    ['250', '250', '250 2.0.0'],
  ],
];
for (const [name, input, want] of bdat)
  test(`BDAT: ${name}`, () => {
    const got = talk().send(input);
    assert.deepEqual(
      got.map((line, i) => line.slice(0, want[i]?.length ?? 99)),
      want,
    );
  });

for (const argument of ['', 'x', '-1', '1.5', '+1', '1 FIRST', '1 LAST LAST', '9999999999999999'])
  test(`BDAT ${argument} ends the connection: where commands begin again cannot be told`, () => {
    const conversation = talk();
    const got = conversation.send(`${envelope}BDAT ${argument}\r\nQUIT\r\n`);
    assert.deepEqual(got.slice(2), ['501 5.5.4 Syntax error in the argument']);
    assert.ok(conversation.closed);
  });

test('a chunk that cannot be taken is read and refused', () => {
  const conversation = talk({ script: refusing('begin', replies.overloaded) });
  const got = conversation.send(`${envelope}BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n`);
  assert.deepEqual(got.slice(2), ['451 4.3.2 Too busy, try again later', '250 2.0.0 OK']);
  assert.deepEqual(conversation.messages, []);
});

// LMTP -------------------------------------------------------------------------------------------

test('LMTP answers for each recipient that was accepted', () => {
  const lmtp = { protocol: 'lmtp' } as const;
  const script: Script = (request) =>
    request.kind === 'end' ? { kind: 'replied', replies: [taken, replies.mailboxUncertain] } : null;
  const two = `${envelope}RCPT TO:<c@d.example>\r\n`;
  const conversation = talk({ terms: lmtp, script });
  const owed = [
    '250 2.0.0 Taken as 00000000001',
    '451 4.1.1 Mailbox cannot be verified now, try again later',
  ];
  conversation.send(`${two}DATA\r\n`);
  assert.deepEqual(conversation.send('x\r\n.\r\n'), owed);
  assert.deepEqual(conversation.send(`${two}BDAT 2\r\nxxBDAT 0 LAST\r\n`).slice(3), [
    '250 2.0.0 Chunk taken',
    ...owed,
  ]);
  conversation.send(`${two}DATA\r\n`);
  const bare = '550 5.6.0 Bare LF in the message: lines end with CR LF';
  assert.deepEqual(conversation.send('x\n.\r\n\r\n.\r\n'), [bare, bare]);
  assert.deepEqual(conversation.send(`${two}BDAT 1 LAST\r\n\n`).slice(3), [bare, bare]);
  assert.deepEqual(conversation.send(`${two}BDAT 1\r\n\n`).slice(3), [bare]);
  const refused = talk({ terms: lmtp, script: refusing('end', replies.loop) });
  refused.send(`${two}DATA\r\n`);
  assert.deepEqual(refused.send('.\r\n'), Array(2).fill('554 5.4.6 Mail loop detected'));
});

// errors -----------------------------------------------------------------------------------------

test('too many errors end the connection', () => {
  const conversation = talk({ terms: { maxErrors: 3 } });
  assert.deepEqual(conversation.send('X\r\nY\r\nZ\r\nNOOP\r\n'), [
    '500 5.5.1 Command not recognized',
    '500 5.5.1 Command not recognized',
    '500 5.5.1 Command not recognized',
    '421 4.7.0 Too many errors, closing',
  ]);
  assert.ok(conversation.closed);
});

test('a message that is taken pays for the errors before it', () => {
  const conversation = talk({ terms: { maxErrors: 3 } });
  for (let i = 0; i < 4; i++) {
    conversation.send(`X\r\nX\r\n${envelope}DATA\r\n`);
    assert.deepEqual(conversation.send('.\r\n'), ['250 2.0.0 Taken as 00000000001']);
  }
});

test('what was sent along with a MAIL that is refused counts as one error', () => {
  const script = refusing('mail', replies.senderUnknown);
  const conversation = talk({ terms: { maxErrors: 3, maxRecipients: 50 }, script });
  const group = `MAIL FROM:<a@b.example>\r\n${'RCPT TO:<c@d.example>\r\n'.repeat(50)}DATA\r\n`;
  assert.equal(conversation.send(group).length, 52);
  assert.equal(conversation.closed, false);
  conversation.send(`${group}${group}`);
  assert.ok(conversation.closed);
});

test('more than a group could hold is not pardoned', () => {
  const script = refusing('mail', replies.senderUnknown);
  const conversation = talk({ terms: { maxErrors: 3, maxRecipients: 5 }, script });
  conversation.send(`MAIL FROM:<a@b.example>\r\n${'RCPT TO:<c@d.example>\r\n'.repeat(50)}`);
  assert.ok(conversation.closed);
});

test('recipients that cannot be verified now are no errors of the client', () => {
  const script = refusing('rcpt', replies.mailboxUncertain);
  const conversation = talk({ terms: { maxErrors: 3 }, script });
  conversation.send(`MAIL FROM:<>\r\n${'RCPT TO:<c@d.example>\r\n'.repeat(20)}`);
  assert.equal(conversation.closed, false);
});

test('a client may pass some time without mail, and more of it after each message', () => {
  const conversation = talk({ terms: { maxErrors: 2 } });
  for (let i = 0; i < 3; i++) {
    conversation.send('RSET\r\n'.repeat(9));
    conversation.send(`${envelope}DATA\r\n`);
    assert.deepEqual(conversation.send('.\r\n'), ['250 2.0.0 Taken as 00000000001']);
  }
  conversation.send('RSET\r\n'.repeat(10));
  assert.deepEqual(conversation.send('NOOP\r\n'), [
    '421 4.7.0 Too many commands without a message',
  ]);
});

test('a client that never stops naming recipients is an error in the end', () => {
  const conversation = talk({ terms: { maxErrors: 3, maxRecipients: 2 } });
  conversation.send('MAIL FROM:<>\r\n');
  conversation.send('RCPT TO:<c@d.example>\r\n'.repeat(104));
  assert.equal(conversation.closed, false);
  conversation.send('RCPT TO:<c@d.example>\r\n'.repeat(3));
  assert.ok(conversation.closed);
});

test('an answer may send the client away', () => {
  const script: Script = (request) =>
    request.kind === 'rcpt' ? { kind: 'refused', reply: replies.relayDenied, close: true } : null;
  const conversation = talk({ script });
  assert.deepEqual(conversation.send(envelope).slice(1), ['550 5.7.1 Relaying denied']);
  assert.ok(conversation.closed);
  assert.equal(conversation.resets, 1);
});

test('a greeting or hello that is refused has no enhanced code', () => {
  const greeting = new Conversation({ script: refusing('greet', replies.overloaded) });
  assert.deepEqual(greeting.takeLines(), ['451 Too busy, try again later']);
  assert.ok(greeting.closed);
  const hello = new Conversation({ script: refusing('hello', replies.overloaded) });
  assert.deepEqual(hello.send('EHLO a\r\n').slice(1), ['451 Too busy, try again later']);
  assert.equal(hello.closed, false);
});

// lines ------------------------------------------------------------------------------------------

const badLines: readonly [name: string, line: string, want: string, closes: boolean][] = [
  ['2,046 octets', `NOOP ${'x'.repeat(2041)}`, '250 2.0.0 OK', false],
  ['more than 2,046 octets', `NOOP ${'x'.repeat(2042)}`, '500 5.5.2 Command line too long', false],
  ['no end', 'x'.repeat(20_000), '500 5.5.2 Command line too long', true],
  ['a NUL', 'NO\0OP', '500 5.5.2 NUL in a command', false],
  ['a bare LF', 'NOOP\nNOOP', '500 5.5.2 Bare LF: lines end with CR LF', true],
  ['a bare CR', 'NOOP\rNOOP', '500 5.5.2 Bare CR: lines end with CR LF', true],
  ['a tab', 'NOOP\tx', '501 5.5.2 Control character in a command', false],
  ['a C1 control', 'NOOP \xc2\x85', '501 5.5.2 Control character in a command', false],
  ['latin1', 'VRFY j\xfcrgen', '501 5.5.2 Neither ASCII nor UTF-8', false],
  ['UTF-8', 'VRFY j\xc3\xbcrgen', '252 2.5.0 Cannot verify, but will take mail if it can', false],
];
for (const [name, line, want, closes] of badLines)
  test(`a line with ${name}: ${want}`, () => {
    const conversation = talk();
    assert.deepEqual(conversation.send(`${line}\r\n`), [want]);
    assert.equal(conversation.closed, closes);
  });

// time and proxies -------------------------------------------------------------------------------

test('silence ends the connection, whatever was under way', () => {
  for (const before of ['', envelope, `${envelope}DATA\r\n`, `${envelope}BDAT 10\r\n`]) {
    const conversation = talk();
    conversation.send(before);
    conversation.happen({ kind: 'timeout' });
    assert.deepEqual(conversation.takeLines(), ['421 4.4.2 Nothing heard for too long, closing']);
    assert.ok(conversation.closed);
    assert.equal(conversation.resets, before === '' ? 0 : 1);
  }
});

test('when we stop, an idle client is told at once, a busy one after its message', () => {
  const last = '421 4.3.2 Server is shutting down, come back soon';
  const idle = talk();
  idle.happen({ kind: 'shutdown' });
  assert.deepEqual(idle.takeLines(), [last]);
  const busy = talk();
  busy.send(envelope);
  busy.happen({ kind: 'shutdown' });
  assert.deepEqual(busy.send('DATA\r\n'), ['354 End with a dot on a line of its own']);
  assert.deepEqual(busy.send('x\r\n.\r\n'), ['250 2.0.0 Taken as 00000000001', last]);
  assert.ok(busy.closed);
  const undecided = talk();
  undecided.send(envelope);
  undecided.happen({ kind: 'shutdown' });
  assert.deepEqual(undecided.send('RSET\r\n'), ['250 2.0.0 OK', last]);
});

test('a proxy tells for whom it speaks, and is greeted anew', () => {
  const terms = { offersLogin: true, requiresLogin: true };
  const conversation = talk({ xclient: true, terms });
  assert.deepEqual(conversation.send('XCLIENT ADDR=192.0.2.1 LOGIN=ann\r\n'), [
    '220 mx.example.org ESMTP ready',
  ]);
  assert.deepEqual(conversation.clients, [{ address: '192.0.2.1', login: 'ann' }]);
  assert.deepEqual(conversation.send('MAIL FROM:<>\r\n'), ['503 5.5.1 Say hello first']);
  conversation.send('EHLO a\r\n');
  assert.deepEqual(conversation.send('MAIL FROM:<>\r\n'), ['250 2.1.0 Sender OK']);
  assert.deepEqual(conversation.send('XCLIENT ADDR=192.0.2.2\r\n'), [
    '503 5.5.1 Bad sequence of commands',
  ]);
});

test('after the end nothing happens, and out of turn nothing may', () => {
  const closed = talk();
  closed.send('QUIT\r\n');
  closed.happen({ kind: 'timeout' });
  closed.happen({ kind: 'line', line: Buffer.from('NOOP'), more: false });
  assert.deepEqual(closed.takeLines(), []);
  const fresh = startSession(closed.terms);
  assert.throws(() => step(fresh, { kind: 'answer', answer: { kind: 'granted' } }));
  assert.throws(() => step(fresh, { kind: 'contentEnded', fault: null }));
});
