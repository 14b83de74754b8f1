/**
 * The queue of an Exim under test: filled with what a drowned one holds, and told by Exim's own tools.
 */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { QueueEntry } from '../../src/foreign/queue-entry.ts';
import type { Ran, Root } from '../../src/machine/root.ts';
import type { ZoneData } from '../../src/replay/dns-server.ts';
import type { ArchivedEntry, ArchivedFile, QueueHand } from '../../src/rescue/mail-server.ts';
import { type EntryPlace, fingerprintOf, type QueueReader } from '../../src/rescue/reader.ts';
import { type Actor, type CallsOf, startActor } from './actor.ts';
import type { Letter } from './actors/letters.ts';
import type { Machine } from './machine.ts';
import { addresses, type Network } from './network.ts';
import { run, start } from './place.ts';

export const spool = '/var/spool/exim4';

/** Where mail of the tests goes: good-1 and good-2 take it, slow does not answer for now. */
export const records: ZoneData = {
  'mx.good.example': { A: [addresses.sink.v4] },
  'good-1.example': { MX: [[10, 'mx.good.example']] },
  'good-2.example': { MX: [[10, 'mx.good.example']] },
  'seaton.biz': { MX: [[10, 'lost.seaton.biz']] },
  'lost.seaton.biz': { A: ['127.0.0.1'] },
  'slow.example': { trick: 'servfail' },
  'silent.example': { trick: 'timeout' },
  'bücher.example': { MX: [[10, 'mx.good.example']] },
  'mx.host.example': { A: [addresses.server.v4] },
  'sender.example': { MX: [[10, 'mx.good.example']] },
};
export const healed: ZoneData = { ...records, 'slow.example': { MX: [[10, 'mx.good.example']] } };

/** Exim's configuration with other values of options that it has; before it starts. */
export async function changeOptions(
  { path }: Machine,
  changes: Readonly<Record<string, string>>,
): Promise<void> {
  const file = path('/etc/exim4/exim4.conf');
  let text = await readFile(file, 'utf8');
  for (const [option, value] of Object.entries(changes)) {
    const line = new RegExp(`^${option} = .*$`, 'm');
    text = line.test(text)
      ? text.replace(line, `${option} = ${value}`)
      : `${option} = ${value}\n${text}`;
  }
  await writeFile(file, text);
}

/** Lines below another one of Exim's configuration; before it starts. */
export async function insertAfter({ path }: Machine, line: string, text: string): Promise<void> {
  const file = path('/etc/exim4/exim4.conf');
  const whole = await readFile(file, 'utf8');
  assert.ok(whole.includes(`\n${line}\n`));
  await writeFile(
    file,
    whole.replace(`\n${line}\n`, () => `\n${line}\n${text}\n`),
  );
}

/** The machine as the rescue sees it from out here. */
export function rootOfMachine({ place, path }: Machine): Root {
  return {
    folder: path(''),
    async run(folder, command, input = ''): Promise<Ran> {
      const child = start(place, ['sh', '-c', 'cd "$0" && exec "$@"', folder, ...command], {
        stdio: 'pipe',
      });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
      child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(Buffer.from(input, 'latin1'));
      const status = await new Promise<number | null>((done) => child.on('close', done));
      const text = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString('latin1');
      return { status, stdout: text(out), stderr: text(err) };
    },
  };
}

/** Messages in the order of SMTP; each with a body that tells which it is. */
export function letter(mail: string, rcpt: readonly string[], name: string, body = 40): Letter {
  const header = ['From: <ann@sender.example>', 'To: <bob@slow.example>', `Subject: ${name}`];
  return { to: addresses.server.v4, mail, rcpt, header, body };
}

/** What was accepted at the end of DATA: `250 OK id=...`. */
export function idIn(replies: readonly string[]): string {
  const id = /^250 OK id=(\S+)/.exec(replies.at(-1) ?? '')?.[1];
  if (id === undefined) throw new Error(`not taken: ${replies.join(' | ')}`);
  return id;
}

