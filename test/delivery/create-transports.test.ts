/**
 * The transports as the server has them: which next hop is spoken to how, and what is asked ahead.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { ConfiguredHosts } from '../../src/delivery/configured-hosts.ts';
import { createTransports } from '../../src/delivery/create-transports.ts';
import type { Destination } from '../../src/mail/destination.ts';
import { startSmtpSink } from '../../src/replay/smtp-sink.ts';
import { ip, judgeOfLoops, loopback, never, outcomes, shipmentTo } from './client.ts';
import { startScripted, takeAll } from './scripted-server.ts';

function transportsOf(tls: 'off' | 'opportunistic' | 'required', mxPort = 25) {
  return createTransports({
    name: 'me.example',
    judge: judgeOfLoops(),
    ownNames: new Set(),
    isOwnListener: () => false,
    random: () => 0.5,
    now: () => performance.now(),
    hostName: 'me.example',
    processName: '1',
    tls: { mx: tls, backend: 'off', smarthost: tls },
    login: null,
    mxPort,
  });
}

test('MX, backend and smarthost are each spoken to as they are set up', async () => {
  await using server = await startScripted((talk) => takeAll(talk, ['PIPELINING']));
  await using transports = transportsOf('required', server.port);
  const endpoint = { host: '127.0.0.1', port: server.port };
  const shipment = shipmentTo(['a@x.example']);
  const targets = [
    { preference: 0, name: 'mx.example', addresses: [{ address: loopback, class: 'public' }] },
  ] as const;
  const ways = {
    mx: transports.mx('x.example', targets),
    smtp: transports.configured('smtp', endpoint, [loopback]),
    lmtp: transports.configured('lmtp', endpoint, [loopback]),
    smarthost: transports.configured('smarthost', endpoint, [loopback]),
  };
  const found: Record<string, string> = {};
  for (const [name, way] of Object.entries(ways))
    found[name] = outcomes(await way.deliver(shipment, never))
      .join()
      .slice(0, 18);
  assert.deepEqual(found, {
    mx: 'deferred 451 4.7.4',
    smtp: 'relayed 250 2.0.0 ',
    lmtp: 'delivered 250 2.0.',
    smarthost: 'deferred 451 4.7.4',
  });
});

test('a backend is asked ahead; what is none, cannot be found or is ourselves is not', async () => {
  await using sink = await startSmtpSink({
    onRcpt: (path) => (path === 'no@x.example' ? { code: 550, lines: ['5.1.1 No'] } : null),
  });
  await using transports = transportsOf('off');
  const hosts: ConfiguredHosts = {
    find({ host }) {
      if (host === 'lost.example') return null;
      return { addresses: [ip('127.0.0.1')], isOurselves: host === 'self.example' };
    },
  };
  const probe = transports.probeFrom(hosts, '', 3000);
  const smtp = (host: string): Destination => ({
    kind: 'smtp',
    endpoint: { host, port: sink.port },
  });
  const ask = async (destination: Destination, path = 'a@x.example') => {
    const result = await probe(destination, path);
    return result.kind === 'answered' ? result.reply.code : result.kind;
  };
  assert.equal(await ask(smtp('in.example')), 250);
  assert.equal(await ask(smtp('in.example'), 'no@x.example'), 550);
  assert.equal(await ask(smtp('lost.example')), 'silent');
  assert.equal(await ask(smtp('self.example')), 'silent');
  assert.equal(await ask({ kind: 'mx' }), 'silent');
  assert.equal(await ask({ kind: 'maildir', folder: '/x' }), 'silent');
  assert.deepEqual([sink.counts.connections, sink.counts.messages], [1, 0]);
});
