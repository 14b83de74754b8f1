import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { formatQueueId, nextQueueId, type QueueId } from '../mail/queue-id.ts';
import { openQueueStore } from '../store/open-queue.ts';
import { noProof } from '../verdict/sender-proof.ts';
import { queueCommand } from './queue.ts';

const hour = 3_600_000;
const now = Date.UTC(2026, 8, 5, 12);

/** A queue of three: from ann three hours old, from nobody two, from eve one hour. */
async function setUp(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-queue-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const config = join(folder, 'spillway.toml');
  writeFileSync(config, `[store]\nurl = "sqlite:${folder}"\n[queue]\nkeepPurged = "2d"\n`);
  await using queue = await openQueueStore(`sqlite:${folder}`);
  const ids: QueueId[] = [];
  const senders = ['ann@a.example', '', 'eve\u001b[2J@e.example'];
  for (const [i, reversePath] of senders.entries()) {
    const receivedAt = now - (3 - i) * hour;
    const id = nextQueueId(ids.at(-1) ?? 0, receivedAt);
    ids.push(id);
    await using draft = queue.begin();
    assert.ok(draft);
    await draft.write(Buffer.from(`word ${i}\r\n`));
    await draft.commit(
      {
        id,
        kind: 'mail',
        receivedAt,
        expiresAt: now + 24 * hour,
        sender: { reversePath, body: '7bit', smtpUtf8: false, ret: null, envid: null },
        client: null,
        proof: noProof,
        size: 30,
      },
      ['bob@b.example', `dora@d${i}.example`].map((forwardPath) => ({
        forwardPath,
        notify: null,
        orcpt: null,
        original: forwardPath,
        domain: forwardPath.slice(forwardPath.indexOf('@') + 1),
      })),
      Buffer.from('Subject: x\u001b[31m\r\n\r\n'),
      false,
    );
  }
  const names = ids.map(formatQueueId);
  const run = async (...args: readonly string[]) => {
    const lines: string[] = [];
    const output = {
      line: async (text: string) => void lines.push(text),
      style: (_style: unknown, text: string) => text,
    };
    const command = queueCommand(output, () => now);
    for (const one of [command, ...command.commands])
      one.exitOverride().configureOutput({ writeErr() {}, writeOut() {} });
    await command.parseAsync([...args, '--config', config], { from: 'user' });
    return lines.join('\n');
  };
  return { run, names, config };
}

const selections: readonly [args: readonly string[], want: string][] = [
  [['--sender', 'ann@a.example'], '0'],
  [['--sender', '*.example'], '0 2'],
  [['--sender', '<>'], '1'],
  [['--recipient', 'bob@*'], '0 1 2'],
  [['--domain', 'D1.Example.'], '1'],
  [['--older', '90m'], '0 1'],
  [['--newer', '90m'], '2'],
  [['--older', '90m', '--newer', '150m'], '1'],
  [['--state', 'held'], ''],
  [['--reason', 'dns-failure'], ''],
];
test('messages are selected by what they have in common', async (t) => {
  const { run, names } = await setUp(t);
  for (const [args, want] of selections) {
    const out = await run('list', '--json', ...args);
    const found = out === '' ? [] : out.split('\n').map((line) => JSON.parse(line).id);
    assert.equal(found.map((id) => names.indexOf(id)).join(' '), want, args.join(' '));
  }
});

test('a list tells of each message in a line, and sums them up', async (t) => {
  const { run, names } = await setUp(t);
  const lines = (await run('list')).split('\n');
  assert.equal(lines.length, 4);
  assert.ok(lines[0]?.startsWith(names[0] ?? '?'));
  assert.match(lines[0] ?? '', /queued +from <ann@a\.example> +to <bob@b\.example> and 1 more/);
  assert.equal(lines[3], '3 queued');
  assert.ok(!lines.join('').includes('\u001b'));
});

test('a message is shown with all that is known of it, its content made harmless', async (t) => {
  const { run, names } = await setUp(t);
  const out = await run('show', names[2] ?? '', '--content');
  assert.match(out, /from +<eve\\x1b\[2J@e\.example>/);
  assert.match(out, /to +<dora@d2\.example>/);
  assert.match(out, /waiting, not tried yet/);
  assert.match(out, /\n\nSubject: x\\x1b\[31m\n\nword 2$/);
  const json = JSON.parse(await run('show', names[2] ?? '', '--content', '--json'));
  assert.equal(json.content, 'Subject: x\u001b[31m\r\n\r\nword 2\r\n');
  await assert.rejects(run('show', '00000000000'), /not in the queue: 00000000000/);
});

test('a change tells how many it would change, and changes nothing without --apply', async (t) => {
  const { run, names } = await setUp(t);
  for (const change of ['hold', 'retry', 'purge']) {
    const out = await run(change, '--all');
    assert.match(out, /3 messages would be .*Nothing was changed: --apply does it\.$/, change);
  }
  assert.match(await run('release', '--all'), /^Nothing in the queue fits; nothing was changed\.$/);
  assert.match(await run('hold', names[0] ?? '', '--apply'), /^1 message held\.$/);
  assert.match(await run('hold', '--all'), /2 messages would be held/);
  assert.equal(
    await run('purge', '--all', '--apply', '--json'),
    '{"change":"purge","applied":true,"count":3}',
  );
  assert.match(await run('list'), /^The queue is empty; 3 purged/);
  assert.match(await run('undo', '--all', '--apply'), /^3 messages brought back\.$/);
  assert.match(await run('list'), /1 held, 2 queued$/);
});

test('a change does not guess which messages are meant', async (t) => {
  const { run } = await setUp(t);
  await assert.rejects(run('purge', '--apply'), /which messages\?/);
  await assert.rejects(run('purge', '--all', '--sender', '<>'), /--all means every message/);
  await assert.rejects(run('purge', 'nonsense'), /Expected the name of a message/);
  await assert.rejects(run('purge', '--older', 'soon'), /Expected a duration/);
  assert.match(await run('list'), /3 queued$/);
});

test('what takes a purge back is told so that it can be typed', async (t) => {
  const { run, config } = await setUp(t);
  const out = await run('purge', '--sender', "*'x", '--apply');
  assert.match(out, /^Nothing/);
  const told = await run('purge', '--sender', '*@a.example', '--domain', 'b.example', '--apply');
  const [, , undo] = told.split('\n');
  assert.equal(
    undo,
    `  spillway queue undo --sender '*@a.example' --domain b.example --apply --config ${config}`,
  );
});
