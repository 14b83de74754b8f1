import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { parseEnvelope, showQueueColumns } from './envelope.ts';

const golden = new URL('../../../test/golden/queue-opensmtpd/', import.meta.url);
const goldenEnvelope = (name: string): Buffer =>
  readFileSync(new URL(`${name}/queue/4e/4edac93e/4edac93e2da5b119`, golden));

const octets = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

const good = ['01-deferred-mail', '02-own-notice', '03-notice-to-come', '07-version-2'];

for (const name of good)
  test(`${name}, cut anywhere, is no other envelope`, () => {
    const whole = goldenEnvelope(name);
    const read = parseEnvelope(octets(whole));
    assert.equal(read.kind, 'envelope');
    for (let end = 0; end < whole.length; end++) {
      const cut = parseEnvelope(octets(whole.subarray(0, end)));
      if (cut.kind === 'fault') continue;
      // Fields behind the last that is always written may be missing, and none of them is read.
      assert.deepEqual(cut, read, `cut at ${end}`);
    }
  });

test('any bytes are an envelope or a fault', () => {
  const line = fc
    .tuple(
      fc.constantFrom(
        ...['version', 'type', 'sender', 'rcpt', 'dest', 'ctime', 'sockaddr', 'helo', 'hostname'],
        ...['smtpname', 'dispatcher', 'dsn-notify', 'retry', 'flags', 'Errorline', 'x', ''],
      ),
      fc.oneof(
        fc.constantFrom('3', 'mta', 'a@b.example', '@', 'local', '[::1]', '192.0.2.1', '\0'),
        fc.string(),
      ),
    )
    .map(([key, value]) => `${key}: ${value}\n`);
  const text = fc.array(line, { maxLength: 30 }).map((lines) => Buffer.from(lines.join('')));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), text), (bytes) => {
      const read = parseEnvelope(octets(bytes));
      if (read.kind === 'fault') assert.match(read.problem, /expected|cut short/);
      if (read.kind === 'envelope') assert.notEqual(read.envelope.dest, '');
      showQueueColumns(octets(bytes));
    }),
    { numRuns: 2000 },
  );
});

test('the columns of smtpctl are the octets of the addresses, bars included', () => {
  assert.equal(
    showQueueColumns(octets(goldenEnvelope('11-hostile-texts'))),
    '"a|inflight|1|"@good-1.example|bob@good-2.example|bob@good-2.example',
  );
  assert.equal(
    showQueueColumns(octets(goldenEnvelope('09-utf8-addresses'))),
    Buffer.from('änne@good-1.example|jörg@good-2.example|jörg@good-2.example').toString('latin1'),
  );
});
