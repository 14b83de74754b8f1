/**
 * Logs of the four real servers under the incident of 2006, as they wrote them: what is followed in them, however
 * they are packed, divided or mixed.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, linkSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import test from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { mtas } from '../../src/foreign/queue-entry.ts';
import { type LogFile, openLogFile, streamedLogFile } from '../../src/journal/story/log-file.ts';
import { longestLine } from '../../src/journal/story/read-block.ts';
import { type Story, tellStory } from '../../src/journal/story/tell.ts';
import { formatNumber } from '../../src/mail/amounts.ts';
import { createIncidentFinder } from '../../src/verdict/flood/incident-finder.ts';
import type { Observation } from '../../src/verdict/flood/observation.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { writeLog } from './write-log.ts';

/** After all of them, and before their days come again. */
const now = Date.UTC(2026, 11, 24);

interface Told {
  readonly story: Story;
  readonly observations: readonly Observation[];
}

async function tell(
  files: readonly LogFile[],
  more: { threads?: number; since?: number; until?: number } = {},
): Promise<Told> {
  const observations: Observation[] = [];
  const finder = {
    observe: (observation: Observation) => void observations.push(observation),
    advance() {},
    incidents: () => [],
  };
  const story = await tellStory({ files, finder, threads: 0, now, ...more });
  return { story, observations };
}

/** From a stream that hands over so many octets at once. */
function streamed(bytes: Buffer, size = bytes.length, name = 'mail.log'): LogFile {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return streamedLogFile(name, Readable.from(chunks, { objectMode: true }));
}

/** `fate delivered from <> to nicholas@seaton.biz: 12, 3456 octets`: what counts, and in no order. */
function countsOf(observations: readonly Observation[]): Record<string, string> {
  const counts = new Map<string, [number, number]>();
  for (const observation of observations) {
    const { kind, client, reversePath, forwardPath } = observation;
    const what = 'outcome' in observation ? `${kind} ${observation.outcome}` : kind;
    const key = `${what} of ${client ?? 'nobody'} from ${personOf(reversePath)} to ${personOf(forwardPath)}`;
    const known = counts.get(key) ?? [0, 0];
    const bytes = 'bytes' in observation ? observation.bytes : 0;
    counts.set(key, [known[0] + 1, known[1] + bytes]);
  }
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    connections: connectionsOf(observations),
    ...Object.fromEntries(
      sorted.map(([key, [count, bytes]]) => [key, `${count}, ${bytes} octets`]),
    ),
  };
}

function connectionsOf(observations: readonly Observation[]): string {
  const told = observations.flatMap((one) => ('connection' in one ? [one.connection] : []));
  const different = new Set(told.filter((one) => one !== null)).size;
  return `${different} for ${told.length} messages and refusals`;
}

function personOf(path: string | null): string {
  if (path === null) return '?';
  if (path === '' || path === 'nicholas@seaton.biz') return `<${path}>`;
  if (/^(?:postmaster|info)@?/.test(path)) return 'somebody known';
  return /@good-\d/.test(path) ? 'a real sender' : 'somebody invented';
}

const folders = globSync('test/golden/logs/*/').sort();
const logs = folders.map((folder) => ({
  name: folder.split('/').filter(Boolean).at(-1) ?? '',
  file: join(folder, 'mail.log'),
}));

test('there are logs of all four servers', () => assert.ok(logs.length >= 9));