/** Hands mail in on the machine itself, for `sender`; resolves when Exim has tried to deliver it. */
export async function handIn(
  { place }: Machine,
  sender: string,
  recipients: readonly string[],
  flags: readonly string[] = ['-odf'],
): Promise<void> {
  await run(place, ['exim4', ...flags, '-f', sender, ...recipients], {
    input: `Subject: handed in\n\nfor ${recipients.join(' ')}\n`,
  });
}

export type Letters = Actor<CallsOf<typeof import('./actors/letters.ts')>>;

/** Whoever writes to the server and takes what it delivers. */
export async function openLetters(network: Network): Promise<Letters> {
  return await startActor<typeof import('./actors/letters.ts')>(
    network.world,
    new URL('./actors/letters.ts', import.meta.url),
    { extensions: ['8BITMIME', 'SMTPUTF8', 'DSN'] },
  );
}

/** Spam in nicholas's name to mailboxes that nobody has, for `exim -bS`: a notice to him each. */
export function floodOf(count: number): string {
  const spam = (number: number) =>
    `MAIL FROM:<nicholas@seaton.biz>\nRCPT TO:<invented-${number}@nowhere.invalid>\nDATA\nSubject: spam\n\nspam\n.\n`;
  return Array.from({ length: count }, (_, number) => spam(number)).join('');
}

export function isLost({ entry }: Read): boolean {
  return entry.notice === 'own' && entry.recipients[0]?.forwardPath === 'nicholas@seaton.biz';
}

export interface Load {
  /** Resolves to how many messages were taken, to load-0@good-2.example and so on. */
  stop(): Promise<number>;
}

/** Sends wanted mail on several lanes until it is told to stop. */
export function startLoad(letters: Letters, lanes = 4): Load {
  let isOver = false;
  let sent = 0;
  async function send(): Promise<void> {
    while (!isOver) {
      const rcpt = `<load-${sent++}@good-2.example>`;
      idIn(await letters.call('send', letter('<customer@sender.example>', [rcpt], 'wanted')));
    }
  }
  const sending = Promise.all(Array.from({ length: lanes }, send));
  // Whoever stops it hears of its failure.
  sending.catch(() => undefined);
  return {
    async stop() {
      isOver = true;
      await sending;
      return sent;
    },
  };
}

export function placeIn(reader: QueueReader, id: string): EntryPlace {
  const place = reader.find(id);
  assert.ok(place, `${id} is in the queue no more`);
  return place;
}

/** Seizes, compares, archives in memory and removes; all of them must go through. */
export async function takeOut(
  hand: QueueHand,
  reader: QueueReader,
  places: readonly EntryPlace[],
): Promise<ArchivedEntry[]> {
  const fingerprintAt = (place: EntryPlace) => {
    const read = reader.read(place);
    assert.equal(read.kind, 'entry');
    return read.kind === 'entry' ? fingerprintOf(read.entry) : null;
  };
  const before = new Map(places.map((place) => [place.id, fingerprintAt(place)]));
  await using seizure = await hand.seize(places);
  assert.deepEqual([...seizure.missed], []);
  const archive = [...seizure.seized].map(([id, { place, wasHeld }]) => {
    assert.equal(fingerprintAt(place), before.get(id));
    return { id, wasHeld, files: reader.filesOf(place).map(keepFile) };
  });
  const ids = places.map(({ id }) => id);
  const removed = await seizure.remove(ids);
  assert.deepEqual(
    [...removed],
    ids.map((id) => [id, 'removed']),
  );
  return archive;
}

function keepFile(path: string): ArchivedFile {
  const { mode, uid, gid, mtimeMs, size } = statSync(path);
  const bytes = readFileSync(path);
  return {
    path,
    mode: mode & 0o7777,
    uid,
    gid,
    modifiedAt: Math.floor(mtimeMs),
    size,
    async *content() {
      yield bytes;
    },
  };
}

/** `<bob@slow.example> NOTIFY=NEVER` without what follows. */
export function withoutParameters(path: string): string {
  return path.replace(/> .*$/, '>');
}

export interface Read {
  readonly place: EntryPlace;
  readonly entry: QueueEntry;
}

