import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { JournalParser } from './journald-export.ts';

function binary(name: string, value: string): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from('\n')]);
}

const entry = (message: Buffer) =>
  Buffer.concat([
    Buffer.from(
      '__CURSOR=s=1\n__REALTIME_TIMESTAMP=1157425921000123\n_HOSTNAME=mx\nSYSLOG_IDENTIFIER=postfix/qmgr\n',
    ),
    message,
    Buffer.from('_PID=143\n\n'),
  ]);
const plain = entry(Buffer.from('MESSAGE=DB55845: removed\n'));
const withBreak = entry(binary('MESSAGE', 'DB55845: removed\n\nDB55846: removed'));
const foreign = entry(binary('COREDUMP', `${'x'.repeat(50_000)}\n\nMESSAGE=fake: removed\n`));

function parse(chunks: readonly Buffer[]): unknown[] {
  const parser = new JournalParser(1000);
  const events = chunks.flatMap((chunk) => parser.push(chunk));
  return [...events, ...parser.end()].map((event) =>
    event.kind === 'entry' ? event.entry : event.problem,
  );
}

const removed = {
  at: 1_157_425_921_000,
  host: 'mx',
  program: 'postfix/qmgr',
  pid: '143',
  message: 'DB55845: removed',
};
const cases: readonly [name: string, bytes: Buffer, want: unknown[]][] = [
  ['an entry', plain, [removed]],
  [
    'a value with line feeds',
    withBreak,
    [{ ...removed, message: 'DB55845: removed\n\nDB55846: removed' }],
  ],
  [
    'a long field that nobody asked for, with an entry inside',
    Buffer.concat([foreign, plain]),
    [removed],
  ],
  ['an entry cut short', plain.subarray(0, plain.length - 12), ['an entry that is cut short']],
  ['a value cut short', withBreak.subarray(0, 130), ['an entry that is cut short']],
  [
    'a message that is too long',
    entry(Buffer.from(`MESSAGE=${'x'.repeat(2000)}\n`)),
    ['more than 1,000 octets'],
  ],
  ['an entry without a time', Buffer.from('MESSAGE=x\n\n'), ['an entry without a time']],
  [
    'a time that is none',
    Buffer.from('__REALTIME_TIMESTAMP=soon\nMESSAGE=x\n\n'),
    ['an entry without a time'],
  ],
  [
    'a length that no journal has',
    Buffer.concat([Buffer.from('MESSAGE\n'), Buffer.alloc(8, 255), Buffer.from('\n\n'), plain]),
    ['a field that is longer than 4 GB', removed],
  ],
  ['empty lines', Buffer.from('\n\n\n'), []],
  ['nothing', Buffer.alloc(0), []],
];
for (const [name, bytes, want] of cases) test(name, () => assert.deepEqual(parse([bytes]), want));

test('however it is divided, the same entries come out', () => {
  const whole = Buffer.concat([plain, withBreak, foreign, plain]);
  const want = parse([whole]);
  for (let at = 0; at < 1000; at++)
    assert.deepEqual(parse([whole.subarray(0, at), whole.subarray(at)]), want);
  assert.deepEqual(parse(Array.from(plain, (octet) => Buffer.from([octet]))), [removed]);
});

test('no bytes break it', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
      parse(chunks.map((chunk) => Buffer.from(chunk)));
    }),
  );
});
