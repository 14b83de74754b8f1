import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatDnsFrame, parseDnsFrames } from './frames.ts';

test('a stream cut anywhere gives the same messages', () => {
  const sent = [new Uint8Array(), Uint8Array.of(1, 2, 3), new Uint8Array(300).fill(7)];
  const stream = Buffer.concat(sent.map(formatDnsFrame));
  for (let cut = 0; cut <= stream.length; cut++) {
    const first = parseDnsFrames(stream.subarray(0, cut));
    const second = parseDnsFrames(Buffer.concat([first.rest, stream.subarray(cut)]));
    const got = [...first.messages, ...second.messages].map((message) => Buffer.from(message));
    assert.deepEqual(got, sent.map(Buffer.from), `cut at ${cut}`);
    assert.equal(second.rest.length, 0);
  }
});

test('any bytes are messages and a rest', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const { messages, rest } = parseDnsFrames(bytes);
      const again = Buffer.concat([...messages.map(formatDnsFrame), rest]);
      assert.deepEqual(again, Buffer.from(bytes));
    }),
  );
});
