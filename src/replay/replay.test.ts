import assert from 'node:assert/strict';
import test from 'node:test';
import { startToyServer, type ToyServer, type ToyTemper } from '../../test/toy-server.ts';
import { variants } from './incident-zone.ts';
import { ListenError, type Progress, playIncident, type ReplayOptions } from './replay.ts';
import { formatReport } from './report-text.ts';
import { sinkReply, startSmtpSink } from './smtp-sink.ts';

const plain = { good: (text: string) => text, bad: (text: string) => text };
const anywhere = { host: '127.0.0.1', port: 0 };

function optionsFor(port: number, more: Partial<ReplayOptions> = {}): ReplayOptions {
  return {
    target: { address: '127.0.0.1', port, where: 'here' },
    seed: '7',
    name: 'incident',
    tellsClients: false,
    sizes: { messages: 40, recipients: 3, wanted: 10, misaddressed: 5, variants: false },
    connections: 5,
    rate: 0,
    backend: anywhere,
    sink: anywhere,
    dns: anywhere,
    blackhole: null,
    serverPid: null,
    trustDns: false,
    timeout: 8000,
    settle: 100,
    ...more,
  };
}

async function play(toy: ToyServer, more: Partial<ReplayOptions> = {}) {
  const end = await playIncident(
    optionsFor(toy.port, { onListening: (ports) => toy.connect(ports), ...more }),
  );
  assert.ok(end.kind === 'played', JSON.stringify(end));
  return end.report;
}

const dry: readonly [temper: ToyTemper, spamAccepted: number, noticed: number][] = [
  ['discards', 40, 5],
  ['refuses-senders', 0, 5],
  ['refuses-recipients', 0, 0],
];
for (const [temper, spamAccepted, noticed] of dry)
  test(`a server that ${temper} stays dry`, async () => {
    await using toy = await startToyServer(temper);
    const report = await play(toy);
    assert.deepEqual([report.verdict, report.signs], ['dry', []]);
    assert.equal(report.spam.accepted, spamAccepted);
    assert.equal(report.misaddressed.noticed, noticed);
    assert.equal(report.wanted.delivered, 10);
    assert.equal(report.notices.aboutSpam, 0);
    assert.equal(report.messages.done, 55);
    const { p50 = 0, p99 = 0, max = 0 } = report.wanted.seconds ?? {};
    assert.ok(0 < p50 && p50 <= p99 && p99 <= max && max < 8);
    assert.equal(report.wanted.each.length, 10);
  });

test('a refusal is told by stage and reply, without the addresses', async () => {
  await using toy = await startToyServer('refuses-recipients');
  const report = await play(toy);
  assert.deepEqual(report.spam.refused, { rcpt: 40 });
  assert.equal(report.spam.recipients.refused, 120);
  assert.deepEqual(report.refusals, [
    { kind: 'spam', stage: 'rcpt', reply: '550 5.1.1 <...> is unknown here', count: 40 },
    { kind: 'misaddressed', stage: 'rcpt', reply: '550 5.1.1 <...> is unknown here', count: 5 },
  ]);
});

test('a server that drowns is seen connecting to itself', async (t) => {
  if (process.platform !== 'linux') return t.skip('needs /proc/net/tcp');
  await using toy = await startToyServer('drowns');
  const report = await play(toy);
  assert.equal(report.verdict, 'drowned');
  assert.ok((report.selfConnections ?? 0) > 0);
  assert.match(report.signs.join('\n'), /the server connected to itself/);
});

test('who comes to the black hole is seen by standing there', async () => {
  await using toy = await startToyServer('spills');
  const report = await play(toy, { blackhole: anywhere, settle: 500 });
  assert.equal(report.verdict, 'drowned');
  assert.ok((report.notices.blackhole ?? 0) > 0 && report.notices.aboutSpam > 0);
  assert.match(report.signs.join('\n'), /it went to the black hole/);
});

test('wanted mail that does not arrive is drowned mail', async () => {
  await using toy = await startToyServer('loses');
  const report = await play(toy, { trustDns: true, timeout: 2500 });
  assert.equal(report.ended, 'timeout');
  assert.equal(report.verdict, 'drowned');
  assert.deepEqual(report.signs, ['10 of 10 wanted messages did not arrive']);
  assert.match(report.remarks.join(), /5 real senders wrote to mailboxes that do not exist/);
});

