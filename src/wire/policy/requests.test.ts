import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createRequestReader, type RequestEvent } from './requests.ts';

function tell(event: RequestEvent): unknown {
  return event.kind === 'request' ? Object.fromEntries(event.attributes) : event.problem;
}

function read(pieces: readonly Buffer[]): unknown[] {
  const reader = createRequestReader();
  return pieces.flatMap((piece) => reader.push(piece)).map(tell);
}

const stream = Buffer.from(
  'request=smtpd_access_policy\nprotocol_state=RCPT\nsender=\nccert_subject=a=b\n' +
    'recipient=jörg@hosted.example\nstress=\n\nrequest=x\nclient_name=a=b\n\n\n',
);
const wanted = [
  {
    request: 'smtpd_access_policy',
    protocol_state: 'RCPT',
    sender: '',
    recipient: 'jörg@hosted.example',
  },
  { request: 'x', client_name: 'a=b' },
  {},
];

test('cut at every byte, the same requests come out', () => {
  for (let cut = 0; cut <= stream.length; cut++)
    assert.deepEqual(read([stream.subarray(0, cut), stream.subarray(cut)]), wanted, `cut ${cut}`);
  assert.deepEqual(read([...stream].map((byte) => Buffer.of(byte))), wanted);
});

const faults: readonly [bytes: string, want: RegExp][] = [
  ['sender\n\n', /no name=value/],
  ['=x\n\n', /no name=value/],
  ['sender=a\nsender=b\n\n', /"sender" is said twice/],
  [`sender=${'a'.repeat(9000)}`, /more than 8192 bytes/],
  [`sender=${'a'.repeat(9000)}\n\n`, /more than 8192 bytes/],
  ['x=y\n'.repeat(201), /more than 200 lines/],
];
for (const [bytes, want] of faults)
  test(`a fault ends the stream: ${want.source}`, () => {
    const told = read([Buffer.from(bytes), Buffer.from('request=x\n\n')]);
    assert.equal(told.length, 1);
    assert.match(String(told[0]), want);
  });

test('names that an object would have are none of ours', () => {
  assert.deepEqual(read([Buffer.from('__proto__=x\nconstructor=y\n\n')]), [{}]);
});

test('any bytes, however cut, give the same events', () => {
  const text = fc.stringMatching(/^[a-z=\n\u00ff ]*$/);
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), text), fc.nat(), (any, at) => {
      const bytes = Buffer.from(any);
      const cut = bytes.length === 0 ? 0 : at % bytes.length;
      assert.deepEqual(read([bytes.subarray(0, cut), bytes.subarray(cut)]), read([bytes]));
    }),
  );
});