for (const { name, file } of logs) {
  const bytes = readFileSync(file);

  test(`${name}: what happened is what the senders, the backend and the sink have seen`, async () => {
    const { story, observations } = await tell([streamed(bytes)]);
    const [source] = story.sources;
    assert.deepEqual(source?.unreadable, []);
    assert.equal(source?.lines, bytes.toString().split('\n').length - 1);
    const expected = join(dirname(file), 'expected.json');
    const counts = countsOf(observations);
    if (process.env['UPDATE_GOLDEN'] === '1' || !existsSync(expected))
      writeFileSync(expected, `${JSON.stringify(counts, null, 2)}\n`);
    assert.deepEqual(counts, JSON.parse(readFileSync(expected, 'utf8')));
  });

  test(`${name}: packed or divided, it is the same`, async () => {
    const { observations } = await tell([streamed(bytes)]);
    for (const other of [
      streamed(gzipSync(bytes)),
      streamed(Buffer.concat([gzipSync(bytes.subarray(0, 999)), gzipSync(bytes.subarray(999))])),
      streamed(zstdCompressSync(bytes)),
      streamed(bytes, 61),
      streamed(bytes, 4097),
      streamed(gzipSync(bytes), 97),
      streamed(Buffer.from(bytes.toString().replaceAll('\n', '\r\n'))),
      streamed(withHosts(bytes)),
      streamed(asModern(bytes)),
      streamed(asJournal(bytes)),
      streamed(asJournal(bytes), 83),
    ])
      assert.deepEqual((await tell([other])).observations, observations);
  });

  test(`${name}: on threads, it is the same`, async () => {
    const { observations } = await tell([streamed(bytes)]);
    assert.deepEqual(
      (await tell([streamed(bytes, 5000)], { threads: 2 })).observations,
      observations,
    );
  });

  test(`${name}: rotated, and given in the wrong order, it is the same`, async () => {
    using folder = temporaryFolder();
    const { observations } = await tell([streamed(bytes)]);
    const parts = divided(bytes, 4);
    const files: LogFile[] = [];
    for (const [at, part] of parts.entries()) {
      const path = join(folder.path, `mail.log.${at}${at % 2 ? '.gz' : ''}`);
      writeFileSync(path, at % 2 ? gzipSync(part) : part);
      utimesSync(path, now / 1000, now / 1000);
      files.push(await openLogFile(path));
    }
    const [first, second, third, fourth] = files;
    if (!first || !second || !third || !fourth) throw new Error('expected four parts');
    const told = await tell([third, first, fourth, second]);
    assert.deepEqual(countsOf(told.observations), countsOf(observations));
    assert.deepEqual(
      told.story.sources.map(({ name }) => name),
      [third, first, fourth, second].map(({ name }) => name),
    );
  });
}

test('several servers at once do not get mixed up', async () => {
  const open = logs.filter(({ name }) => name.endsWith('-open'));
  const separately = await Promise.all(
    open.map(({ file }) => tell([streamed(readFileSync(file))])),
  );
  const together = await tell(
    open.map(({ file, name }) => streamed(readFileSync(file), 5000, name)),
  );
  const all = separately.flatMap(({ observations }) => observations);
  assert.deepEqual(countsOf(together.observations), countsOf(all));

  // In one log, as a central syslog server writes it: lines of all of them, mixed.
  const lines = open.flatMap(({ file, name }) =>
    withHosts(readFileSync(file), name).toString().split('\n').slice(0, -1),
  );
  lines.sort((a, b) => timeOf(a) - timeOf(b));
  const mixed = await tell([streamed(Buffer.from(`${lines.join('\n')}\n`))]);
  assert.equal(mixed.story.totals.received, together.story.totals.received);
  assert.equal(mixed.story.totals.notices, together.story.totals.notices);
});

test('a central log of two hundred servers, a line of each in turn, is told as each of them', async () => {
  const lines = readFileSync('test/golden/logs/postfix-open/mail.log', 'latin1')
    .split('\n')
    .slice(0, -1);
  const one = await tell([streamed(Buffer.from(`${lines.join('\n')}\n`))]);
  const hosts = Array.from({ length: 200 }, (_, at) => `mx${at}`);
  const all = lines.flatMap((line) =>
    hosts.map((host) => `${line.slice(0, 16)}${host} ${line.slice(16)}\n`),
  );
  const { story } = await tell([streamed(Buffer.from(all.join('')))]);
  for (const [name, count] of Object.entries(one.story.totals))
    assert.equal(story.totals[name as keyof typeof story.totals], count * 200, name);
});

