import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import test from 'node:test';
import fc from 'fast-check';
import { findSelfConnections, parseTcpTable, watchSelfConnections } from './self-connections.ts';
import { startSmtpSink } from './smtp-sink.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:9C40 0100007F:0019 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   2: 0100007F:0019 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   3: 0A0200C0:0019 0A0200C0:9C41 06 00000000:00000000 03:00000F6C 00000000     0        0 0 3 0
   4: 0A0200C0:0019 010200C0:9C42 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   5: 0100007F:9C43 0100007F:1F40 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
`;
const table6 = `  sl  local_address                         remote_address                        st
   0: 0000000000000000FFFF00000100007F:9C44 0000000000000000FFFF00000100007F:0019 01 0
   1: 00000000000000000000000001000000:9C45 00000000000000000000000001000000:0019 01 0
`;

test('only connections from the machine to itself count, each once', () => {
  const entries = [...parseTcpTable(table), ...parseTcpTable(table6)];
  assert.deepEqual(
    [...findSelfConnections(entries, new Set([25])).keys()],
    [
      '127.0.0.1 40000>127.0.0.1 25',
      '192.0.2.10 40001>192.0.2.10 25',
      '127.0.0.1 40004>127.0.0.1 25',
      '::1 40005>::1 25',
    ],
  );
});

test('connections to a server that is ours do not count', () => {
  const found = findSelfConnections(parseTcpTable(table), new Set([25]), new Set(['127.0.0.1 25']));
  assert.deepEqual([...found.keys()], ['192.0.2.10 40001>192.0.2.10 25']);
});

test('any text is read without a throw', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseTcpTable(text)));
});

test('a connection to a port of this machine is seen, our own are left out', async (t) => {
  if (process.platform !== 'linux') return t.skip('needs /proc/net/tcp');
  await using sink = await startSmtpSink();
  const earlier = connect(sink.port, sink.host);
  await once(earlier, 'data');
  const watch = await watchSelfConnections({
    pid: null,
    ports: new Set([sink.port]),
    interval: 10_000,
  });
  const sockets = [connect(sink.port, sink.host), connect(sink.port, sink.host)];
  await Promise.all(sockets.map((socket) => once(socket, 'data')));
  await watch.stop();
  assert.equal(watch.count(new Set()), 2);
  assert.equal(watch.count(new Set([sockets[0]?.localPort ?? 0])), 1);
  for (const socket of [earlier, ...sockets]) socket.destroy();
});

test('a process that is not there is not observable', async () => {
  const watch = await watchSelfConnections({ pid: 2 ** 30, ports: new Set([25]) });
  await watch.stop();
  assert.equal(watch.count(new Set()), null);
});
