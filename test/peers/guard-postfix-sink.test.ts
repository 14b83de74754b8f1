/**
 * Postfix hands the notices that it would send to Spillway, which takes them by SMTP: those in its queue
 * too. And what a next hop for all mail does to the other hooks.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { startGuard } from './guard.ts';
import {
  byMilter,
  byTransport,
  countInLog,
  isEmpty,
  openScene,
  type PostfixScene,
  playOut,
  routes,
  sizes,
  toSeaton,
} from './guarded-postfix.ts';
import { play } from './incident.ts';
import { projectInside } from './machine.ts';
import { addresses } from './network.ts';
import { run } from './place.ts';
import { whyNot } from './requirements.ts';
import { countReceipts } from './scene.ts';
import { until } from './until.ts';

const skip = await whyNot();

const bySink = {
  sender_dependent_default_transport_maps: 'inline:{ { <> = smtp:[127.0.0.1]:2525 } }',
};
const smtp = 'listen = ["127.0.0.1:2525"]';
const refused =
  /postfix\/smtp\[.*to=<nicholas@seaton\.biz>, relay=127\.0\.0\.1\[127\.0\.0\.1\]:2525.*dsn=5\.4\.4, status=bounced/;

/** Nothing waits in Spillway's own queue. */
async function hasDelivered({ postfix }: PostfixScene): Promise<boolean> {
  const list = [`${projectInside}/bin/spillway`, 'queue', 'list', '--json'];
  return await until(async () => (await run(postfix.machine.place, list)) === '');
}

test('of the notices, those to the black hole are refused by the sink, and the others delivered', {
  skip,
}, async () => {
  await using scene = await openScene({ settings: bySink, modes: { sender: 'off' }, smtp });
  const { postfix, guard } = scene;
  const playing = playOut(scene);
  // By now the backend listens.
  assert.ok(await until(async () => (await countInLog(postfix, /client=/)) > 0));
  const hand = ['sendmail', '-i', '-f', '', 'info@bakery.example'];
  await run(postfix.machine.place, hand, { input: 'Subject: test\n\n' });
  const report = await playing;
  assert.equal(report.spam.accepted, sizes.messages);
  assert.equal(report.wanted.delivered, sizes.wanted);
  assert.equal(report.misaddressed.noticed, sizes.misaddressed);
  assert.ok(await isEmpty(scene));
  assert.ok(await hasDelivered(scene));
  assert.equal(await countInLog(postfix, refused), sizes.messages);
  assert.equal(await countInLog(postfix, toSeaton), sizes.messages, 'each was tried once');
  const astray = /to=<info@bakery\.example>.*relay=127\.0\.0\.1/;
  assert.equal(await countInLog(postfix, astray), 0, 'what Postfix routes itself stays with it');
  await guard.stop();
  const ended = { check: 'recipient', action: 'refuse', domain: 'seaton.biz' } as const;
  assert.equal(countReceipts(await guard.journal(), ended), sizes.messages);
});

