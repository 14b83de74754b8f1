import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Command, parseCommand } from './commands.ts';

function parse(text: string): object {
  const command = parseCommand(text[0] ?? '', Buffer.from(text.slice(1), 'latin1'));
  if (command.kind === 'header') return { ...command, field: String(command.field) };
  if (command.kind === 'body' || command.kind === 'endOfMessage')
    return { ...command, chunk: String(command.chunk) };
  return command;
}

const offer = { version: 6, actions: 0x1ff, protocol: 0x1fffff };
const commands: readonly [name: string, text: string, command: object][] = [
  ['negotiation', 'O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff', { kind: 'negotiate', offer }],
  [
    'negotiation with more behind it',
    'O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xffmore',
    { kind: 'negotiate', offer },
  ],
  [
    'macros of the connection',
    'DCj\0mx.example\0{daemon_name}\0MTA\0',
    { kind: 'macros', stage: 'C', pairs: ['j', 'mx.example', '{daemon_name}', 'MTA'] },
  ],
  ['no macros for DATA', 'DT', { kind: 'macros', stage: 'T', pairs: [] }],
  ['macros of an unknown command', 'DU', { kind: 'macros', stage: null, pairs: [] }],
  [
    'connection over IPv4',
    'Cmail.example\x004\x0f\xb9192.0.2.7\0',
    { kind: 'connect', host: 'mail.example', family: '4', port: 4025, address: '192.0.2.7' },
  ],
  [
    'connection over IPv6 as sendmail writes it',
    'C[IPv6:2001:db8::1]\x006\0\x19IPv6:2001:db8::1\0',
    {
      kind: 'connect',
      host: '[IPv6:2001:db8::1]',
      family: '6',
      port: 25,
      address: 'IPv6:2001:db8::1',
    },
  ],
  [
    'connection over a unix socket',
    'Clocalhost\0L\0\0/run/mail\0',
    { kind: 'connect', host: 'localhost', family: 'L', port: 0, address: '/run/mail' },
  ],
  [
    'connection of an unknown family',
    'Clocalhost\0U',
    { kind: 'connect', host: 'localhost', family: 'U', port: 0, address: '' },
  ],
  ['HELO', 'Hmail.example\0', { kind: 'helo', name: 'mail.example' }],
  [
    'MAIL with parameters',
    'M<ann@example.org>\0SIZE=1\0BODY=8BITMIME\0',
    { kind: 'mail', path: '<ann@example.org>', parameters: ['SIZE=1', 'BODY=8BITMIME'] },
  ],
  ['MAIL of Postfix itself', 'M\0', { kind: 'mail', path: '', parameters: [] }],
  ['RCPT', 'R<bob@example.net>\0', { kind: 'rcpt', path: '<bob@example.net>', parameters: [] }],
  [
    'RCPT in UTF-8',
    'R<b\xc3\xb6b@example.net>\0',
    { kind: 'rcpt', path: '<böb@example.net>', parameters: [] },
  ],
  [
    'RCPT in bytes of no charset',
    'R<b\xf6b@example.net>\0',
    { kind: 'rcpt', path: '<b\ufffdb@example.net>', parameters: [] },
  ],
  ['DATA', 'T', { kind: 'data' }],
  [
    'a folded header',
    'LReceived\0from a\n\tby b\0',
    { kind: 'header', field: 'Received\0from a\n\tby b\0', nameLength: 8 },
  ],
  ['an empty header', 'LX-Empty\0\0', { kind: 'header', field: 'X-Empty\0\0', nameLength: 7 }],
  ['end of headers', 'N', { kind: 'endOfHeaders' }],
  ['body', 'Btext\r\n', { kind: 'body', chunk: 'text\r\n' }],
  ['end of message', 'E', { kind: 'endOfMessage', chunk: '' }],
  ['end of message with a last piece', 'Elast', { kind: 'endOfMessage', chunk: 'last' }],
  ['unknown command', 'UXYZZY\0', { kind: 'unknown', line: 'XYZZY' }],
  ['abort', 'A', { kind: 'abort' }],
  ['quit', 'Q', { kind: 'quit' }],
  ['quit with a new connection to come', 'K', { kind: 'quitNewConnection' }],
];
for (const [name, text, command] of commands)
  test(`${name} is read`, () => assert.deepEqual(parse(text), command));

const faults: readonly [name: string, text: string, problem: RegExp][] = [
  ['a short negotiation', 'O\0\0\0\x06\0\0\0\0\0\0\0', /too short/],
  ['macros of nothing', 'D', /without a command/],
  ['macros without the final NUL', 'DMi\0abc', /final NUL/],
  ['a connection without host', 'Cmail.example', /cut short/],
  ['a connection without family', 'Cmail.example\0', /cut short/],
  ['a connection without port', 'Cmail.example\x004', /cut short/],
  ['a connection without the end of the address', 'Cmail.example\x004\0\x19192.0.2.7', /cut short/],
  ['a connection of a strange family', 'Cmail.example\0X\0\0x\0', /address family "X"/],
  ['HELO without NUL', 'Hmail.example', /final NUL/],
  ['an empty HELO frame', 'H', /final NUL/],
  ['MAIL without NUL', 'M<>', /final NUL/],
  ['a header without value', 'LSubject\0', /cut short/],
  ['a header without the final NUL', 'LSubject\0x', /cut short/],
  ['an empty header frame', 'L', /cut short/],
  ['a command that does not exist', 'Zx', /unknown command "Z"/],
];
for (const [name, text, problem] of faults)
  test(`${name} is a fault`, () => {
    const command = parse(text);
    assert.ok('problem' in command && typeof command.problem === 'string');
    assert.match(command.problem, problem);
  });

test('any command with any bytes never throws', () => {
  const letter = fc.constantFrom(...'ODCHMRTLNBEUAQKZ\0\xff');
  fc.assert(
    fc.property(letter, fc.uint8Array({ maxLength: 60 }), (command, body) => {
      const kinds: readonly (Command['kind'] | 'fault')[] = [parseCommand(command, body).kind];
      assert.equal(kinds.length, 1);
    }),
  );
});
