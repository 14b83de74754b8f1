import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseJournal } from './journal.ts';
import { parseSpoolHeader, type SpoolHeader } from './spool-header.ts';
import { withoutFrozen } from './thaw.ts';

const id = '1r4dGu-000001-2k';
const parseBytes = (bytes: Uint8Array) =>
  parseSpoolHeader(Buffer.from(bytes).toString('latin1'), id);

/** What may stand in an address: anything but a line end and NUL. */
const line = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 30 })
  .map((text) => text.replace(/[\n\0]/g, '.'));
/** Ends in a domain, as all of Exim's do. */
const address = line.map((text) => `${text}@good-1.example`);
const number = fc.integer({ min: -1, max: 100 });

interface Recipient {
  readonly address: string;
  readonly orcpt: string;
  readonly errorsTo: string;
  readonly flags: number;
  readonly parent: number;
}

const recipient: fc.Arbitrary<Recipient> = fc.record({
  address,
  orcpt: fc.oneof(fc.constant(''), address),
  errorsTo: fc.oneof(fc.constant(''), address),
  flags: number,
  parent: number,
});

const message = fc.record({
  sender: fc.oneof(fc.constant(''), address),
  variables: fc.array(
    fc.oneof(
      line.map((text) => `--helo_name ${text}`),
      line.map((text) => `-aclm _x ${Buffer.byteLength(text)}\n${text}`),
      fc.constant('-localerror'),
      fc.constant('-frozen 1700000000'),
    ),
    { maxLength: 5 },
  ),
  done: fc.array(address, { maxLength: 8 }),
  recipients: fc.array(recipient, { maxLength: 8 }),
  headers: fc.array(line, { maxLength: 4 }),
});
type Message = typeof message extends fc.Arbitrary<infer Value> ? Value : never;

/** As Exim writes it; `done` as a tree of right branches only. */
function write({ sender, variables, done, recipients, headers }: Message): string {
  const tree = done.map((one, i) => `N${i < done.length - 1 ? 'Y' : 'N'} ${one}`);
  const size = (text: string) => Buffer.byteLength(text);
  const lines = recipients.map(({ address, orcpt, errorsTo, flags, parent }) =>
    orcpt === '' && errorsTo === '' && flags < 0
      ? address
      : `${address} ${orcpt} ${size(orcpt)},${flags} ${errorsTo} ${size(errorsTo)},${parent}#3`,
  );
  return [
    ...[`${id}-H`, 'mail 8 8', `<${sender}>`, '1700000000 0', ...variables],
    ...(done.length === 0 ? ['XX'] : tree),
    ...[lines.length, ...lines, ''],
    headers.map((text) => `${String(size(text) + 1).padStart(3, '0')}  ${text}\n`).join(''),
  ].join('\n');
}

/** Octets in which nothing but the header of the message is missing. */
function envelopeSize(text: string, { headers }: Message): number {
  const header = headers.reduce(
    (sum, one) =>
      sum + Math.max(3, String(Buffer.byteLength(one) + 1).length) + 3 + Buffer.byteLength(one),
    0,
  );
  return Buffer.byteLength(text) - header;
}

test('what Exim writes comes back, whatever the addresses are', () => {
  fc.assert(
    fc.property(message, (wanted) => {
      const header = parse(write(wanted));
      assert.ok(header.kind === 'header', JSON.stringify(header));
      assert.equal(header.reversePath, wanted.sender);
      assert.deepEqual(
        header.recipients,
        wanted.recipients.map((one) => one.address),
      );
      assert.deepEqual([...header.done], [...new Set(wanted.done)]);
      assert.equal(header.frozen !== null, wanted.variables.includes('-frozen 1700000000'));
      assert.equal(
        header.headerSize,
        wanted.headers.reduce((sum, one) => sum + Buffer.byteLength(one) + 1, 0),
      );
    }),
  );
});

test('a file cut short is a fault, as far as the format can tell', () => {
  fc.assert(
    fc.property(message, fc.nat(), (wanted, at) => {
      const text = write(wanted);
      const cut = Buffer.from(text).subarray(0, at % envelopeSize(text, wanted));
      assert.equal(parseBytes(cut).kind, 'fault');
    }),
  );
});

test('without the line of the freeze, a file is the same in all else', () => {
  fc.assert(
    fc.property(message, (wanted) => {
      const variables = [...new Set(wanted.variables)];
      const bytes = Buffer.from(write({ ...wanted, variables }));
      const header = parseBytes(bytes);
      assert.ok(header.kind === 'header');
      const others = variables.filter((one) => !one.startsWith('-frozen'));
      const thawed = withoutFrozen(bytes, header).toString();
      assert.equal(thawed, write({ ...wanted, variables: others }));
    }),
  );
});

test('no octets make a parser throw', () => {
  const good = write({
    sender: 'ann@sender.example',
    variables: ['--host_address [192.0.2.1]:1', '-aclm 0 3\nabc', '-frozen 1700000000'],
    done: ['a@x', 'b@x'],
    recipients: [{ address: 'c@x', orcpt: 'd', errorsTo: 'e', flags: 1, parent: 2 }],
    headers: ['Subject: x'],
  });
  const change = fc.record({ at: fc.nat(), octets: fc.uint8Array({ maxLength: 6 }) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4 }), (changes) => {
      let bytes = Buffer.from(good);
      for (const { at, octets } of changes) {
        const position = at % bytes.length;
        bytes = Buffer.concat([bytes.subarray(0, position), octets, bytes.subarray(position + 2)]);
        if (bytes.length === 0) break;
      }
      const header = parseBytes(bytes);
      if (header.kind === 'header') withoutFrozen(bytes, header);
      parseJournal(bytes.toString('latin1'));
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
      assert.equal(parseBytes(bytes).kind, 'fault');
    }),
  );
});

test('a tree of any depth takes no stack', () => {
  const done = Array.from({ length: 200_000 }, (_, i) => `${i}@x`);
  const header = parse(write({ sender: '', variables: [], done, recipients: [], headers: [] }));
  assert.ok(header.kind === 'header');
  assert.equal(header.done.size, 200_000);
});

const clients: readonly [line: string, address: string][] = [
  ['-host_address [192.0.2.7]:25', '192.0.2.7'],
  ['--host_address [2001:db8::7]:25', '2001:db8::7'],
  ['-host_address 192.0.2.7.25', '192.0.2.7'],
  ['-host_address 192.0.2.7', '192.0.2.7'],
  ['-host_address 2001:db8::7.25', '2001:db8::7'],
  ['-host_address nonsense', 'nonsense'],
];
for (const [text, want] of clients)
  test(`client of "${text}"`, () => {
    const variables = [text];
    const header = parse(write({ sender: '', variables, done: [], recipients: [], headers: [] }));
    assert.equal(header.kind === 'header' && header.hostAddress, want);
  });

function parse(text: string): SpoolHeader | { readonly kind: 'fault'; readonly problem: string } {
  return parseBytes(Buffer.from(text));
}
