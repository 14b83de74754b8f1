/**
 * kill -9 at any moment: what was promised is there exactly once, what was not is absent or whole.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { openQueueStore } from '../../src/store/open-queue.ts';
import { isFull } from '../is-full.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { Promises } from './promises.ts';

const script = fileURLToPath(new URL('./use-until-killed.ts', import.meta.url));
/** Each lane is a queue of its own; two at a time, as most machines have two cores. */
const lanes = 2;
/** Of each lane. */
const kills = isFull ? 105 : 35;

/** It is killed a little after one of so many lines. */
const mostLines = 60;

/** Runs the process, kills it, and hears what it has promised. */
async function runAndKill(url: string, cache: string, promises: Promises): Promise<void> {
  const child = spawn(process.execPath, [script, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // Compiled once, it starts in half the time.
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
  });
  const kill = () => child.kill('SIGKILL');
  // Some die while they recover, before they promise anything.
  const early = Math.random() < 0.1 ? setTimeout(kill, 60 + Math.random() * 150) : undefined;
  const exited = once(child, 'exit');
  // The first line says that it is ready.
  let left = 1 + Math.floor(Math.random() * mostLines);
  let rest = '';
  child.stdout.setEncoding('utf8');
  for await (const text of child.stdout) {
    // What stands behind the last line end was cut off in the middle.
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      promises.hear(line);
      if (--left === 0) setTimeout(kill, Math.random() * 20);
    }
  }
  const [code, signal] = await exited;
  clearTimeout(early);
  assert.deepEqual([code, signal], [null, 'SIGKILL']);
}

function numberOf(database: DatabaseSync, sql: string): unknown {
  return Object.values(database.prepare(sql).get() ?? {})[0];
}

/** What the tables say of each other. */
function checkTables(path: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  assert.equal(numberOf(database, 'PRAGMA integrity_check'), 'ok');
  const none: [what: string, sql: string][] = [
    ['claims', 'SELECT count(*) FROM claim'],
    ['drafts', 'SELECT count(*) FROM body WHERE instance IS NOT NULL'],
    [
      'bodies of nobody',
      'SELECT count(*) FROM body WHERE id NOT IN (SELECT body FROM message WHERE body IS NOT NULL)',
    ],
    [
      'pieces of nobody',
      'SELECT count(*) FROM piece WHERE id / 1048576 NOT IN (SELECT id FROM body)',
    ],
    [
      'recipients of nobody',
      'SELECT count(*) FROM recipient WHERE message NOT IN (SELECT id FROM message)',
    ],
    ['miscounts', 'SELECT queued - (SELECT count(*) FROM message) FROM total'],
    [
      'messages that are never due, or due for nothing',
      `SELECT count(*) FROM (
         SELECT domain, at, message FROM due
         UNION ALL
         SELECT domain, min(due_at), message FROM recipient WHERE state = 'waiting' GROUP BY domain, message
       ) GROUP BY domain, at, message HAVING count(*) <> 2`,
    ],
    [
      'domains with the wrong time',
      `SELECT count(*) FROM (
         SELECT name, due_at FROM domain UNION ALL SELECT domain, min(at) FROM due GROUP BY domain
       ) GROUP BY name, due_at HAVING count(*) <> 2`,
    ],
  ];
  for (const [what, sql] of none) assert.ok(!numberOf(database, sql), what);
  database.close();
}

test(`a queue whose process is killed ${lanes * kills} times keeps what it promised, once and whole`, async (t) => {
  using cache = temporaryFolder();
  let promised = 0;
  let held = 0;
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      using folder = temporaryFolder();
      const url = `sqlite:${folder.path}`;
      const promises = new Promises();
      for (let count = 0; count < kills; count++) {
        await runAndKill(url, cache.path, promises);
        await using store = await openQueueStore(url);
        held += await promises.check(store);
      }
      const store = await openQueueStore(url, { serve: true });
      await store.recover();
      await promises.check(store);
      await store[Symbol.asyncDispose]();
      checkTables(join(folder.path, 'queue.sqlite'));
      promised += promises.there.size + promises.gone.size;
    }),
  );
  t.diagnostic(`${promised} messages promised, ${held} looked at after the kills`);
  assert.ok(promised > lanes * kills, 'there was load');
});