/** Everything in the queue by id. Throws for what cannot be read. */
export function readAll(reader: QueueReader): Map<string, Read> {
  const found = new Map<string, Read>();
  for (const listed of reader.list()) {
    if (listed.kind === 'unreadable') throw new Error(`${listed.path}: ${listed.problem}`);
    const { place } = listed;
    const read = reader.read(place);
    if (read.kind === 'unreadable') throw new Error(`${read.path}: ${read.problem}`);
    if (read.kind === 'entry') found.set(place.id, { place, entry: read.entry });
  }
  return found;
}

/**
 * An entry in the words of `exim -bp`, without its age: `2.1K 1abcDE-000001-AB <ann@example.org>`, then
 * a line for each recipient. `-bpu` leaves out what is done.
 */
export function asEximSays(entry: QueueEntry, option: '-bp' | '-bpu'): string {
  const frozen = entry.state === 'held' ? ' *** frozen ***' : '';
  const recipients = entry.recipients
    .filter(({ isDone }) => !isDone || option === '-bp')
    .map(({ forwardPath, isDone }) => `        ${isDone ? 'D' : ' '} ${forwardPath}`);
  return [
    `${formatSize(entry.size)} ${entry.id} <${entry.reversePath}>${frozen}`,
    ...recipients,
  ].join('\n');
}

/** As Exim rounds. */
function formatSize(size: number): string {
  if (size < 1024) return String(size).padStart(5);
  if (size < 10 * 1024) return `${(size / 1024).toFixed(1).padStart(4)}K`;
  if (size < 1024 * 1024) return `${String(Math.floor((size + 512) / 1024)).padStart(4)}K`;
  const megabytes = size / (1024 * 1024);
  return megabytes < 10
    ? `${megabytes.toFixed(1).padStart(4)}M`
    : `${String(Math.floor(megabytes + 0.5)).padStart(4)}M`;
}

export interface Told {
  readonly text: string;
  /** Minutes, hours or days, as Exim rounds them: `12m`, `3h`, `4d`. */
  readonly age: string;
}

/** What Exim says of each message in its queue, or in a named one. */
export async function tellQueue(
  { place }: Machine,
  option: '-bp' | '-bpu',
  queue?: string,
): Promise<Map<string, Told>> {
  const named = queue === undefined ? [] : [`-qG${queue}`];
  const text = await run(place, ['exim4', ...named, option]);
  const told = new Map<string, Told>();
  for (const block of text.split('\n\n')) {
    const found = /^\s*(\d+[mhd])( {1,2}.{5}) (\S+) (.*)$/s.exec(block.replace(/^\n+/, ''));
    if (!found) continue;
    const [, age = '', size = '', id = '', rest = ''] = found;
    // Who handed it in with a sender of his choice is told, but is no part of the envelope.
    told.set(id, {
      age,
      text: `${size.slice(-5)} ${id} ${rest.replace(/^(<.*?>) \(\S+\)/, '$1')}`,
    });
  }
  return told;
}

/** As `exim -bp` rounds it. */
export function ageOf(entry: QueueEntry, now: number): string {
  const minutes = Math.floor((Math.floor(now / 1000) - Math.floor(entry.arrivedAt / 1000)) / 60);
  if (minutes <= 90) return `${minutes}m`;
  const hours = Math.floor((minutes + 30) / 60);
  return hours <= 72 ? `${hours}h` : `${Math.floor((hours + 12) / 24)}d`;
}

/** Lines of its log that tell of trouble of its own, apart from undeliverable mail. */
export async function troubleIn(machine: Machine): Promise<string[]> {
  const own =
    /panic|spool (?:file|error|read|format)|not found|failed to (?:open|read|unlink|rename)|malformed|Failed to/i;
  return (await machine.log()).filter((line) => own.test(line) && !/is locked/.test(line));
}

/** Files below input/ and msglog/ of the spool, and of a named queue. */
export async function filesInSpool({ place }: Machine): Promise<string[]> {
  const text = await run(place, [
    'sh',
    '-c',
    `cd ${spool} && find . -type f -path '*input/*' -o -type f -path '*msglog/*' | sort`,
  ]);
  return text.split('\n').filter(Boolean);
}
