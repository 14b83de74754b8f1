import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { exampleIncident, exampleReceipt } from '../../test/store/journal-suite.ts';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { openJournalForReading, openJournalStore } from '../store/open-journal.ts';
import { CommandError } from './exit.ts';
import { storyCommand } from './story.ts';

process.env['TZ'] = 'Europe/Berlin';
const folder = temporaryFolder();
after(() => folder[Symbol.dispose]());
const now = Date.UTC(2026, 10, 29, 12);

/** Twenty years later somebody reads a copy of it. */
const caseOf2006 = join(folder.path, 'maillog');
writeFileSync(caseOf2006, linesOf2006().join(''));

async function tell(...typed: string[]): Promise<{ lines: string[]; status: unknown }> {
  const lines: string[] = [];
  const command = storyCommand({
    openStore: () => openJournalForReading(`sqlite:${join(folder.path, 'journal')}`),
    now: () => now,
    output: { line: async (text) => void lines.push(text), style: (_, text) => text },
  });
  command.exitOverride().configureOutput({ writeErr: () => {} });
  await command.parseAsync(typed, { from: 'user' });
  const status = process.exitCode;
  process.exitCode = 0;
  return { lines, status };
}

test('the case of 2006, as it would have been told to who was woken', async () => {
  const { lines, status } = await tell(caseOf2006);
  const text = lines.map((line) => `${line.replaceAll(folder.path, '/var/log')}\n`).join('');
  const golden = 'test/golden/story/2006.txt';
  if (process.env['UPDATE_GOLDEN'] === '1' || !existsSync(golden)) writeFileSync(golden, text);
  assert.equal(text, readFileSync(golden, 'utf8'));
  assert.equal(status, 1);
});

test('for a program, one document on one line', async () => {
  const { lines } = await tell(caseOf2006, '--json');
  assert.equal(lines.length, 1);
  const story = JSON.parse(lines[0] ?? '');
  assert.equal(story.from, '2006-09-05T01:12:00.000Z');
  assert.equal(story.incidents.length, 1);
  const [incident] = story.incidents;
  assert.equal(incident.cause, 'forged-sender');
  assert.equal(incident.subject, 'nicholas@seaton.biz');
  assert.equal(incident.clients.distinct, 30);
  const { connections, ...received } = incident.received;
  assert.deepEqual(received, { messages: 120, bytes: 240_000, recipients: 600, unknown: 600 });
  // Each message came over its own.
  assert.ok(connections > 105 && connections < 135, `${connections} connections`);
  assert.equal(incident.made.cpu, null);
  assert.equal(incident.made.notices, 120);
  assert.equal(incident.made.returns, 720);
  assert.match(incident.words.title, /in the name of nicholas@seaton\.biz/);
  assert.equal(
    story.series.counts.returns.reduce((sum: number, one: number) => sum + one, 0),
    720,
  );
});

