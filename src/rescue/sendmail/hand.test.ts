/** The hand on files alone, without a sendmail; test/peers has the real one. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { archived } from '../../../test/peers/archived.ts';
import { until } from '../../../test/peers/until.ts';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { openHand } from './hand.ts';
import { openLocks, whyNoLocks } from './locks.ts';
import { openSendmailReader } from './reader.ts';

const skip = whyNoLocks() ?? false;
const golden = new URL('../../../test/golden/queue-sendmail/', import.meta.url).pathname;
const id = '6AMM4cxb000062';

function openQueue(name = '02-wanted-mail') {
  const folder = temporaryFolder();
  cpSync(join(golden, name), folder.path, { recursive: true });
  const mqueue = join(folder.path, 'mqueue');
  const reader = openSendmailReader([mqueue]);
  const place = reader.find(id);
  assert.ok(place);
  return {
    mqueue,
    reader,
    place,
    hand: openHand([mqueue]),
    names: () => readdirSync(mqueue).toSorted(),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

test('What is removed is gone with body and transcript', { skip }, async () => {
  using queue = openQueue();
  writeFileSync(join(queue.mqueue, `xf${id}`), 'x');
  await using seizure = await queue.hand.seize([queue.place]);
  assert.deepEqual([...seizure.seized], [[id, { place: queue.place, wasHeld: false }]]);
  assert.deepEqual(
    [...(await seizure.remove([id, 'other']))],
    [
      [id, 'removed'],
      ['other', { problem: 'other was not seized' }],
    ],
  );
  assert.deepEqual(queue.names(), []);
});

test('What comes back is what it was, under the same name, owner and mode', { skip }, async () => {
  for (const name of ['02-wanted-mail', '03-quarantined']) {
    using queue = openQueue(name);
    const files = queue.reader.filesOf(queue.place);
    const was = files.map((path) => [path, statSync(path).mode, readFileSync(path, 'latin1')]);
    const entry = await archived(id, false, files);
    assert.deepEqual([...(await queue.hand.restore([entry]))], [[id, { kind: 'present' }]]);
    {
      await using seizure = await queue.hand.seize([queue.place]);
      await seizure.remove([id]);
    }
    // As an attempt that was killed leaves it.
    writeFileSync(join(queue.mqueue, `df${id}`), 'BODY\n');
    writeFileSync(join(queue.mqueue, `tf${id}`), 'V8\n');
    assert.deepEqual([...(await queue.hand.restore([entry]))], [[id, { kind: 'restored', id }]]);
    const inode = statSync(join(queue.mqueue, `df${id}`)).ino;
    const now = files.map((path) => [path, statSync(path).mode, readFileSync(path, 'latin1')]);
    const plain = (text: unknown) =>
      String(text)
        .replace(/^I.*\/56$/m, 'I')
        .replace(/^I.*$/m, 'I');
    assert.deepEqual(
      now.map((file) => file.map(plain)),
      was.map((file) => file.map(plain)),
    );
    assert.match(
      readFileSync(queue.place.path, 'latin1'),
      new RegExp(`^I\\d+/\\d+/${inode}$`, 'm'),
    );
    assert.deepEqual(
      queue.names(),
      files.map((path) => path.slice(queue.mqueue.length + 1)).toSorted(),
    );
  }
});

test('Nothing is put where it does not belong', { skip }, async () => {
  using queue = openQueue();
  const [body, control] = (await archived(id, false, queue.reader.filesOf(queue.place))).files;
  assert.ok(body && control);
  {
    await using seizure = await queue.hand.seize([queue.place]);
    await seizure.remove([id]);
  }
  const elsewhere = { ...control, path: join(queue.mqueue, `../qf${id}`) };
  const cases = [
    { id, files: [body, elsewhere] },
    { id, files: [{ ...body, path: `/tmp/df${id}` }, control] },
    { id, files: [control] },
    { id, files: [body] },
    { id: '../../etc/x', files: [body, control] },
    { id: 'another000', files: [body, control] },
  ];
  for (const entry of cases) {
    const [[, restored] = []] = [...(await queue.hand.restore([{ ...entry, wasHeld: false }]))];
    assert.equal(restored?.kind, 'fault', JSON.stringify(entry.id));
  }
  writeFileSync(join(queue.mqueue, `df${id}`), 'somebody else wrote this');
  const [[, restored] = []] = [
    ...(await queue.hand.restore([{ id, files: [body, control], wasHeld: false }])),
  ];
  assert.equal(restored?.kind, 'fault');
  assert.deepEqual(queue.names(), [`df${id}`]);
});

test('Held and released the file is what it was', { skip }, async () => {
  using queue = openQueue();
  const was = readFileSync(queue.place.path, 'latin1');
  assert.deepEqual([...(await queue.hand.hold([queue.place], '\x1bwhy\nnot'))], [[id, 'held']]);
  assert.deepEqual(queue.names(), [`df${id}`, `hf${id}`]);
  const now = queue.reader.find(id);
  const read = now && queue.reader.read(now);
  assert.ok(read?.kind === 'entry' && read.entry.heldFor === 'why not');
  // By the old name it is found under the new one.
  {
    await using seizure = await queue.hand.seize([queue.place]);
    assert.deepEqual([...seizure.seized.values()], [{ place: now, wasHeld: true }]);
  }
  assert.deepEqual([...(await queue.hand.release([id]))], [[id, 'released']]);
  assert.equal(readFileSync(queue.place.path, 'latin1'), was);
  assert.deepEqual(queue.names(), [`df${id}`, `qf${id}`]);
});

/** What a sendmail takes, as it was compiled, in Perl. */
const takers = {
  flock: 'flock(F, 6)',
  fcntl: "my $lock = pack('s H60', F_WRLCK, '0' x 60); fcntl(F, F_SETLK, $lock)",
} as const;

