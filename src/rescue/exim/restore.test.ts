import assert from 'node:assert/strict';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { getgid, getuid } from 'node:process';
import test from 'node:test';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import type { ArchivedEntry, ArchivedFile } from '../mail-server.ts';
import { openEximReader } from './reader.ts';
import { restoreEntries } from './restore.ts';

const id = '1r4dGu-000001-2k';
const variables = ['-received_time_usec .250000', '-frozen 1700000100', '-body_linecount 1'];

function headerText(lines: readonly string[]): string {
  const envelope = [`${id}-H`, 'mail 8 8', '<ann@sender.example>', '1700000000 0', ...lines];
  return [...envelope, 'XX', '1', 'bob@slow.example', '', '011  Subject: x\n'].join('\n');
}

function file(path: string, text: string): ArchivedFile {
  return {
    path,
    mode: 0o640,
    uid: getuid?.() ?? 0,
    gid: getgid?.() ?? 0,
    modifiedAt: 1_700_000_000_000,
    size: text.length,
    async *content() {
      for (let at = 0; at < text.length; at += 7) yield Buffer.from(text.slice(at, at + 7));
    },
  };
}

/** Once of a spool that is not there any more, where `/old/spool` is not told otherwise. */
function entryOf(
  wasHeld: boolean,
  change: Readonly<Record<string, string | null>> = {},
  was = '/old/spool/input/u',
): ArchivedEntry {
  const texts: Record<string, string | null> = {
    [`${was}/${id}-D`]: `${id}-D\nA body.\n`,
    [`${was}/${id}-J`]: 'done@good-1.example\n',
    [`${was.replace('input', 'msglog')}/${id}`]: 'a log\n',
    [`${was}/${id}-H`]: headerText(variables),
    ...Object.fromEntries(Object.entries(change).map(([name, text]) => [`${was}/${name}`, text])),
  };
  const files = Object.entries(texts).flatMap(([path, text]) =>
    text === null ? [] : [file(path, text)],
  );
  return { id, wasHeld, files };
}

function makeSpool(folder: string): string {
  for (const name of ['input', 'msglog', 'parked', 'parked/input', 'parked/msglog'])
    mkdirSync(join(folder, name), { mode: 0o750 });
  return folder;
}

async function restore(spool: string, entry: ArchivedEntry) {
  const results = await restoreEntries(spool, openEximReader([spool]), [entry]);
  return results.get(entry.id) ?? assert.fail();
}

const everything = (spool: string) =>
  readdirSync(spool, { recursive: true, withFileTypes: true })
    .filter((one) => !one.isDirectory())
    .map((one) => join(one.parentPath, one.name).slice(spool.length + 1))
    .toSorted();

const whole = [`input/u/${id}-D`, `input/u/${id}-H`, `input/u/${id}-J`, `msglog/u/${id}`];

for (const wasHeld of [true, false])
  test(`an entry that was ${wasHeld ? 'frozen' : 'not frozen'} before comes back so, with all it had`, async () => {
    using folder = temporaryFolder();
    const spool = makeSpool(folder.path);
    assert.deepEqual(await restore(spool, entryOf(wasHeld)), { kind: 'restored', id });
    assert.deepEqual(everything(spool), whole);
    const header = join(spool, `input/u/${id}-H`);
    const left = wasHeld ? variables : variables.filter((line) => !line.startsWith('-frozen'));
    assert.equal(readFileSync(header, 'utf8'), headerText(left));
    assert.equal(readFileSync(join(spool, `input/u/${id}-D`), 'utf8'), `${id}-D\nA body.\n`);
    const { mode, mtimeMs } = statSync(header);
    assert.deepEqual([mode & 0o777, mtimeMs], [0o640, 1_700_000_000_000]);
    assert.equal(statSync(join(spool, 'input/u')).mode & 0o777, 0o750);
    // Twice: it is there, and stays as it is.
    writeFileSync(header, headerText([]));
    assert.deepEqual(await restore(spool, entryOf(wasHeld)), { kind: 'present' });
    assert.equal(readFileSync(header, 'utf8'), headerText([]));
  });