test('the same file by two names is read once', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'mail.log');
  writeFileSync(path, readFileSync('test/golden/logs/postfix-open/mail.log'));
  linkSync(path, join(folder.path, 'again.log'));
  const files = [await openLogFile(path), await openLogFile(join(folder.path, 'again.log'))];
  const { story } = await tell(files);
  assert.equal(story.sources.length, 1);
  assert.equal(story.totals.received, 15);
});

test('a copy of a log, packed or one that is older, is not told a second time', async () => {
  using folder = temporaryFolder();
  const bytes = readFileSync('test/golden/logs/postfix-open/mail.log');
  const whole = await tell([streamed(bytes)]);
  const write = async (name: string, content: Buffer) => {
    writeFileSync(join(folder.path, name), content);
    return await openLogFile(join(folder.path, name));
  };
  const files = [
    await write('mail.log.1.gz', gzipSync(bytes)),
    await write('mail.log.old', bytes.subarray(0, 5000)),
    await write('mail.log.1', bytes),
  ];
  const { story } = await tell(files);
  assert.deepEqual(story.totals, whole.story.totals);
  const troubles = story.sources.map(({ trouble }) => trouble);
  assert.match(troubles[0] ?? '', /begins as .*mail\.log\.1 does, and is not told a second time$/);
  assert.match(troubles[1] ?? '', /mail\.log\.1 does/);
  assert.equal(troubles[2], null);
});

test('what syslog writes into a log of mail and among all others once more is told once', async () => {
  const mail = withHosts(readFileSync('test/golden/logs/postfix-open/mail.log'), 'mx').toString();
  const whole = await tell([streamed(Buffer.from(mail))]);
  const lines = mail.split('\n').slice(0, -1);
  const others = lines.flatMap((line, at) => {
    const stamp = line.slice(0, 16);
    return [`${stamp}mx cron[${at}]: (root) CMD (true)`, line, `${stamp}mx kernel: it rains`];
  });
  const syslog = `${others.join('\n')}\n`;
  // The log of mail alone was turned over in between.
  const half = mail.indexOf('\n', mail.length / 2) + 1;
  const { story, observations } = await tell([
    streamed(Buffer.from(mail.slice(half)), 5000, 'mail.log'),
    streamed(Buffer.from(syslog), 5000, 'syslog'),
    streamed(Buffer.from(mail.slice(0, half)), 5000, 'mail.log.1'),
  ]);
  assert.deepEqual(countsOf(observations), countsOf(whole.observations));
  assert.deepEqual(story.totals, whole.story.totals);
  const doubled = story.sources.reduce((sum, one) => sum + one.doubled, 0);
  assert.equal(doubled, whole.story.sources[0]?.events);
});

test('that is so too where times go back a little, as those of several processes do', async () => {
  const seconds = Array.from(
    { length: 40 },
    (_, at) => Math.floor(at / 8) + ((at % 8) % 3 > 1 ? 1 : 0),
  );
  const lines = seconds.map((second, at) => {
    const refused = `RCPT from a.example[192.0.2.7]: 550 5.1.1 <x${at}@site.example>: User unknown`;
    return `Sep  5 03:12:0${second} mx postfix/smtpd[1]: NOQUEUE: reject: ${refused}; from=<> to=<x${at}@site.example> proto=ESMTP helo=<a>\n`;
  });
  const { story, observations } = await tell([
    streamed(Buffer.from(lines.join('')), 500, 'mail.log'),
    streamed(Buffer.from(`Sep  5 03:12:00 mx kernel: it rains\n${lines.join('')}`), 500, 'syslog'),
  ]);
  assert.deepEqual([observations.length, story.totals.refused], [40, 40]);
});

