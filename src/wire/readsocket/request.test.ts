import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { findRequest, formatRequest, parseRequest } from './request.ts';

const bare = (text: string): string => text.replace(/\n$/, '');

test('a notice as Exim 4.96 asks about it', () => {
  const line =
    'spillway/1 deliver ip= helo= id=MXNYWnlvLTAwMDAwSS0xSg== from= to=bmljaG9sYXNAc2VhdG9uLmJpeg== hop=c2VhdG9uLmJpeg==';
  assert.deepEqual(parseRequest(line), {
    kind: 'deliver',
    address: null,
    helo: null,
    queueId: '1sXZyo-00000I-1J',
    reversePath: '',
    forwardPath: 'nicholas@seaton.biz',
    host: 'seaton.biz',
  });
});

const faults: readonly [line: string, problem: RegExp][] = [
  ['', /spillway\/1/],
  ['GET / HTTP/1.1', /spillway\/1/],
  ['spillway/2 alive', /spillway\/1/],
  ['spillway/1', /verb/],
  ['spillway/1 ', /verb/],
  ['spillway/1 expn', /verb/],
  ['spillway/1 mail', /without "from"/],
  ['spillway/1 rcpt from=', /without "from" and "to"/],
  ['spillway/1 rcpt from= to=', /without "from" and "to"/],
  ['spillway/1 deliver from= to=YQ==', /"hop"/],
  ['spillway/1 mail from', /field 1/],
  ['spillway/1 mail from=ann@example.org', /field 1/],
  ['spillway/1 mail from=YQ', /field 1/],
  ['spillway/1 mail helo=YQ==  from=YQ==', /field 2/],
  ['spillway/1 mail from=YQ== from=YQ==', /twice/],
];
for (const [line, problem] of faults)
  test(`${JSON.stringify(line)} is a fault`, () => {
    const request = parseRequest(line);
    assert.equal(request.kind, 'fault');
    assert.match(request.kind === 'fault' ? request.problem : '', problem);
  });

test('any text is answered without an exception', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      parseRequest(text);
      parseRequest(`spillway/1 rcpt ${text}`);
      parseRequest(`spillway/1 rcpt from=${text} to=${text}`);
    }),
  );
});

const path = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter((text) => {
  return Buffer.from(text).toString() === text;
});

test('whatever strangers write, no field runs into the next', () => {
  fc.assert(
    fc.property(path, path, path, path, (helo, from, to, hop) => {
      assert.deepEqual(parseRequest(bare(formatRequest('deliver', { helo, from, to, hop }))), {
        kind: 'deliver',
        address: null,
        helo,
        queueId: null,
        reversePath: from,
        forwardPath: to,
        host: hop,
      });
    }),
  );
});

test('bytes that are no UTF-8 belong to no domain', () => {
  const to = Buffer.from('x@b\xfccher.example', 'latin1').toString('base64');
  const request = parseRequest(`spillway/1 rcpt from= to=${to}`);
  assert.equal(request.kind === 'rcpt' && request.forwardPath, 'x@b\ufffdcher.example');
});

test('a line is found wherever the stream is cut, and at its end without a line end', () => {
  const line = formatRequest('mail', { from: 'ann@example.org' });
  const stream = Buffer.from(`${line}more`);
  for (let cut = 0; cut <= stream.length; cut++) {
    const found = findRequest(stream.subarray(0, cut), false);
    assert.equal(found, cut < line.length ? null : bare(line));
  }
  assert.equal(findRequest(Buffer.from('spillway/1 alive'), true), 'spillway/1 alive');
  assert.equal(findRequest(Buffer.from('spillway/1 alive\r\n'), false), 'spillway/1 alive');
  assert.equal(findRequest(Buffer.alloc(0), true), '');
});
