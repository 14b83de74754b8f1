import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseAddressTests, parseDrivers } from './address-test.ts';

const routers = parseDrivers(
  '\nby_mx router:\naddress_data = \ndriver = dnslookup\nmore\n\nsmart router:\ndriver = manualroute\n' +
    '\nusers router:\ndriver = accept\n\nliteral router:\ndriver = ipliteral\n',
);
const transports = parseDrivers(
  '\nremote transport:\ndriver = smtp\n\nmaildrop transport:\ndriver = pipe\n\nrelay_pipe transport:\ndriver = pipe\n',
);

const cases: readonly [name: string, answer: string, want: unknown][] = [
  [
    'an MX decides',
    'ann@good-1.example\n  router = by_mx, transport = remote\n  host mx.good.example [192.0.2.40] MX=10\n',
    { mailer: 'smtp', host: 'good-1.example', address: 'ann@good-1.example' },
  ],
  [
    'the operator decides',
    'ann@site.example\n  router = smart, transport = remote\n  host 192.0.2.30   [192.0.2.30] port=2525\n  host b.example [192.0.2.31]\n',
    { mailer: 'smtp', host: '192.0.2.30', address: 'ann@site.example' },
  ],
  [
    'the hosts are an option of the transport',
    'ann@site.example\n  router = users, transport = remote\n',
    { mailer: 'accept', host: '', address: null },
  ],
  [
    'a mailbox of its own',
    'ann@site.example\n    <-- info@site.example\n  router = users, transport = maildrop\n',
    { mailer: 'maildrop', host: '', address: 'ann@site.example' },
  ],
  [
    'a transport that only sounds of SMTP',
    'ann@site.example\n  router = users, transport = relay_pipe\n',
    { mailer: 'local', host: '', address: 'ann@site.example' },
  ],
  [
    'an alias for somebody outside',
    'nicholas@seaton.biz\n    <-- info@site.example\n  router = by_mx, transport = remote\n  host x [192.0.2.40] MX=10\n',
    { mailer: 'smtp', host: 'seaton.biz', address: 'nicholas@seaton.biz' },
  ],
  [
    'an address that it has had before',
    '"a b"@good-1.example   [duplicate, would not be delivered]\n  router = by_mx, transport = remote\n  host x [192.0.2.40]\n',
    { mailer: 'smtp', host: 'good-1.example', address: '"a b"@good-1.example' },
  ],
  [
    'an alias for several, of which one fails',
    'x@nowhere.invalid is undeliverable: Unrouteable address\n    <-- info@site.example\nann@good-1.example\n    <-- info@site.example\n  router = by_mx, transport = remote\n',
    { mailer: 'redirect', host: '', address: null },
  ],
  [
    'an alias for several',
    'a@site.example\n    <-- all@site.example\n  router = users, transport = maildrop\nb@site.example\n    <-- all@site.example\n  router = users, transport = maildrop\n',
    { mailer: 'redirect', host: '', address: null },
  ],
  [
    'the router that drops it',
    'mail to <info@site.example> is discarded\n',
    { mailer: 'blackhole', host: '', address: null },
  ],
  [
    'undeliverable',
    'nicholas@seaton.biz is undeliverable: all relevant MX records point to non-existent hosts\n',
    null,
  ],
  [
    'deferred',
    'a@slow.example cannot be resolved at this time: host lookup did not complete\n',
    null,
  ],
  [
    'the domain leads to the server itself',
    'a@self.example cannot be resolved at this time: remote host address is the local host\n',
    null,
  ],
  [
    'a table of its own cannot be read',
    'a@site.example cannot be resolved at this time: failed to open /etc/exim4/aliases\n',
    { mailer: 'unresolved', host: '', address: null },
  ],
  [
    'an alias that leads nowhere',
    'nicholas@seaton.biz is undeliverable: all relevant MX records point to non-existent hosts\n    <-- info@site.example\n',
    { mailer: 'smtp', host: 'seaton.biz', address: 'nicholas@seaton.biz' },
  ],
  ['no address', 'syntax error: unmatched doublequote in local part\n', null],
  ['nothing', '', null],
];
for (const [name, answer, want] of cases)
  test(`exim -bt: ${name}`, () => {
    const text = `> x@y is undeliverable: no\n> ${answer}> \n`;
    assert.deepEqual(parseAddressTests(text, 2, routers, transports), [null, want]);
  });

test('answers that do not match the questions in number are no answers', () => {
  const answer = '> a@x\n  router = by_mx, transport = remote\n';
  for (const text of ['', answer, `LOG: MAIN\n${answer}> `, `${answer}> ${answer}> `])
    assert.deepEqual(parseAddressTests(text, 1, routers, transports), [null]);
});

test('no answer makes the parser throw', () => {
  const word = fc.constantFrom(
    '> ',
    '\n',
    '  router = ',
    ', transport = ',
    'remote',
    ' <-- ',
    '  host ',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(word, fc.string({ maxLength: 5 }))), (words) => {
      assert.equal(parseAddressTests(words.join(''), 1, routers, transports).length, 1);
    }),
  );
});