const hooks: readonly [name: string, settings: Readonly<Record<string, string>>, by: RegExp][] = [
  ['the sink', bySink, refused],
  [
    'a transport map',
    byTransport,
    /postfix\/error\[.*to=<nicholas@seaton\.biz>.*dsn=5\.4\.4, status=bounced/,
  ],
];
for (const [name, settings, ended] of hooks)
  test(`notices that waited in the queue before are seen by ${name} as well`, {
    skip,
  }, async () => {
    await using scene = await openScene({ settings: { defer_transports: 'smtp' }, smtp });
    const { postfix, guard } = scene;
    const { place } = postfix.machine;
    const waiting = 5;
    for (let i = 0; i < waiting; i++)
      for (const recipient of ['nicholas@seaton.biz', 'ann@good-1.example'])
        await run(place, ['sendmail', '-i', '-f', '', recipient], { input: 'Subject: test\n\n' });
    const areDeferred = async () => (await countInLog(postfix, /status=deferred/)) === 2 * waiting;
    assert.ok(await until(areDeferred));

    // Somebody takes the mail of the good domains while it is played.
    const playing = playOut(scene);
    await postfix.configure({ ...settings, defer_transports: '' });
    await run(place, ['postqueue', '-f']);
    const sent = /to=<ann@good-1\.example>.*status=sent/;
    assert.ok(await until(async () => (await countInLog(postfix, sent)) === waiting));
    const report = await playing;
    assert.equal(report.wanted.delivered, sizes.wanted);
    assert.ok(await isEmpty(scene));
    assert.ok(await hasDelivered(scene));
    // Those about the flood, which nobody refused, come on top.
    assert.equal(await countInLog(postfix, ended), waiting + sizes.messages);
    assert.equal(await countInLog(postfix, toSeaton), waiting * 2 + sizes.messages);
    assert.equal(report.misaddressed.noticed, sizes.misaddressed);
    await guard.stop();
    // What Spillway does not deliver leaves a receipt.
    assert.equal(countReceipts(await guard.journal(), { domain: 'good-1.example' }), 0);
  });

test('while the sink is away notices wait, and other mail goes on', { skip }, async () => {
  await using scene = await openScene({ settings: bySink, modes: { sender: 'off' }, smtp });
  const { postfix, guard, incident } = scene;
  await guard.stop();
  const alone = await play(incident);
  assert.equal(alone.wanted.delivered, sizes.wanted);
  assert.equal(alone.misaddressed.noticed, 0);
  assert.equal(await postfix.queued(), sizes.messages + sizes.misaddressed);

  await using back = await startGuard(postfix.machine, { sender: 'off' }, '', smtp);
  const noticed = /to=<mistaken-\d+@good-\d+\.example>, relay=127\.0\.0\.1.*status=sent/;
  // While it is played somebody takes what Spillway delivers.
  const isOver = async () => {
    await run(postfix.machine.place, ['postqueue', '-f']);
    const areHanded = (await countInLog(postfix, noticed)) === 2 * sizes.misaddressed;
    return areHanded && (await hasDelivered(scene));
  };
  assert.equal((await play(incident, { isOver })).wanted.delivered, sizes.wanted);
  assert.ok(await isOver(), 'a notice to a real sender is missing');
  assert.ok(await isEmpty(scene));
  assert.ok(await hasDelivered(scene));
  await back.stop();
});

test('the milter judges senders by their own domain beside the sink and a named relay, and leaves routed ones alone', {
  skip,
}, async () => {
  const settings = { ...bySink, ...byMilter('open') };
  await using scene = await openScene({ settings, smtp });
  const { postfix, incident, guard } = scene;
  assert.equal((await play(incident)).spam.accepted, 0, 'beside the sink');

  const byName = `inline:{ { seaton.biz = smtp:[${addresses.backend.v4}] } }`;
  await postfix.configure({ transport_maps: `${routes}, ${byName}` });
  assert.equal((await play(incident)).spam.accepted, sizes.messages, 'a domain that is routed');

  await postfix.configure({ transport_maps: routes });
  const relayhost = `[${addresses.sink.v4}]:25`;
  await postfix.configure({ relayhost, sender_dependent_default_transport_maps: '' });
  assert.equal((await play(incident)).spam.accepted, sizes.messages, 'a relay that is not named');

  await guard.stop();
  const more = `smarthosts = ["${addresses.sink.v4}"]\n`;
  await using knowing = await startGuard(postfix.machine, {}, '', smtp, more);
  assert.equal((await play(incident)).spam.accepted, 0, 'a relay that is named');

  await postfix.configure(bySink);
  const hand = ['sendmail', '-i', '-f', '', 'nicholas@seaton.biz'];
  await run(postfix.machine.place, hand, { input: 'Subject: test\n\n' });
  const isRefused = async () => (await countInLog(postfix, refused)) > 0;
  assert.ok(await until(isRefused), 'a notice goes past the relay, to the sink');
  await knowing.stop();
});
