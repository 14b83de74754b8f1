import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseMessage } from './messages.ts';

const head = '0.6|1576146008.006099|smtp-in';
const session = '7641df9771b4ed00';
const token = '1ef1c203cc576e5d';

const cases: readonly [name: string, line: string, wanted: object][] = [
  [
    'a setting',
    'config|smtp-session-timeout|300',
    { kind: 'config', key: 'smtp-session-timeout', value: '300' },
  ],
  ['the end of the settings', 'config|ready', { kind: 'config', key: 'ready', value: '' }],
  [
    'an event',
    `report|${head}|link-connect|${session}|mx.example|pass|192.0.2.20:4711|192.0.2.10:25`,
    {
      kind: 'report',
      event: 'link-connect',
      session,
      rest: 'mx.example|pass|192.0.2.20:4711|192.0.2.10:25',
    },
  ],
  [
    'an event that says no more',
    `report|${head}|link-disconnect|${session}`,
    { kind: 'report', event: 'link-disconnect', session, rest: '' },
  ],
  [
    'a query',
    `filter|${head}|mail-from|${session}|${token}|nicholas@seaton.biz`,
    { kind: 'query', phase: 'mail-from', session, token, parameter: 'nicholas@seaton.biz' },
  ],
  [
    'a query of 0.7 with bars in the last field',
    `filter|0.7|1.2|smtp-in|rcpt-to|${session}|${token}|a|b||@c.example`,
    { kind: 'query', phase: 'rcpt-to', session, token, parameter: 'a|b||@c.example' },
  ],
  [
    'the null reverse-path',
    `filter|${head}|mail-from|${session}|${token}|`,
    { kind: 'query', phase: 'mail-from', session, token, parameter: '' },
  ],
];
for (const [name, line, wanted] of cases)
  test(name, () => assert.deepEqual(parseMessage(line), wanted));

for (const line of [
  '',
  'config|',
  'config',
  'hello',
  `filter|0.4|1.2|smtp-in|mail-from|${session}|${token}|a@b`,
  `filter|six|1.2|smtp-in|mail-from|${session}|${token}|a@b`,
  `filter|${head}|mail-from|${session}`,
  `filter|${head}|mail-from|${session}|not hexadecimal|a@b`,
  `filter|${head}|mail-from|${session}0|${token}|a@b`,
  `filter|0.6|1.2|smtp-out|mail-from|${session}|${token}|a@b`,
  `report|${head}||${session}`,
])
  test(`no message: ${JSON.stringify(line)}`, () => {
    assert.equal(parseMessage(line).kind, 'fault');
  });

test('any text gets an answer, and a query of any text its parameter back', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseMessage(text)));
  fc.assert(
    fc.property(fc.string(), (text) => {
      const message = parseMessage(`filter|${head}|rcpt-to|${session}|${token}|${text}`);
      assert.equal(message.kind === 'query' && message.parameter, text);
    }),
  );
});
