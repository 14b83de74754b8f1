import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { exampleReceipt } from '../../test/store/journal-suite.ts';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { printable } from '../mail/printable.ts';
import { openJournalForReading, openJournalStore } from '../store/open-journal.ts';
import { checks, type Receipt } from '../verdict/verdict.ts';
import { CommandError } from './exit.ts';
import { journalCommand } from './journal.ts';

process.env['TZ'] = 'Europe/Berlin';
const folder = temporaryFolder();
after(() => folder[Symbol.dispose]());

const evening = Date.UTC(2006, 8, 5, 19, 3, 7);
const hour = 3_600_000;
const receipts: readonly Receipt[] = [
  exampleReceipt({ from: evening, until: evening + 65_000, count: 12_345 }),
  exampleReceipt({
    from: evening + hour,
    until: evening + hour,
    check: 'notice',
    action: 'discard',
    reply: null,
    reversePath: '',
    forwardPath: 'nicholas@seaton.biz',
    client: null,
  }),
  exampleReceipt({
    from: evening + 5 * hour,
    until: evening + 5 * hour,
    reason: 'null-mx',
    domain: 'null.example',
    enforced: false,
    queueId: null,
  }),
  exampleReceipt({
    from: evening + 6 * hour,
    until: evening + 6 * hour,
    check: 'loop',
    action: 'defer',
    reason: 'own-hops',
    domain: null,
    client: { address: '192.0.2.9', name: null, helo: 'mx9.example' },
    reversePath: null,
    queueId: 'q9',
  }),
];

let journals = 0;
async function keep(kept: readonly Receipt[]): Promise<string> {
  const url = `sqlite:${join(folder.path, `journal-${++journals}`)}`;
  await using store = await openJournalStore(url);
  await store.append(kept);
  return url;
}
const url = await keep(receipts);

async function run(arguments_: readonly string[], from = url): Promise<string[]> {
  const lines: string[] = [];
  const command = journalCommand({
    openStore: () => openJournalForReading(from),
    now: () => evening + 7 * hour,
    output: { line: async (text) => void lines.push(text), style: (_, text) => text },
  });
  command.exitOverride().configureOutput({ writeErr: () => {} });
  await command.parseAsync(arguments_, { from: 'user' });
  return lines;
}

test('tells each receipt on a line, the newest last, and their sum', async () => {
  const loopback =
    'its mail server is a loopback address: mail for it comes back to the machine that sends it';
  assert.deepEqual(await run([]), [
    `2006-09-05 21:03:07  refused 12,345 times in 1 min 5 s  sender seaton.biz: ${loopback}  from <nicholas@seaton.biz>  to <info@hosted.example> and others  client 192.0.2.7 (mx.example)  queue id k85C37xx012345 and others`,
    `2006-09-05 22:03:07  discarded  notice to seaton.biz: ${loopback}  from <>  to <nicholas@seaton.biz>  queue id k85C37xx012345`,
    '2006-09-06 02:03:07  would be refused  sender null.example: it says that it takes no mail (null MX, RFC 7505)  from <nicholas@seaton.biz>  to <info@hosted.example>  client 192.0.2.7 (mx.example)',
    '2006-09-06 03:03:07  deferred  loop: it has passed through this server again and again  to <info@hosted.example>  client 192.0.2.9 (HELO mx9.example)  queue id q9',
    '12,345 refused, 1 discarded, 1 would be refused, 1 deferred (4 receipts, from 2006-09-05 21:03:07 until 2006-09-06 03:03:07)',
  ]);
});

const filters: readonly [name: string, options: readonly string[], indexes: readonly number[]][] = [
  ['everything', [], [0, 1, 2, 3]],
  ['a day', ['--since', '2006-09-05', '--until', '2006-09-05'], [0, 1]],
  ['yesterday', ['--since', 'yesterday', '--until', 'yesterday'], [0, 1]],
  ['the last hours', ['--since', '2h'], [2, 3]],
  ['a time in UTC', ['--since', '2006-09-05T20:00Z'], [1, 2, 3]],
  ['until a time', ['--until', '2006-09-05 21:30'], [0]],
  ['a check', ['--check', 'notice'], [1]],
  ['an action', ['--action', 'defer'], [3]],
  ['a reason', ['--reason', 'null-mx'], [2]],
  ['a domain in any spelling', ['--domain', 'Seaton.BIZ.'], [0, 1]],
  ['a queue id', ['--queue-id', 'q9'], [3]],
  ['what checks that watch would have done', ['--would', '--each'], [2]],
];
for (const [name, options, indexes] of filters)
  test(`finds ${name}`, async () => {
    const lines = await run([...options, '--json']);
    const found = lines.map((line): { from: string } => JSON.parse(line));
    assert.deepEqual(
      found.map(({ from }) => Date.parse(from)),
      indexes.map((index) => receipts[index]?.from),
    );
  });

