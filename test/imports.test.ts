/**
 * The direction of imports: a room may use the rooms above it and nothing else, and the pure rooms
 * touch no clock, socket, file or random number.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';

const rooms = [
  'mail',
  'verdict',
  'wire',
  'foreign',
  'dns',
  'proof',
  'recipients',
  'judge',
  'store',
  'delivery',
  'journal',
  'machine',
  'rescue',
  'replay',
  'server',
  'install',
  'dashboard',
  'config',
  'cli',
];
/** These import mail and what is named here, and are pure. */
const pure: { readonly [room: string]: readonly string[] } = {
  mail: [],
  verdict: ['mail'],
  wire: ['mail', 'verdict'],
  foreign: ['mail'],
};
const impure =
  /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\bprocess\.|\bset(Timeout|Interval|Immediate)\(|from '(node:)?(fs|net|dgram|tls|http|child_process|worker_threads|os|dns|timers)(\/promises)?'/;

const sources = globSync('src/**/*.ts').filter((file) => !file.endsWith('.test.ts'));

function roomOf(file: string): string {
  return file.split('/')[1] ?? '';
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, path = '']) =>
    join(dirname(file), path),
  );
}

test('there are sources, and each stands in a room', () => {
  assert.ok(sources.length > 20);
  for (const file of sources) assert.ok(rooms.includes(roomOf(file)), file);
});

test('imports point upward', () => {
  for (const file of sources)
    for (const path of importsOf(file)) {
      const from = rooms.indexOf(roomOf(file));
      const to = rooms.indexOf(roomOf(path));
      assert.ok(to >= 0 && to <= from, `${file} imports ${path}`);
    }
});

test('the pure rooms are pure', () => {
  for (const file of sources) {
    const allowed = pure[roomOf(file)];
    if (!allowed) continue;
    const room = roomOf(file);
    for (const path of importsOf(file))
      assert.ok([room, ...allowed].includes(roomOf(path)), `${file} imports ${path}`);
    // isIP and its like only read text.
    const text = readFileSync(file, 'utf8').replace(/import \{ is\w+ \} from 'node:net';/, '');
    assert.doesNotMatch(text, impure, file);
  }
});

test('no file imports itself by a circle', () => {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), `a circle: ${[...path, file].join(' -> ')}`);
    if (done.has(file)) return;
    for (const next of importsOf(file)) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of sources) visit(file, []);
});