test('mail refused for now is tried again, as real senders do', async () => {
  let seen = 0;
  await using sink = await startSmtpSink({
    onRcpt: () => (seen++ === 0 ? sinkReply('451 4.7.1 Later') : null),
  });
  const end = await playIncident(
    optionsFor(sink.port, {
      sizes: { messages: 0, recipients: 1, wanted: 1, misaddressed: 0, variants: false },
      trustDns: true,
      timeout: 2000,
    }),
  );
  assert.ok(end.kind === 'played');
  assert.deepEqual([end.report.wanted.deferred, end.report.wanted.accepted], [{}, 1]);
  assert.equal(end.report.wanted.delivered, 0);
});

test('the same seed plays the same run', async () => {
  const heard: string[][] = [];
  for (let i = 0; i < 2; i++) {
    await using toy = await startToyServer('refuses-senders');
    const report = await play(toy, { connections: 1 });
    heard.push(report.wanted.each.map((one) => one.marker));
  }
  assert.deepEqual(heard[0], heard[1]);
});

test('nothing is played against a server whose notices could reach strangers', async () => {
  await using sink = await startSmtpSink({
    onMail: () => ({ code: 550, lines: ['5.1.8 Sender domain does not exist'] }),
  });
  const end = await playIncident(optionsFor(sink.port));
  assert.equal(end.kind, 'unproved');
  assert.equal(sink.counts.mailRefused, 1);
});

test('nobody there is not reachable', async () => {
  const sink = await startSmtpSink();
  await sink.close();
  const end = await playIncident(optionsFor(sink.port));
  assert.ok(end.kind === 'unreachable');
  assert.match(end.problem, /^connect: .*ECONNREFUSED/);
});

test('a place that is taken is named', async () => {
  await using sink = await startSmtpSink();
  const taken = { host: '127.0.0.1', port: sink.port };
  await assert.rejects(playIncident(optionsFor(sink.port, { backend: taken })), (error) => {
    assert.ok(error instanceof ListenError);
    assert.match(error.message, /^cannot listen as backend 127\.0\.0\.1:\d+: .*EADDRINUSE/);
    return true;
  });
});

test('an interrupted replay tells what it saw', async () => {
  await using toy = await startToyServer('refuses-senders');
  const interrupt = new AbortController();
  const report = await play(toy, {
    signal: interrupt.signal,
    rate: 20,
    onProgress: ({ done }) => {
      if (done === 5) interrupt.abort();
    },
  });
  assert.equal(report.ended, 'interrupted');
  assert.equal(report.verdict, 'unfinished');
  assert.ok(report.messages.done < 55);
});

test('progress goes from probe to the end', async () => {
  await using toy = await startToyServer('discards');
  const seen: Progress[] = [];
  await play(toy, { onProgress: (progress) => seen.push(progress) });
  assert.deepEqual([...new Set(seen.map(({ phase }) => phase))], ['probe', 'play', 'settle']);
  assert.equal(seen.at(-1)?.done, seen.at(-1)?.total);
});

test('the oddities of DNS are played each once', async () => {
  await using toy = await startToyServer('discards');
  const report = await play(toy, {
    sizes: { messages: 1, recipients: 1, wanted: 1, misaddressed: 1, variants: true },
  });
  assert.equal(report.variants.length, variants.length);
  assert.ok(report.variants.every(({ door }) => door === 'accepted'));
});

test('the story holds the figures, and no escape of the server’s', async () => {
  await using toy = await startToyServer('refuses-recipients');
  const report = await play(toy);
  const story = formatReport(
    { ...report, refusals: [{ kind: 'spam', stage: 'rcpt', reply: '550 \x1b[2J', count: 1 }] },
    plain,
  );
  assert.match(story, /^The server stayed dry\.\n/);
  assert.match(
    story,
    /Spam +40 sent: 0 accepted, 40 refused at rcpt\n +recipients: 0 accepted, 120 refused/,
  );
  assert.match(story, /Wanted +10 sent: 10 accepted; 10 delivered, 0 missing/);
  assert.match(story, /550 \\x1b\[2J/);
});