test('JSON holds the whole receipt, one document per line, times in UTC', async () => {
  const [line = ''] = await run(['--json']);
  const { from: _from, until: _until, ...rest } = exampleReceipt({ count: 12_345 });
  assert.deepEqual(JSON.parse(line), {
    id: 1,
    from: '2006-09-05T19:03:07.000Z',
    until: '2006-09-05T19:04:12.000Z',
    ...rest,
  });
});

test('groups what checks that watch would have done, and says how to have it done', async () => {
  assert.deepEqual(await run(['--would']), [
    '1 would be refused (sender): it says that it takes no mail (null MX, RFC 7505)',
    '  first 2006-09-06 02:03:07, last 2006-09-06 02:03:07',
    '           1  null.example  such as <nicholas@seaton.biz>',
    '',
    'Each receipt: add --each. To have it done, in spillway.toml:',
    '  [checks.sender]',
    '  mode = "enforce"',
    'and have the server read it again: kill -HUP, or systemctl reload spillway.',
  ]);
  const [line = ''] = await run(['--would', '--json']);
  const part = { count: 1, from: '2006-09-06T00:03:07.000Z', until: '2006-09-06T00:03:07.000Z' };
  assert.deepEqual(JSON.parse(line), {
    check: 'sender',
    action: 'refuse',
    reason: 'null-mx',
    ...part,
    parts: [{ subject: 'null.example', ...part, samples: ['nicholas@seaton.biz'] }],
    rest: { count: 0, subjects: 0 },
  });
});

const wrong: readonly [option: string, value: string, message: RegExp][] = [
  ['--since', 'soon', /Expected a time such as 2h/],
  ['--until', '2006-02-30', /Expected a time/],
  ['--check', 'everything', new RegExp(`Expected one of ${checks.join(', ')}`)],
  ['--action', 'accept', /Expected one of refuse, defer/],
  ['--reason', 'toString', /Expected one of .*null-mx/],
];
for (const [option, value, message] of wrong)
  test(`says what ${option} takes instead of ${value}`, () =>
    assert.rejects(run([option, value]), message));

const twice: readonly [typed: readonly string[], message: RegExp][] = [
  [
    ['/2006/09/05', '--since', '2006-09-06'],
    /either a link or --since, found both: each says when/,
  ],
  [['/2006/09', '--until', '2006-09-06'], /either a link or --until/],
  [['/2006/09/05.1', '--incident', '2006-09-05.2'], /either a link or --incident.*which incident/],
];
for (const [typed, message] of twice)
  test(`${typed.slice(0, 2).join(' ')} say the same twice: neither wins in silence`, () =>
    assert.rejects(run(typed), (error: unknown) => {
      assert.ok(error instanceof CommandError && error.status === 2);
      assert.match(error.message, message);
      return true;
    }));

test('where there is no journal yet it says so, and is well', async () => {
  const nowhere = `sqlite:${join(folder.path, 'nowhere')}`;
  const lines = await run([], nowhere);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^No journal yet: .*nowhere\/journal.sqlite does not exist/);
  assert.deepEqual(await run(['--json'], nowhere), []);
});

test('where nothing fits it says so', async () => {
  assert.deepEqual(await run(['--queue-id', 'none']), ['Nothing in the journal fits.']);
  assert.deepEqual(await run(['--queue-id', 'none', '--json']), []);
});

test('a store that cannot be is wrong configuration', () =>
  assert.rejects(run([], 'mysql:x'), { code: 'COMMAND', status: 2 }));

test('what strangers wrote is escaped, in every field', async () => {
  const evil = '\u001b[2J\u009b1m\r\nrefused\u202e\ud800\u0000';
  const hostile = exampleReceipt({
    domain: evil,
    client: { address: evil, name: evil, helo: `${evil}2` },
    reversePath: evil,
    forwardPath: evil,
    queueId: evil,
    steps: [evil],
    reply: { code: 550, status: '5.0.0', text: evil },
  });
  const from = await keep([hostile]);
  for (const options of [[], ['--json']]) {
    const lines = await run(options, from);
    assert.equal(lines.length, options.length ? 1 : 2);
    for (const line of lines) assert.equal(printable(line, line.length), line);
  }
  const [text = ''] = await run([], from);
  assert.equal(text.split('\\x1b[2J').length - 1, 7, 'each field is there');
  const [json = ''] = await run(['--json'], from);
  assert.equal(JSON.parse(json).reversePath, evil, 'and JSON keeps it exactly');
});