test('of many rotated logs few are open at once', async () => {
  let [open, most] = [0, 0];
  const part = (at: number): LogFile => ({
    ...streamed(Buffer.alloc(0), 1, `mail.log.${at}`),
    async *read() {
      most = Math.max(most, ++open);
      try {
        const stamp = `Sep  5 03:${String(at % 60).padStart(2, '0')}:00`;
        yield Buffer.from(`${stamp} mx postfix/smtpd[1]: A${at}: client=a.example[192.0.2.7]\n`);
      } finally {
        open--;
      }
    },
  });
  const { story } = await tell(Array.from({ length: 50 }, (_, at) => part(at)));
  assert.equal(
    story.sources.reduce((sum, { events }) => sum + events, 0),
    50,
  );
  assert.ok(most <= 3, `${most} at once`);
});

test('a span of time is cut out of it', async () => {
  const bytes = readFileSync('test/golden/logs/postfix-open/mail.log');
  const { story } = await tell([streamed(bytes)]);
  if (!story.span) throw new Error('expected a span');
  const later = await tell([streamed(bytes)], { since: story.span.last + 1 });
  assert.equal(later.observations.length, 0);
  assert.equal(later.story.span, null);
  const earlier = await tell([streamed(bytes)], { until: story.span.first });
  assert.equal(earlier.observations.length, 0);
});

test('what is packed and cut short is told as far as it goes', async () => {
  const bytes = readFileSync('test/golden/logs/postfix-open/mail.log');
  const whole = await tell([streamed(bytes)]);
  for (const packed of [gzipSync(bytes), zstdCompressSync(bytes)]) {
    const { story } = await tell([streamed(packed.subarray(0, packed.length - 200), 1000)]);
    const [source] = story.sources;
    assert.match(source?.trouble ?? '', /cut short|unexpected end|damaged/i);
    // A block of zstd is all or nothing.
    if (packed[0] === 0x1f) assert.ok(story.totals.received > 0);
    assert.ok(story.totals.received < whole.story.totals.received);
  }
  const garbage = await tell([
    streamed(Buffer.concat([gzipSync(bytes).subarray(0, 900), Buffer.alloc(500, 7)])),
  ]);
  assert.ok(garbage.story.sources[0]?.trouble);
});

test('hostile lines are counted as unreadable, and change nothing of the rest', async () => {
  const bytes = readFileSync('test/golden/logs/postfix-open/mail.log');
  const { observations } = await tell([streamed(bytes)]);
  const head = 'Nov 29 17:26:13 mx postfix/qmgr[105]: ';
  const hostile = [
    `${head}EEBEF4E: from=<${'x'.repeat(2_000_000)}>, size=1, nrcpt=1 (queue active)`,
    `${'\u0000'.repeat(100)}`,
    '\u001b]0;owned\u0007\u001b[2J',
    `${head}EEBEF4E: from=<a b>, size=1, nrcpt=1 (queue active)`,
    `${head}EEBEF4E: to=<x`,
    '{"level":30,"time":',
    '<999999>1 x',
    'Nov 31 17:26:13 mx postfix/qmgr[105]: EEBEF4E: removed',
  ];
  const lines = bytes.toString().split('\n');
  lines.splice(100, 0, ...hostile);
  const { story, observations: found } = await tell([
    streamed(Buffer.from(lines.join('\n')), 100_000),
  ]);
  assert.deepEqual(countsOf(found), countsOf(observations));
  const [source] = story.sources;
  const count = source?.unreadable.reduce((sum, one) => sum + one.count, 0);
  assert.equal(count, hostile.length, JSON.stringify(source?.unreadable));
  assert.ok(
    source?.unreadable.some(
      ({ problem }) => problem === `more than ${formatNumber(longestLine)} octets`,
    ),
  );
  // Where: as an editor counts lines.
  assert.ok(
    source?.unreadable.every(({ lines }) => lines.every((line) => line > 100 && line <= 108)),
  );
});