test('as a page that needs nothing else, and lets nothing run', async () => {
  const path = join(folder.path, 'story.html');
  const { lines } = await tell(caseOf2006, '--html', path);
  assert.deepEqual(lines, []);
  const page = readFileSync(path, 'utf8');
  assert.match(
    page,
    /<h1>A flood in the name of nicholas@seaton\.biz, who is most likely forged<\/h1>/,
  );
  assert.match(page, /<svg .*<polyline class="line returns"/);
  assert.match(page, /<td>came over<\/td><td class="number">about 1[1-3]0 connections<\/td>/);
  assert.doesNotMatch(page, /CPU/);
  assert.match(page, /Content-Security-Policy" content="default-src 'none'/);
  assert.doesNotMatch(page, /<script|javascript:|src=|@import|url\(|https?:/i);
  for (const tag of ['section', 'table', 'svg', 'ol', 'ul', 'p', 'h2'])
    assert.equal(
      page.match(new RegExp(`<${tag}[ >]`, 'g'))?.length,
      page.split(`</${tag}>`).length - 1,
      tag,
    );
});

test('what strangers wrote is shown to the letter, and does nothing', async () => {
  const evil = '"><script>alert(1)</script>&\u001b[2J\u202e';
  const path = join(folder.path, 'evil.log');
  const sender = `"${evil.replaceAll('"', '')}"@evil.example`;
  writeFileSync(path, linesOf2006(sender).join(''));
  const { lines } = await tell(path);
  assert.doesNotMatch(lines.join('\n'), /[\u0000-\u0009\u000b-\u001f\u202e]/);
  assert.match(lines.join('\n'), /\\x1b\[2j\\u\{202e\}/i);
  const page = join(folder.path, 'evil.html');
  await tell(path, '--html', page);
  const html = readFileSync(page, 'utf8');
  assert.doesNotMatch(html, /<script|[\u0000-\u0009\u000b-\u001f\u202e]/);
  assert.match(html, /&lt;script&gt;alert\(1\)&lt;\/script&gt;&amp;\\x1b\[2j/i);
  const { lines: json } = await tell(path, '--json');
  assert.equal(JSON.parse(json[0] ?? '').incidents[0].subject, sender.toLowerCase());
  assert.doesNotMatch(json[0] ?? '', /[\u0000-\u001f\u202e]/);
});

test('no command is shown with what a stranger may have made one of', async () => {
  const path = join(folder.path, 'command.log');
  const adviceFor = async (domain: string) => {
    writeFileSync(path, linesOf2006(`a@${domain}`).join(''));
    return JSON.parse((await tell(path, '--json')).lines[0] ?? '').incidents[0].words.advice;
  };
  assert.match((await adviceFor('plain.example')).join('\n'), /spillway explain plain\.example"/);
  const advice = (await adviceFor('$(reboot).example')).join('\n');
  assert.doesNotMatch(advice, /explain|reboot/);
  assert.match(advice, /Do not block its owner/);
});

test('a span of time', async () => {
  const told = await tell(caseOf2006, '--since', '2006-09-05', '--until', '2006/09/05');
  assert.match(told.lines[0] ?? '', /^1 incident/);
  await assert.rejects(tell(caseOf2006, '--since', 'soon'));
});

test('a time of which the log tells nothing: what was asked, and of when the log is', async () => {
  const { lines, status } = await tell(caseOf2006, '--until', '2006-09-04');
  assert.match(lines[0] ?? '', /maillog: nothing in the time that was asked for$/);
  assert.equal(
    lines.slice(1).join(' '),
    'Asked was what happened before 2006-09-05 00:00:00. The log goes from 2006-09-05 03:12:00 until 2006-09-05 03:51:45.',
  );
  assert.equal(status, 0);
  const later = await tell(caseOf2006, '--since', '2006-09-06', '--until', '2007');
  assert.match(
    later.lines.join(' '),
    /Asked was what happened from 2006-09-06 00:00:00 on and before 2008-01-01 00:00:00\./,
  );
  const page = join(folder.path, 'nothing.html');
  await tell(caseOf2006, '--until', '2006-09-04', '--html', page);
  assert.match(readFileSync(page, 'utf8'), /<h1>Nothing in the time that was asked for<\/h1>/);
});

test('a page is written over a page, and over nothing else', async () => {
  const path = join(folder.path, 'page.html');
  await tell(caseOf2006, '--html', path);
  await tell(caseOf2006, '--html', path);
  await assert.rejects(
    tell(caseOf2006, '--html', caseOf2006),
    /maillog cannot be written: .*no page/,
  );
  assert.match(readFileSync(caseOf2006, 'utf8'), /^Sep {2}5 /);
  await assert.rejects(
    tell(caseOf2006, '--html', folder.path),
    /cannot be written: it is a folder/,
  );
  await assert.rejects(tell(caseOf2006, '--html', ''), /Expected the name of a file to write/);
});

test('an ordinary log is no incident', async () => {
  const path = join(folder.path, 'ordinary.log');
  const lines = readFileSync('test/golden/logs/postfix-open/mail.log', 'utf8').split('\n');
  writeFileSync(path, lines.filter((line) => !/nicholas|mistaken/.test(line)).join('\n'));
  const { lines: told, status } = await tell(path);
  assert.match(told[0] ?? '', /^No incident/);
  assert.equal(status, 0);
});

test('what cannot be read is named', async () => {
  const path = join(folder.path, 'odd.log');
  writeFileSync(path, `${readFileSync(caseOf2006, 'utf8')}no time\n${'x'.repeat(100_000)}\n`);
  const { lines } = await tell(path);
  const text = lines.join('\n');
  assert.match(text, /About the logs\n/);
  assert.match(text, /odd\.log: 1 line with no time stamp that is known/);
  assert.match(text, /odd\.log: 1 line with more than 8,192 octets/);
  const other = join(folder.path, 'other.log');
  writeFileSync(other, 'Sep  5 03:12:01 mx sshd[1]: hello\n');
  assert.match(
    (await tell(other)).lines.join('\n'),
    /other\.log: nothing that a known mail server said of its mail in 1 line/,
  );
  const broken = join(folder.path, 'broken.log');
  writeFileSync(
    broken,
    'Sep  5 03:12:01 mx postfix/qmgr[1]: EEBEF4E: from=<a b>, size=1, nrcpt=1\n',
  );
  const { lines: told } = await tell(broken);
  assert.match(told.join('\n'), /broken\.log: 1 line with a sender whose end cannot be told/);
  assert.doesNotMatch(told.slice(1).join('\n'), /known mail server/);
});

test('a pipe with a name is read from its beginning, and once', async () => {
  const path = join(folder.path, 'pipe');
  execFileSync('mkfifo', [path]);
  const [{ lines }] = await Promise.all([
    tell(path, '--json'),
    writeFile(path, readFileSync(caseOf2006)),
  ]);
  const ofFile = JSON.parse((await tell(caseOf2006, '--json')).lines[0] ?? '');
  const ofPipe = JSON.parse(lines[0] ?? '');
  assert.deepEqual(ofPipe.totals, ofFile.totals);
  assert.equal(ofPipe.sources[0].lines, ofFile.sources[0].lines);
});

test('a time that no clock shows makes a line of our own unreadable', async () => {
  const path = join(folder.path, 'own.log');
  const line = { id: 'a', msg: 'took a message', from: 'a@a.example', size: 1, recipients: 1 };
  const times = [1e300, -1, '+275760-09-13', 'soon', {}];
  writeFileSync(path, times.map((time) => `${JSON.stringify({ time, ...line })}\n`).join(''));
  const { lines } = await tell(path);
  assert.match(lines.join('\n'), /own\.log: 5 lines with no time that can be/);
});

test('of several logs those that can be read are told, and the others named', async () => {
  const missing = join(folder.path, 'missing');
  const { lines, status } = await tell(folder.path, caseOf2006, missing);
  const text = lines.join('\n');
  assert.match(text, /^1 incident in 3 logs/);
  assert.ok(text.includes(`  ${folder.path}: it is a folder\n  ${missing}: there is no such file`));
  assert.equal(status, 1);
});

test('the journal of systemd in a form that is not read is named', async () => {
  const path = join(folder.path, 'journal.json');
  const entry = { __REALTIME_TIMESTAMP: '1164000000000000', MESSAGE: 'x', SYSLOG_IDENTIFIER: 'a' };
  writeFileSync(path, `${JSON.stringify(entry)}\n`.repeat(3));
  const { lines, status } = await tell(path);
  assert.match(lines.join(' '), /3 lines with a form of the journal of systemd.* -o export is/);
  assert.equal(status, 2);
});

test('wrong names end it with a message', async () => {
  for (const path of [join(folder.path, 'missing'), folder.path])
    await assert.rejects(
      tell(path),
      (error: unknown) => error instanceof CommandError && /cannot be read/.test(error.message),
    );
  await assert.rejects(tell(caseOf2006, '--html', '/nonexistent/x.html'), /cannot be written/);
  await assert.rejects(
    tell(caseOf2006, '--since', '2006-09-06', '--until', '2006-09-04'),
    /expected --until after --since/,
  );
  await assert.rejects(tell(), /there is no journal of ours yet/);
});

test('without logs the journal is told', async () => {
  const own = mkdtempSync(join(folder.path, 'own-'));
  {
    await using store = await openJournalStore(`sqlite:${own}`);
    const receipts = Array.from({ length: 20 }, (_, at) =>
      exampleReceipt({
        from: Date.UTC(2026, 10, 28, 3, 0, at),
        until: Date.UTC(2026, 10, 28, 3, 10, at),
        count: 500,
        client: { address: `198.18.${at}.7`, name: null, helo: null },
      }),
    );
    await store.append(receipts);
  }
  const lines: string[] = [];
  const command = storyCommand({
    openStore: () => openJournalForReading(`sqlite:${own}`),
    now: () => now,
    output: { line: async (text) => void lines.push(text), style: (_, text) => text },
  });
  await command.parseAsync([], { from: 'user' });
  process.exitCode = 0;
  assert.match(lines[0] ?? '', /^1 incident in .*journal\.sqlite/);
  assert.match(
    lines.join(' ').replace(/ +/g, ' '),
    /refused 10,000 recipients at its door, and took nothing of it/,
  );
});

test('of what was seen while it went on the CPU is told that it took of Spillway', async () => {
  const own = mkdtempSync(join(folder.path, 'seen-'));
  const start = Date.UTC(2026, 10, 28, 3);
  {
    await using store = await openJournalStore(`sqlite:${own}`);
    const { received, made } = exampleIncident();
    const refused = exampleIncident({
      id: '2026-11-28.2',
      start,
      end: start + 60_000,
      received: { ...received, messages: 0, connections: 5 },
      made: { ...made, notices: 0, deliveries: 0, bytes: 0, returns: 0, cpu: 20 },
    });
    const taken = exampleIncident({
      id: '2026-11-28.1',
      start,
      end: start + 60_000,
      received: { ...received, connections: null },
      made: { ...made, deliveries: 100, cpu: 125_000 },
    });
    await store.saveIncidents([taken, refused]);
    await store.append([exampleReceipt({ from: start, until: start })]);
  }
  const lines: string[] = [];
  const command = storyCommand({
    openStore: () => openJournalForReading(`sqlite:${own}`),
    now: () => now,
    output: { line: async (text) => void lines.push(text), style: (_, text) => text },
  });
  const page = join(own, 'story.html');
  await command.parseAsync([], { from: 'user' });
  await command.parseAsync(['--html', page], { from: 'user' });
  process.exitCode = 0;
  const text = lines.join('\n');
  assert.match(text, /\n {4}cost {2,}2 min 5 s of CPU\n/);
  assert.match(text, /Spillway itself\s+spent 2 min 5 s of CPU on it\./);
  assert.match(text, /refused 1 recipient at its door over 5\s+connections, and took nothing/);
  assert.match(text, /\n {4}came over {2,}5 connections\n {4}cost {2,}0\.1 s of CPU\n/);
  const html = readFileSync(page, 'utf8');
  assert.match(html, /<td>cost Spillway<\/td><td class="number">2 min 5 s of CPU<\/td>/);
  assert.match(html, /<td>came over<\/td><td class="number">5 connections<\/td>/);
  assert.equal(html.match(/came over/g)?.length, 1, 'nobody told the connections of the other');
});

/** Sendmail's, which logs the year in no stamp, but in the names of messages. */
function linesOf2006(sender = 'nicholas@seaton.biz'): string[] {
  const lines: string[] = [];
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const name = (number: number) =>
    `k853C${digits.charAt(number % 52)}${digits.charAt(Math.floor(number / 52) % 52)}${digits.charAt(Math.floor(number / 2704))}${String(number).padStart(6, '0')}`;
  let count = 0;
  const line = (second: number, text: string) => {
    const at = new Date(2006, 8, 5, 3, 12, second);
    const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map((one) =>
      String(one).padStart(2, '0'),
    );
    lines.push(`Sep  5 ${clock.join(':')} host7 sendmail[${1000 + (second % 50)}]: ${text}\n`);
  };
  for (let message = 0; message < 120; message++) {
    const second = message * 20;
    const id = name(count++);
    const client = `203.0.${message % 30}.${10 + (message % 30)}`;
    line(
      second,
      `${id}: from=<${sender}>, size=2000, class=0, nrcpts=5, msgid=<${message}@x.example>, proto=SMTP, daemon=MTA, relay=[${client}]`,
    );
    for (let recipient = 0; recipient < 5; recipient++)
      line(
        second,
        `${id}: to=<made.up${message * 5 + recipient}@site-${(message + recipient) % 40}.example>, delay=00:00:01, xdelay=00:00:00, mailer=esmtp, pri=151088, relay=[192.0.2.30] [192.0.2.30], dsn=5.1.1, stat=User unknown`,
      );
    let notice = name(count++);
    line(second, `${id}: ${notice}: DSN: User unknown`);
    for (let round = 0; round < 6; round++) {
      const next = name(count++);
      line(
        second + round,
        `${next}: from=<>, size=${4000 + round * 500}, class=0, nrcpts=1, msgid=<${notice}@host7.example>, proto=ESMTP, daemon=MTA, relay=localhost [127.0.0.1]`,
      );
      line(
        second + round,
        `${notice}: to=<${sender}>, delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=30000, relay=mail.seaton.biz. [127.0.0.1], dsn=2.0.0, stat=Sent (${next} Message accepted for delivery)`,
      );
      notice = next;
    }
  }
  return lines;
}
