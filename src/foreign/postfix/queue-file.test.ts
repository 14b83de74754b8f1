import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { readEntry } from './entry.ts';
import { readContent, readQueueFile } from './queue-file.ts';
import type { OctetSource } from './records.ts';

const golden = new URL('../../../test/golden/queue-postfix/', import.meta.url);
const file = (name: string) => readFileSync(new URL(name, golden));
const plain = file('04-partly-delivered/queue/deferred/E/E83E94B');
const edited = file('09-edited-by-filter/queue/deferred/A/A55D869');
const notice = file('01-own-notice/queue/deferred/E/EA8B350');

function sourceOf(bytes: Uint8Array): OctetSource {
  return {
    size: bytes.length,
    read: (position, length) =>
      Buffer.from(bytes.subarray(position, position + Math.min(length, 65_536))).toString('latin1'),
  };
}

const read = (bytes: Uint8Array) => readQueueFile(sourceOf(bytes));

function contentOf(bytes: Uint8Array, limit: number): string {
  const found = read(bytes);
  assert(found.kind === 'file');
  return readContent(sourceOf(bytes), found.file, limit);
}

test('what a filter changed is read in the order of the message', () => {
  assert.equal(
    contentOf(edited, 32_768)
      .split('\n')
      .filter((line) => !/^\s/.test(line))
      .join('\n'),
    `X-First: inserted at the top
Received: from sender.example (unknown [192.0.2.20])
From: Ann <ann@good-1.example>
Subject: changed, and much longer than it was
X-Last: added ${'at the end '.repeat(20)}

This body comes from the filter.
This body comes from the filter.
This body comes from the filter.
`,
  );
});

test('of the content no more is read than is asked for', () => {
  assert.equal(contentOf(notice, 20).length, 20);
  assert.ok(contentOf(notice, 20).startsWith('Received: by mx.host'));
});

for (const [name, bytes] of Object.entries({ plain, edited, notice })) {
  test(`a ${name} file cut anywhere is no file, or has the same envelope`, () => {
    const whole = read(bytes);
    assert.equal(whole.kind, 'file');
    for (let size = 0; size < bytes.length; size++) {
      const found = read(bytes.subarray(0, size));
      // What is behind the end of an edited message may be content alone, which is not looked at.
      if (name !== 'edited') assert.equal(found.kind, 'fault', `${size}`);
      else if (found.kind === 'file') assert.deepEqual(found, whole, `${size}`);
    }
  });

  test(`a ${name} file with wrong octets gives an entry or a fault`, () => {
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
        const wrong = Buffer.from(bytes);
        for (const [at, octet] of changes) wrong[at] = octet;
        readsSomething(wrong);
      }),
    );
  });
}

test('random octets are read without an exception', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), readsSomething));
});

test('random records are read without an exception, in time', () => {
  const types = [...'CTcFILSDRO/WVAMNXEp>K<ionw'].map((type) => type.charCodeAt(0));
  const record = fc
    .tuple(fc.constantFrom(...types), fc.oneof(fc.string(), fc.nat(500).map(pointer)))
    .map(([type, text]) => {
      const data = Buffer.from(text).subarray(0, 127);
      return Buffer.concat([Buffer.from([type, data.length]), data]);
    });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 40 }), (records) =>
      readsSomething(Buffer.concat([plain.subarray(0, 97), ...records])),
    ),
  );
});

function pointer(target: number): string {
  return String(target).padStart(15);
}

function readsSomething(bytes: Uint8Array): void {
  for (const queue of ['deferred', 'maildrop'] as const) {
    const found = readEntry({
      id: 'A1B2C3',
      queue,
      source: sourceOf(bytes),
      modifiedAt: 0,
      log: null,
    });
    if (found.kind === 'fault') assert.ok(found.problem.length > 10);
    else assert.ok(found.entry.size >= 0);
  }
}

test('a file of nothing but pointers back ends soon', () => {
  const head = plain.subarray(0, 97);
  const back = Buffer.from(`p\x0f${pointer(97)}`, 'latin1');
  const bytes = Buffer.concat([head, ...Array.from({ length: 200_000 }, () => back)]);
  const found = read(bytes);
  assert.equal(found.kind, 'fault');
});

test('envelopes with thousands of recipients are read whole', () => {
  const at = plain.indexOf('M\0');
  const recipient = (n: number) => {
    const data = Buffer.from(`recipient-${n}@good-1.example`);
    return Buffer.concat([Buffer.from([0x52, data.length]), data]);
  };
  const more = Buffer.concat(Array.from({ length: 20_000 }, (_, n) => recipient(n)));
  const found = read(Buffer.concat([plain.subarray(0, at), more, plain.subarray(at)]));
  assert(found.kind === 'file');
  assert.equal(found.file.recipients.length, 20_002);
  assert.equal(found.file.recipients.at(-1)?.forwardPath, 'recipient-19999@good-1.example');
});
