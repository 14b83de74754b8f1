import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { comparableDomain, formatDomain, parseAddress } from './address.ts';
import { printable } from './printable.ts';

const cases: readonly [text: string, want: string][] = [
  ['<>', 'null'],
  ['', 'null'],
  ['<ann@example.org>', 'ann at example.org'],
  ['ann@EXAMPLE.org.', 'ann at example.org'],
  ['"odd @ name"@example.org', '"odd @ name" at example.org'],
  ['<@relay.example,@other.example:ann@example.org>', 'ann at example.org'],
  ['ann@[192.0.2.1]', 'ann at [192.0.2.1]'],
  ['ann@[IPv6:2001:DB8::1]', 'ann at [2001:db8::1]'],
  ['üñ@bücher.example', 'üñ at xn--bcher-kva.example'],
  ['<postmaster>', 'local postmaster'],
  ['<ann%example.org>', 'ann at example.org'],
  ['"ann%example.org"', 'ann at example.org'],
  ['<example.org!ann>', 'ann at example.org'],
  ['a.example!b.example!ann', 'b.example!ann at a.example'],
  ['ann%127.0.0.1', 'local ann%127.0.0.1'],
  ['ann%', 'local ann%'],
  ['!ann', 'local !ann'],
  ['%', 'local %'],
  ['ann@', 'fault'],
  ['@example.org', 'fault'],
  ['ann@127.0.0.1', 'fault'],
  ['ann@[0127.0.0.1]', 'fault'],
  ['ann@exa\u001bmple.org', 'fault'],
  [`${'a'.repeat(400)}@example.org`, 'fault'],
];
for (const [text, want] of cases)
  test(`${printable(text, 60)} is ${want}`, () => {
    const address = parseAddress(text);
    const got =
      address.kind === 'mailbox'
        ? `${address.localPart} at ${formatDomain(address.domain)}`
        : address.kind === 'local'
          ? `local ${address.localPart}`
          : address.kind;
    assert.equal(got, want);
  });

test('any text is read without an exception', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseAddress(text)));
});

test('what is printed holds nothing that a terminal obeys', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(printable(text), /[\u0000-\u001f\u007f-\u009f\u202e]/);
    }),
  );
  assert.equal(printable('\u001b[2Jann'), '\\x1b[2Jann');
});

const comparable: readonly [text: string, want: string][] = [
  ['Mail.Example.ORG.', 'mail.example.org'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['[IPv6:2001:DB8::1]', '[2001:db8::1]'],
  ['No Domain', 'no domain'],
];
for (const [text, want] of comparable)
  test(`${text} is compared as ${want}`, () => assert.equal(comparableDomain(text), want));