for (const [name, take] of Object.entries(takers))
  test(`Who holds a lock by ${name} keeps it, and it goes with him`, { skip }, async () => {
    using queue = openQueue();
    const script = `use Fcntl; $| = 1; open(F, '+<', $ARGV[0]); ${take} or die; print 'ready'; <STDIN>;`;
    const other = spawn('perl', ['-e', script, queue.place.path], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(other.stdout, 'data');
    {
      await using seizure = await queue.hand.seize([queue.place]);
      assert.deepEqual([...seizure.missed], [[id, 'busy']]);
    }
    assert.deepEqual([...(await queue.hand.hold([queue.place], 'x'))], [[id, 'busy']]);
    other.stdin.end();
    await once(other, 'close');
    await using seizure = await queue.hand.seize([queue.place]);
    assert.deepEqual([...seizure.seized.keys()], [id]);
    // And what we hold is locked for both.
    const late = spawn('perl', ['-e', script, queue.place.path], { stdio: 'ignore' });
    assert.notEqual((await once(late, 'close'))[0], 0);
  });

test('Killed in the middle, nothing half written stays, and no lock', { skip }, async () => {
  using queue = openQueue();
  const temporary = join(queue.mqueue, `tf${id}`);
  const script = `
    const { openLocks } = await import(${JSON.stringify(new URL('./locks.ts', import.meta.url))});
    const locks = openLocks();
    await locks.seize(${JSON.stringify(queue.place.path)});
    await locks.create(${JSON.stringify(temporary)});
    console.log('ready');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  assert.ok(queue.names().includes(`tf${id}`));
  // Its perl shares no pipe of the child's output: it ends when its own input does.
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok(await until(async () => !queue.names().includes(`tf${id}`), 10_000, 10));
  assert.ok(
    await until(
      async () => {
        await using seizure = await queue.hand.seize([queue.place]);
        return seizure.seized.size === 1;
      },
      10_000,
      10,
    ),
  );
});

test('Links, folders and second names are no control files', { skip }, async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  writeFileSync(path('target'), 'x');
  symlinkSync(path('target'), path('link'));
  mkdirSync(path('folder'));
  await using locks = openLocks();
  for (const name of ['link', 'folder']) {
    const lock = await locks.seize(path(name));
    assert.ok(typeof lock === 'object' && 'problem' in lock, name);
  }
  assert.equal(await locks.seize(path('nowhere')), 'gone');
  const odd = await locks.seize('/tmp/a\nremove\t0\t/etc/passwd');
  assert.ok(typeof odd === 'object' && 'problem' in odd);
});