test('a log that begins in the middle makes up nothing', async () => {
  const lines = readFileSync('test/golden/logs/postfix-open/mail.log', 'latin1').split('\n');
  const whole = await tell([streamed(Buffer.from(lines.join('\n')))]);
  for (let from = 0; from < lines.length; from += 7) {
    const { story } = await tell([streamed(Buffer.from(lines.slice(from).join('\n')))]);
    assert.ok(story.totals.received <= whole.story.totals.received);
    assert.ok(story.totals.notices <= whole.story.totals.notices);
  }
});

test('a line of a clock that was far ahead is named, and moves no other line', async () => {
  const bytes = readFileSync('test/golden/logs/postfix-open/mail.log');
  const ahead =
    '9999-01-01T00:00:00.000000+00:00 mx postfix/smtpd[1]: 3AF71C2E1: client=a[192.0.2.9]\n';
  const { story, observations } = await tell([
    streamed(Buffer.concat([Buffer.from(ahead), bytes])),
  ]);
  const [report] = story.sources;
  assert.deepEqual(report?.unreadable, [
    { problem: 'a time that is still to come', count: 1, lines: [1] },
  ]);
  const alone = await tell([streamed(bytes)]);
  assert.deepEqual(observations, alone.observations);
  assert.deepEqual(story.span, alone.story.span);
});

for (const mta of mtas)
  test(`a day of ordinary mixed mail at ${mta} is no incident, and one with a flood is one`, async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, 'mail.log');
    for (const isFlooded of [false, true]) {
      await writeLog(path, { mta, bytes: 2e6, isFlooded });
      const finder = createIncidentFinder();
      const story = await tellStory({ files: [await openLogFile(path)], finder, threads: 0, now });
      assert.deepEqual(story.sources[0]?.unreadable, []);
      assert.ok(story.totals.received > 500);
      const told = story.incidents.map(({ cause, subject }) => `${cause} ${subject}`);
      assert.deepEqual(told, isFlooded ? ['forged-sender nicholas@seaton.biz'] : []);
    }
  });

/** With a host in each line, as most syslogs write it. */
function withHosts(bytes: Buffer, host = 'mx'): Buffer {
  return mapLines(bytes, (line) => `${line.slice(0, 16)}${host} ${line.slice(16)}`);
}

/** As rsyslog writes it today; the stamps of Exim say the same. */
function asModern(bytes: Buffer): Buffer {
  return mapLines(bytes, (line) => `${new Date(timeOf(line)).toISOString()} mx ${line.slice(16)}`);
}

function asJournal(bytes: Buffer): Buffer {
  return mapLines(bytes, (line) => {
    const [, program = '', pid = '', message = ''] =
      /^([^[:]+)(?:\[(\d+)\])?: (.*)$/.exec(line.slice(16)) ?? [];
    return `__CURSOR=s=1\n__REALTIME_TIMESTAMP=${timeOf(line)}000\n_HOSTNAME=mx\nSYSLOG_IDENTIFIER=${program}\n_PID=${pid}\nMESSAGE=${message}\n`;
  });
}

function timeOf(line: string): number {
  return Date.parse(`2026 ${line.slice(0, 15)}`);
}

function mapLines(bytes: Buffer, change: (line: string) => string): Buffer {
  const lines = bytes.toString().split('\n').slice(0, -1);
  return Buffer.from(lines.map((line) => `${change(line)}\n`).join(''));
}

/** Into so many parts, each of whole lines, where the second changes: a log is not rotated within one. */
function divided(bytes: Buffer, count: number): Buffer[] {
  const lines = bytes.toString().split('\n').slice(0, -1);
  const seconds = [...new Set(lines.map((line) => line.slice(0, 15)))];
  const size = Math.ceil(seconds.length / count);
  return Array.from({ length: count }, (_, part) => {
    const ours = new Set(seconds.slice(part * size, (part + 1) * size));
    return Buffer.from(
      lines
        .filter((line) => ours.has(line.slice(0, 15)))
        .map((line) => `${line}\n`)
        .join(''),
    );
  });
}
