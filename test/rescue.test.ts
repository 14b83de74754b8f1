/**
 * `spillway rescue` and `spillway undo` as a user types them, on a drowned queue of each server that nobody
 * works on. test/peers/rescue-*.test.ts do the same beside the real servers.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  globSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import test, { type TestContext } from 'node:test';
import { fillQueue } from '../bench/rescue/fill.ts';
import { queueZone } from '../bench/rescue/zone.ts';
import { type Mta, mtas } from '../src/foreign/queue-entry.ts';
import { startDnsServer } from '../src/replay/dns-server.ts';
import { launcher, spillway } from './program.ts';
import { temporaryFolder } from './temporary-folder.ts';

const entries = 120;

interface Document {
  readonly mta: string;
  readonly queue: string;
  readonly entries: number;
  readonly unreadable: readonly { readonly path: string; readonly problem: string }[];
  readonly causes: readonly {
    readonly name: string;
    readonly cause: string;
    readonly reason: string;
    readonly proposal: string;
    readonly count: number;
    readonly oldest: string;
    readonly ids: readonly string[];
  }[];
  readonly outcome?: { readonly removed: number; readonly problemCount: number };
  readonly receipt?: string;
}

function makeFolder(t: TestContext): string {
  const folder = temporaryFolder();
  t.after(() => folder[Symbol.dispose]());
  return folder.path;
}

async function setUp(t: TestContext, mta: Mta) {
  const folder = makeFolder(t);
  const queue = makeFolder(t);
  fillQueue({ mta, folder: queue, entries });
  const config = join(folder, 'spillway.toml');
  writeFileSync(config, `[store]\nurl = "sqlite:${folder}/data"\n`);
  const dns = await startDnsServer({ records: queueZone() });
  t.after(() => dns.close());
  const server = ['--dns', dns.address, '--public', '192.0.2.0/24', '--config', config];
  const given = ['--mta', mta, '--queue', queue, ...server];
  const rescue = async (...args: readonly string[]) => {
    const { status, out, err } = await spillway('rescue', ...given, ...args);
    return { status, out, err };
  };
  return {
    queue,
    data: join(folder, 'data'),
    dns,
    rescue,
    /** The first rounds of a watch, which Ctrl-C ends. */
    async watch(rounds: number, ...args: readonly string[]) {
      const child = spawn(launcher, ['rescue', ...given, '--json', '--watch', ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      const told: { readonly entries: number; readonly outcome: { readonly removed: number } }[] =
        [];
      for await (const line of createInterface({ input: child.stdout })) {
        told.push(JSON.parse(line));
        if (told.length === rounds) child.kill('SIGINT');
      }
      const [status] = await ended;
      return { status, told };
    },
    async look(...args: readonly string[]): Promise<Document> {
      const { status, out, err } = await rescue('--json', ...args);
      assert.equal(status, 0, err);
      return JSON.parse(out);
    },
    undo: (...args: readonly string[]) => spillway('undo', ...args, '--config', config),
    journal: () => spillway('journal', '--config', config),
  };
}

function proposed(document: Document, proposal: string): readonly string[] {
  return document.causes.flatMap((cause) => (cause.proposal === proposal ? cause.ids : []));
}

