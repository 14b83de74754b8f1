// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are expansions of Exim.
/**
 * An Exim that signs its senders (prvs, BATV) beside the guard.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { openExim } from './exim.ts';
import { message, openWorld, toBakery } from './exim-world.ts';
import { installGuard, startGuard } from './guard.ts';
import type { Machine } from './machine.ts';
import { addresses, openNetwork } from './network.ts';
import { run } from './place.ts';
import { whyNot } from './requirements.ts';
import { countReceipts } from './scene.ts';
import { until } from './until.ts';

const skip = await whyNot();

/** Signs what the bakery sends, and takes the tag off again (Exim's manual, 11.5 and 44.51). */
async function sign({ path }: Machine): Promise<void> {
  const file = path('/etc/exim4/exim4.conf');
  const text = await readFile(file, 'utf8');
  const signed =
    '  return_path = ${if match_domain{${domain:$return_path}}{+relayed}{${prvs{$return_path}{key}}}fail}';
  const taken = [
    'signed:',
    '  driver = redirect',
    '  domains = +relayed',
    '  data = ${prvscheck{$local_part@$domain}{key}{}}',
  ].join('\n');
  await writeFile(
    file,
    text
      .replace('begin routers\n', () => `begin routers\n${taken}\n`)
      .replace('  driver = smtp\n', () => `  driver = smtp\n${signed}\n`),
  );
}

test('Exim that signs its senders gets its notices: the guard knows the mailbox behind the tag', {
  skip,
}, async () => {
  await using network = await openNetwork();
  await using world = await openWorld(network);
  await using exim = await openExim({ network, relay: toBakery });
  const { machine } = exim;
  await sign(machine);
  await installGuard(machine, 'closed', 'exim');
  const hosted = `[[domains]]\nname = "bakery.example"\nmailboxes = ["info"]\ndeliver = "smtp:${addresses.backend.v4}"\n`;
  await using guard = await startGuard(machine, {}, hosted);
  await exim.start();
  const content = { input: 'Subject: bread\n\nfresh\n' };
  const submit = ['exim4', '-odf', '-f', 'info@bakery.example', 'ann@good.example'];
  await run(machine.place, submit, content);
  const sent = await world.call('delivered');
  assert.equal(sent.length, 1);
  const tagged = sent[0]?.reversePath ?? '';
  assert.match(tagged, /^prvs=\d{4}[0-9a-f]{6}=info@bakery\.example$/);

  const nobody = tagged.replace('=info@', '=x7@');
  const replies = await world.call('send', [message('', tagged), message('', nobody)]);
  assert.match(replies[0] ?? '', /^250/);
  assert.match(replies[1] ?? '', /^550 5\.1\.1/);
  assert.ok(await until(async () => (await exim.queued()) === 0));
  const notice = (await world.call('delivered')).find(({ at }) => at === 'backend');
  assert.deepEqual(notice?.forwardPaths, ['info@bakery.example']);
  assert.equal(notice?.reversePath, '');
  await guard.stop();
  const refused = { check: 'mailbox', reason: 'mailbox-unknown' } as const;
  assert.equal(countReceipts(await guard.journal(), refused), 1);
});