test('what an interrupted run left behind is finished', async () => {
  using folder = temporaryFolder();
  const spool = makeSpool(folder.path);
  mkdirSync(join(spool, 'input/u'));
  writeFileSync(join(spool, `input/u/${id}-D`), `${id}-D\nA body.\n`);
  writeFileSync(join(spool, `input/u/hdr.spillway.${id}-J`), 'half');
  writeFileSync(join(spool, `input/u/hdr.spillway.${id}-H`), 'half');
  assert.equal((await restore(spool, entryOf(false))).kind, 'restored');
  assert.deepEqual(everything(spool), whole);
});

test("a header whose body Exim had removed already, when it was killed, is in nobody's way", async () => {
  using folder = temporaryFolder();
  const spool = makeSpool(folder.path);
  mkdirSync(join(spool, 'input/u'));
  const header = join(spool, `input/u/${id}-H`);
  writeFileSync(header, headerText(variables));
  assert.equal((await restore(spool, entryOf(false))).kind, 'restored');
  assert.deepEqual(everything(spool), whole);
  assert.doesNotMatch(readFileSync(header, 'utf8'), /frozen/);
});

test('a header of another message is in the way', async () => {
  using folder = temporaryFolder();
  const spool = makeSpool(folder.path);
  const header = join(spool, `input/${id}-H`);
  writeFileSync(header, headerText(['-localerror']));
  assert.equal((await restore(spool, entryOf(false))).kind, 'fault');
  assert.deepEqual(everything(spool), [`input/${id}-H`]);
});

test('an entry goes back into its named queue, and into the other layout where it is found', async () => {
  using folder = temporaryFolder();
  const spool = makeSpool(folder.path);
  assert.equal(
    (await restore(spool, entryOf(true, {}, '/old/spool/parked/input'))).kind,
    'restored',
  );
  assert.ok(everything(spool).includes(`parked/input/${id}-H`));
  // A message is where its id is, in whichever place.
  assert.equal((await restore(spool, entryOf(true))).kind, 'present');
});

const broken: readonly [
  name: string,
  change: Readonly<Record<string, string | null>>,
  problem: RegExp,
][] = [
  ['without a body', { [`${id}-D`]: null }, /expected .*-H and .*-D/],
  ['without a header', { [`${id}-H`]: null }, /expected .*-H and .*-D/],
  ['with the body of another', { [`${id}-D`]: 'x-D\n' }, /own name/],
  ['with the header of another', { [`${id}-H`]: headerText([]).replace(id, 'x') }, /line 1/],
  ['with a header cut short', { [`${id}-H`]: headerText([]).slice(0, -1) }, /inside of the file/],
];
for (const [name, change, problem] of broken)
  test(`an entry ${name} is not put back, and nothing of it`, async () => {
    using folder = temporaryFolder();
    const spool = makeSpool(folder.path);
    const result = await restore(spool, entryOf(true, change));
    assert.ok(result.kind === 'fault');
    assert.match(result.problem, problem);
    assert.deepEqual(everything(spool), []);
  });

test('no file and no link that is in the way is written through or replaced', async () => {
  using folder = temporaryFolder();
  const spool = makeSpool(folder.path);
  const outside = join(folder.path, 'outside');
  writeFileSync(outside, 'theirs');
  mkdirSync(join(spool, 'input/u'));
  symlinkSync(outside, join(spool, `input/u/hdr.spillway.${id}-D`));
  symlinkSync(outside, join(spool, `input/u/${id}-D`));
  const result = await restore(spool, entryOf(true));
  assert.equal(result.kind, 'fault');
  assert.equal(readFileSync(outside, 'utf8'), 'theirs');
  assert.ok(!everything(spool).includes(`input/u/${id}-H`));
});

test('a folder that is a link leads nowhere', async () => {
  using folder = temporaryFolder();
  const spool = makeSpool(folder.path);
  mkdirSync(join(folder.path, 'elsewhere'));
  symlinkSync(join(folder.path, 'elsewhere'), join(spool, 'input/u'));
  assert.equal((await restore(spool, entryOf(true))).kind, 'fault');
  assert.deepEqual(readdirSync(join(folder.path, 'elsewhere')), []);
});

test('ids and paths of an archive are no way out of the spool', async () => {
  using folder = temporaryFolder();
  const spool = makeSpool(folder.path);
  const odd = [
    { ...entryOf(true), id: '../../etc/passwd' },
    entryOf(true, {}, '/old/spool/elsewhere'),
    entryOf(true, {}, '/old/spool/../../input/..'),
  ];
  for (const entry of odd) assert.equal((await restore(spool, entry)).kind, 'fault');
  assert.deepEqual(everything(spool), []);
});