/** Path, mode and content of every file. */
function picture(folder: string): string {
  const hash = createHash('sha256');
  for (const path of globSync('**/*', { cwd: folder, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .toSorted())
    hash.update(`${path}\0`).update(readFileSync(path));
  return hash.digest('hex');
}

for (const mta of mtas) {
  test(`${mta}: every entry is in exactly one cause, and each domain is asked about once`, async (t) => {
    const { queue, dns, look } = await setUp(t, mta);
    const before = picture(queue);
    const document = await look();
    assert.deepEqual([document.mta, document.queue, document.entries], [mta, queue, entries]);
    assert.deepEqual(document.unreadable, []);
    const ids = document.causes.flatMap((cause) => cause.ids);
    assert.equal(ids.length, entries);
    assert.equal(new Set(ids).size, entries);
    const lost = document.causes.find(({ name }) => name === 'lost-notice:seaton.biz');
    assert.equal(lost?.proposal, 'purge');
    assert.equal(lost.reason, 'loopback');
    assert.equal(lost.count, lost.ids.length);
    assert.match(lost.cause, /failure notices to nicholas@seaton\.biz: its MX is 127\.0\.0\.1/);
    assert.match(lost.oldest, /^2026-09-05T03:\d\d:\d\d\.\d{3}Z$/);
    const asked = dns.queries.filter(({ name }) => name.toLowerCase() === 'seaton.biz');
    assert.equal(asked.filter(({ type }) => type === 'MX').length, 1);
    assert.equal(picture(queue), before, 'nothing was touched');
  });

  test(`${mta}: what is removed can be put back to the byte`, async (t) => {
    const { queue, look, undo, journal } = await setUp(t, mta);
    const before = picture(queue);
    const first = await look();
    const lost = proposed(first, 'purge');
    const done = await look('--apply', '--stopped');
    assert.equal(done.outcome?.removed, lost.length);
    assert.equal(done.outcome.problemCount, 0);
    const after = await look();
    assert.deepEqual(proposed(after, 'purge'), []);
    assert.deepEqual(
      proposed(after, 'leave').toSorted(),
      proposed(first, 'leave').toSorted(),
      'wanted mail is still there',
    );
    const receipts = await journal();
    assert.match(receipts.out, /notice to seaton\.biz: its mail server is a loopback address/);
    assert.match(receipts.out, new RegExp(`${lost.length} discarded`));

    const again = await look('--apply', '--stopped');
    assert.equal(again.outcome?.removed, 0, 'a second run finds nothing to do');
    const back = await undo(done.receipt ?? '', '--stopped');
    assert.equal(back.status, 0, back.err);
    assert.equal(picture(queue), before);
    const twice = await undo(done.receipt ?? '', '--stopped');
    assert.equal(twice.status, 0, twice.err);
    assert.equal(picture(queue), before, 'undone twice is undone once');
  });
}

test('only what is chosen is removed, and only what is chosen comes back', async (t) => {
  const { look, undo } = await setUp(t, 'exim');
  const all = await look();
  const [cause] = all.causes.filter(({ proposal }) => proposal === 'purge');
  assert.ok(cause);
  const done = await look('--cause', cause.name, '--apply', '--stopped');
  assert.equal(done.outcome?.removed, cause.count);
  const [id = ''] = cause.ids;
  await undo(done.receipt ?? '', '--only', `id=${id}`, '--stopped');
  const after = await look();
  const left = after.causes.find(({ name }) => name === cause.name);
  assert.deepEqual(left?.ids, [id]);

  const wanted = await look('--where', 'kind=waiting-mail', '--purge', '--apply', '--stopped');
  assert.equal(wanted.outcome?.removed, wanted.entries);
  const rest = await look();
  assert.equal(rest.causes.filter(({ name }) => name.startsWith('waiting-mail')).length, 0);
});

test('a watch stays with the cause that had the number in the first round', async (t) => {
  const { look, watch } = await setUp(t, 'exim');
  const { entries, causes } = await look();
  const count = causes[0]?.count ?? 0;
  const { status, told } = await watch(2, '--cause', '1', '--apply', '--stopped');
  assert.equal(status, 0);
  assert.deepEqual(
    told.map((round) => [round.entries, round.outcome.removed]),
    [
      [entries, count],
      [entries - count, 0],
    ],
  );
});

const damages: readonly [name: string, sql: string, undo: RegExp, list: RegExp][] = [
  [
    'a text',
    "UPDATE entry SET recipients = '{', state = 'archived'",
    /stopped: .*JSON/,
    /removed|archived/,
  ],
  ['a table', 'DROP TABLE entry', /stopped: cannot read/, /cannot read the receipt/],
  ['its server', "UPDATE run SET mta = 'constructor'", /found constructor/, /found constructor/],
];

for (const [name, sql, undone, listed] of damages)
  test(`a receipt with ${name} damaged is told of, and stops no other rescue`, async (t) => {
    const { look, rescue, undo, data } = await setUp(t, 'exim');
    const { receipt = '' } = await look('--cause', '1', '--apply', '--stopped');
    const database = new DatabaseSync(join(data, 'receipts', `${receipt}.receipt`));
    database.exec(sql);
    database.close();
    const back = await undo(receipt, '--stopped');
    assert.match(back.err, undone);
    assert.doesNotMatch(back.err, /a fault of its own/);
    const list = await undo();
    assert.equal(list.status, 0, list.err);
    assert.match(list.out, listed);
    const { status, out, err } = await rescue('--json', '--apply', '--stopped');
    assert.equal(status, 0, err);
    assert.ok(JSON.parse(out).outcome.removed > 0);
  });

test('a receipt from elsewhere is not trusted unless the admin vouches for it', async (t) => {
  const { queue, look, undo } = await setUp(t, 'exim');
  const before = picture(queue);
  const done = await look('--apply', '--stopped');
  const [path = ''] = (await undo('--json')).out.match(/[^"]+\.receipt/) ?? [];
  const elsewhere = join(makeFolder(t), 'gift.receipt');
  copyFileSync(path, elsewhere);
  const refused = await undo(elsewhere, '--stopped');
  assert.equal(refused.status, 2);
  assert.match(refused.err, /if you know where it comes from, say --trust/);
  assert.equal((await undo(elsewhere, '--stopped', '--trust')).status, 0);
  assert.equal(picture(queue), before);
  assert.equal((await undo(done.receipt ?? '', '--stopped')).status, 0);
  assert.equal(picture(queue), before);
});

const mistakes: readonly [args: readonly string[], want: RegExp][] = [
  [['--apply'], /say --stopped/],
  [['--purge'], /--purge needs --cause or --where/],
  [['--purge', '--cause', '1'], /--purge wants the names of causes/],
  [['--hold', '--purge', '--cause', '1'], /only one of --hold and --purge/],
  [['--cause', 'nothing:here'], /no cause nothing:here in this queue/],
  [['--where', 'colour=red'], /--where: .*colour/],
];

test('mistakes are told, and nothing is done', async (t) => {
  const { queue, rescue } = await setUp(t, 'postfix');
  const before = picture(queue);
  for (const [args, want] of mistakes) {
    const { status, err } = await rescue(...args);
    assert.equal(status, 2, args.join(' '));
    assert.match(err, want);
  }
  assert.equal(picture(queue), before);
});

test('a folder that is no queue, and one that is not there', async (t) => {
  const empty = makeFolder(t);
  const none = await spillway('rescue', '--queue', empty);
  assert.equal(none.status, 2);
  assert.match(none.err, /looks like no queue that is known; name its server with --mta/);
  const missing = await spillway('rescue', '--queue', join(empty, 'x'));
  assert.equal(missing.status, 2);
  assert.match(missing.err, /there is no such folder/);
});

for (const mta of mtas)
  test(`${mta}: a receipt whose queue is on a disk that is not there stays as it is`, async (t) => {
    const { queue, look, undo } = await setUp(t, mta);
    const before = picture(queue);
    const { receipt = '' } = await look('--cause', '1', '--apply', '--stopped');
    renameSync(queue, `${queue}-elsewhere`);
    const { status, err } = await undo(receipt, '--stopped');
    assert.equal(existsSync(queue), false);
    renameSync(`${queue}-elsewhere`, queue);
    assert.equal(status, 1);
    assert.match(err, /^spillway: cannot read the queue folder /);
    const back = await undo(receipt, '--stopped');
    assert.equal(back.status, 0, back.err);
    assert.equal(picture(queue), before);
  });

test('for people: the causes, the sources, and what to type next', async (t) => {
  const { rescue } = await setUp(t, 'sendmail');
  const { status, out } = await rescue('--stopped');
  assert.equal(status, 0);
  const text = out.replace(/\s+/g, ' ');
  assert.match(text, /1 purge \d+ failure notices to nicholas@seaton\.biz: its MX is 127\.0\.0\.1/);
  assert.match(text, /Where it came from: 192\.0\.2\./);
  assert.match(text, /Nothing was changed\. Proposed: purge \d+ entries\./);
  assert.match(text, /spillway rescue --mta sendmail --queue \S+ .*--stopped --apply/);
});
