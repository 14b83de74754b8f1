import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { forgedSender } from './cases/incident.ts';
import { type CaseName, planReplay, replayCases } from './cases.ts';
import { startDnsServer } from './dns-server.ts';
import { formatZone, incidentZone, variants } from './incident-zone.ts';
import { readMarker, writeContent } from './planned.ts';
import { seededRandom } from './random.ts';
import { readContent } from './received-content.ts';
import type { ReplaySizes } from './replay-case.ts';
import { goodDomains, hostedSites, knownMailboxes } from './sites.ts';

const sizes: ReplaySizes = {
  messages: 200,
  recipients: 5,
  wanted: 20,
  misaddressed: 10,
  variants: true,
};
const planIncident = (seed: string, wanted: ReplaySizes) =>
  planReplay('incident', seed, wanted).messages;
const plan = [...planIncident('1', sizes)];
const names = Object.keys(replayCases).filter((name): name is CaseName => name in replayCases);

test('the same seed gives the same run, another seed another one', () => {
  assert.deepEqual([...planIncident('1', sizes)], plan);
  assert.notDeepEqual([...planIncident('2', sizes)], plan);
});

test('the plan holds exactly what was ordered', () => {
  const count = (kind: string) => plan.filter((planned) => planned.kind === kind).length;
  assert.deepEqual(
    [count('spam'), count('wanted'), count('misaddressed'), count('variant')],
    [200, 20, 10, variants.length],
  );
  assert.equal(new Set(plan.map((planned) => planned.marker)).size, plan.length);
});

for (const name of names)
  test(`${name}: any sizes give exactly so many messages, each with a marker of its own`, () => {
    const size = fc.nat(30);
    const all = fc.record({
      messages: size,
      recipients: fc.integer({ min: 1, max: 3 }),
      wanted: size,
      misaddressed: size,
      variants: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.string(), all, (seed, some) => {
        const { total, messages } = planReplay(name, seed, some);
        const got = [...messages];
        const odd = name === 'incident' && some.variants ? variants.length : 0;
        assert.equal(got.length, some.messages + some.wanted + some.misaddressed + odd);
        assert.equal(total, got.length);
        assert.equal(new Set(got.map(({ marker }) => marker)).size, got.length);
      }),
      { numRuns: 20 },
    );
  });

const shapes: readonly [
  name: CaseName,
  of: 'client' | 'network' | 'reversePath' | 'site',
  distinct: number,
][] = [
  ['harvest', 'client', 1],
  ['harvest', 'site', 12],
  ['slow-harvest', 'network', 200],
  ['slow-harvest', 'site', 1],
  ['joe-job', 'reversePath', 1],
  ['joe-job', 'site', 1],
  ['answer-loop', 'client', 1],
  ['answer-loop', 'reversePath', 2],
];
for (const [name, of, distinct] of shapes)
  test(`${name}: ${distinct} different of ${of}`, () => {
    const spam = [...planReplay(name, '1', { ...sizes, wanted: 0, misaddressed: 0 }).messages];
    const seen = spam.flatMap(({ client, reversePath, forwardPaths }) => {
      if (of === 'client') return client;
      if (of === 'network') return client.slice(0, client.lastIndexOf('.'));
      return of === 'reversePath' ? reversePath : forwardPaths.map((path) => path.split('@')[1]);
    });
    assert.equal(new Set(seen).size, distinct);
  });

test('on an ordinary day nobody writes to more than a few who do not exist', () => {
  const day = [...planReplay('ordinary-day', '1', { ...sizes, messages: 1000 }).messages];
  assert.ok(day.every(({ kind }) => kind !== 'spam'));
  assert.ok(day.filter(({ kind }) => kind === 'misaddressed').length < 50);
});

test('spam goes to invented mailboxes at hosted sites, in one forged name', () => {
  for (const planned of plan.filter(({ kind }) => kind === 'spam')) {
    assert.equal(planned.reversePath, forgedSender);
    assert.equal(new Set(planned.forwardPaths).size, 5);
    for (const path of planned.forwardPaths) {
      assert.ok(!knownMailboxes.includes(path));
      assert.ok(hostedSites.includes(path.split('@')[1] ?? ''));
    }
  }
});

test('wanted mail goes to known mailboxes and is spread over the whole run', () => {
  const at = plan.flatMap(({ kind, forwardPaths }, i) => {
    if (kind !== 'wanted') return [];
    assert.ok(knownMailboxes.includes(forwardPaths[0] ?? ''));
    return [i];
  });
  assert.ok((at[0] ?? 0) < plan.length / 3 && (at.at(-1) ?? 0) > (plan.length * 2) / 3);
});

test('every sender but the forged one is met once, so that a notice tells what it is about', () => {
  const others = plan.filter(({ kind }) => kind !== 'spam').map(({ reversePath }) => reversePath);
  assert.equal(new Set(others).size, others.length);
});

test('a written message is recognised, itself and quoted', () => {
  const [planned] = plan;
  assert.ok(planned);
  const lines = writeContent(planned, 'run7', new Date(0)).split('\n');
  const bytes = lines.map((line) => Buffer.from(line, 'latin1'));
  assert.equal(readMarker(readContent(bytes, 0).marker, 'run7'), planned.marker);
  assert.equal(readMarker(readContent(bytes, 0).marker, 'run8'), null);
  const notice = [Buffer.from('Subject: failed'), Buffer.alloc(0), ...bytes];
  assert.equal(readContent(notice, 0).marker, null);
  assert.deepEqual(readContent(notice, 0).quoted, [`run7/${planned.marker}`]);
});

for (const sink of ['192.0.2.30', '2001:db8::30'])
  test(`the zone can be served, with the good sink at ${sink}`, async () => {
    const zone = incidentZone({ target: '192.0.2.10', sink }, hostedSites, goodDomains);
    await using _server = await startDnsServer({ records: zone });
    assert.match(formatZone(zone), /^seaton\.biz\. +IN MX +10 mail\.seaton\.biz\.$/m);
    assert.match(formatZone(zone), /^mail\.seaton\.biz\. +IN A +127\.0\.0\.1$/m);
    assert.match(formatZone(zone), /IN MX +0 \.$/m);
  });

test('random numbers stay in range and use all of it', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, below) => {
      const number = seededRandom(seed).integer(below);
      assert.ok(Number.isInteger(number) && number >= 0 && number < below);
    }),
  );
  const random = seededRandom('x');
  const counts = [0, 0, 0, 0];
  for (let i = 0; i < 4000; i++) {
    const at = random.integer(4);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  assert.ok(
    counts.every((count) => count > 900 && count < 1100),
    `${counts}`,
  );
});
