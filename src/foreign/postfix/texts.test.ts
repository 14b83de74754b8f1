import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { quoteAddress, unquoteAddress } from './address-text.ts';
import { formatResolve, resolvable, takeAnswer } from './attributes.ts';
import { readDelayLog } from './delay-log.ts';

const addresses: readonly [raw: string, quoted: string][] = [
  ['', ''],
  ['ann@host.example', 'ann@host.example'],
  ['ann.b+c=d@host.example', 'ann.b+c=d@host.example'],
  ['jörg@bücher.example', 'jörg@bücher.example'],
  ['two words@host.example', '"two words"@host.example'],
  ['a"b\\c@host.example', '"a\\"b\\\\c"@host.example'],
  ['a@b@host.example', '"a@b"@host.example'],
  ['a..b@host.example', '"a..b"@host.example'],
  ['.a@host.example', '".a"@host.example'],
  ['@host.example', '""@host.example'],
  ['root', 'root'],
  ['two words', '"two words"'],
];
for (const [raw, quoted] of addresses)
  test(`an address is shown as ${quoted || 'nothing'}`, () => {
    assert.equal(quoteAddress(raw), quoted);
    assert.equal(unquoteAddress(quoted), raw);
  });

test('an address that is quoted and unquoted is what it was', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (local, domain) => {
      const raw = `${local}@${domain.replaceAll('@', '')}`;
      // A source route.
      if (raw.startsWith('@')) return;
      assert.equal(
        unquoteAddress(quoteAddress(raw)),
        /^"/.test(raw) ? unquoteAddress(quoteAddress(raw)) : raw,
      );
    }),
  );
});

test('why recipients wait, as new and old servers write it', () => {
  const log = readDelayLog(`
<old@host.example>: of old
recipient=old@host.example
offset=700
status=4.0.0
reason=of the new kind

<ancient@host.example>:   only so

recipient=twice@host.example
offset=800
reason=first

recipient=twice@host.example
offset=800
reason=second = last
`);
  assert.deepEqual(Object.fromEntries(log.byOffset), {
    700: 'of the new kind',
    800: 'second = last',
  });
  assert.deepEqual(Object.fromEntries(log.byAddress), {
    'old@host.example': 'of the new kind',
    'ancient@host.example': 'only so',
    'twice@host.example': 'second = last',
  });
});

test('any text is read as a log', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void readDelayLog(text)));
});

const hop =
  'flags\x000\0transport\0smtp\0nexthop\0seaton.biz\0recipient\0a@seaton.biz\0flags\x004096\0\0';
const answer = (flags: number) => hop.replace('4096', String(flags));
const nextHop = { mailer: 'smtp', host: 'seaton.biz', address: 'a@seaton.biz' };
const answers: readonly [name: string, text: string, want: unknown][] = [
  ['an answer', hop, nextHop],
  [
    'an answer of a server that introduces itself',
    `protocol\0trivial_rewrite_protocol\0\0${hop}`,
    nextHop,
  ],
  ['a table that failed', answer(4096 + 8), { mailer: 'unresolved', host: '', address: null }],
  ['an address that is none', answer(4), null],
  ['an answer without a transport', hop.replace('smtp', ''), null],
  ['an answer to something else', 'status\x000\0\0', null],
];
for (const [name, text, want] of answers)
  test(`of the resolver: ${name}`, () => {
    const taken = takeAnswer(Buffer.from(`${text}more`));
    assert.deepEqual(taken?.hop, want);
    assert.equal(taken?.rest.toString(), 'more');
    for (let size = 0; size < text.length; size++) {
      const early = takeAnswer(Buffer.from(text.slice(0, size)));
      assert.equal(early, null, `${size}`);
    }
  });

test('what could be taken for another question is not asked', () => {
  for (const address of ['', 'a\0b@c', 'a\nb@c', `${'a'.repeat(1001)}@c`])
    assert.equal(resolvable(address), null);
  assert.equal(resolvable('"two words"@c'), 'two words@c');
  assert.equal(
    formatResolve('jörg@c').toString(),
    'request\0resolve\0sender\0\0address\0jörg@c\0\0',
  );
});
