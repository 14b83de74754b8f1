import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { createMemoryVerifyCache } from './memory-verify-cache.ts';
import type { Verified } from './verify-cache.ts';
import { openVerifyFile } from './verify-file.ts';

const known: Verified = { at: 1, kind: 'known', reply: null };
const unknown: Verified = { at: 2, kind: 'unknown', reply: null };
const reply = { code: 552, status: '5.2.2', text: 'Full' };
const refused: Verified = { at: 3, kind: 'refused', reply };

async function withPath(run: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-verify-'));
  try {
    await run(join(folder, 'verified'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('answers outlive the process, also behind a line that was torn', () =>
  withPath(async (path) => {
    {
      await using file = await openVerifyFile({ path, warn: assert.ifError });
      file.set('a@seaton.biz', unknown);
      file.set('a@seaton.biz', known);
      file.set('b@seaton.biz', refused);
    }
    await appendFile(path, '["c@seaton.b');
    {
      await using file = await openVerifyFile({ path, warn: assert.ifError });
      file.set('d@seaton.biz', unknown);
    }
    await using file = await openVerifyFile({ path, warn: assert.ifError });
    assert.deepEqual(file.get('a@seaton.biz'), known);
    assert.deepEqual(file.get('b@seaton.biz'), refused);
    assert.deepEqual(file.get('d@seaton.biz'), unknown);
    assert.equal(file.get('c@seaton.biz'), undefined);
  }));

test('a file that grows is written anew, with what is remembered', () =>
  withPath(async (path) => {
    await using file = await openVerifyFile({ path, warn: assert.ifError });
    for (let round = 0; round < 30; round++) {
      for (let i = 0; i < 100; i++) file.set(`${i}@seaton.biz`, { ...known, at: round });
      await file.flush();
    }
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    assert.ok(lines.length <= 1300, `${lines.length} lines`);
    await using again = await openVerifyFile({ path, warn: assert.ifError });
    assert.deepEqual(again.get('99@seaton.biz'), { ...known, at: 29 });
  }));

test('a file that cannot be read or written is told once, and answers are remembered all the same', () =>
  withPath(async (path) => {
    const warnings: string[] = [];
    const missing = join(path, 'missing');
    await appendFile(path, '');
    const warn = (message: string) => warnings.push(message);
    await using file = await openVerifyFile({ path: missing, warn });
    for (const key of ['a', 'b', 'c']) {
      file.set(key, known);
      await file.flush();
    }
    assert.deepEqual(file.get('a'), known);
    assert.equal(warnings.length, 2);
  }));

test('a flood of unknown names pushes out no mailbox', () => {
  const cache = createMemoryVerifyCache(100);
  cache.set('ann', known);
  for (let i = 0; i < 1000; i++) cache.set(`x${i}`, unknown);
  assert.deepEqual(cache.get('ann'), known);
  assert.equal(cache.size, 51);
});
