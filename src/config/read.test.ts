import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ConfigError, parseConfig, readConfig } from './read.ts';

const read = (text: string) => parseConfig(Buffer.from(text), 'spillway.toml');

test('an empty file gives the defaults', () => {
  const config = read('');
  assert.equal(config.checks.sender.mode, 'enforce');
  assert.equal(config.checks.notice.onFailure, 'closed');
  assert.deepEqual(config.guard.socketmap, [{ host: '127.0.0.1', port: 9997 }]);
  assert.equal(config.verdict.alone.loopback, 'refuse');
  assert.equal(config.verdict.mixed.loopback, 'accept');
  assert.equal(config.journal.keep, 90 * 86_400_000);
});

test('every kind of setting is read', () => {
  const config = read(`
    [dns]
    servers = ["192.0.2.53", "[2001:db8::53]:5353"]
    [verdict]
    public = ["10.0.0.0/8"]
    routed = [".intranet.example", "Partner.EXAMPLE."]
    [verdict.mixed]
    loopback = "refuse"
    [checks.sender]
    mode = "watch"
    onFailure = "open"
    [guard]
    milter = ["unix:/run/spillway/milter"]
    [store]
    url = "sqlite:/var/lib/spillway"
  `);
  assert.deepEqual(config.dns.servers, [
    { host: '192.0.2.53', port: 53 },
    { host: '2001:db8::53', port: 5353 },
  ]);
  assert.equal(config.verdict.public[0]?.prefix, 8);
  assert.deepEqual(config.verdict.routed, ['.intranet.example', 'partner.example']);
  assert.equal(config.verdict.mixed.loopback, 'refuse');
  assert.deepEqual(config.checks.sender, { mode: 'watch', onFailure: 'open' });
  assert.deepEqual(config.guard.milter, [{ path: '/run/spillway/milter' }]);
});

const mistakes: readonly [name: string, text: string, want: RegExp][] = [
  [
    'a typo in a key',
    '[dns]\n\nserver = ["a"]',
    /^spillway\.toml:3: dns\.server: no such setting; there are servers, timeout$/,
  ],
  [
    'a typo in a table',
    '[cheks.sender]\nmode = "off"',
    /^spillway\.toml:1: cheks: no such setting; there are dns, verdict, checks/,
  ],
  [
    'a wait that no mail server has the patience for',
    '[dns]\ntimeout = "30s"',
    /^spillway\.toml:2: dns\.timeout: expected a duration from "250ms" to "7s", as mail servers wait about 10 s for an answer, found "30s"$/,
  ],
  [
    'a wrong word',
    '[checks.sender]\nmode = "on"',
    /^spillway\.toml:2: checks\.sender\.mode: expected "enforce" or "watch" or "off", found "on"$/,
  ],
  [
    'a wrong type',
    '[guard]\nmilter = "127.0.0.1:1"',
    /^spillway\.toml:2: guard\.milter: expected a list, found "127\.0\.0\.1:1"$/,
  ],
  [
    'a bad network',
    '[verdict]\npublic = [\n "10.0.0.0/8",\n "10.0.0.0/40"]',
    /^spillway\.toml:2: verdict\.public\[1\]: expected a network such as .*, found "10\.0\.0\.0\/40"$/,
  ],
  [
    'a bad endpoint',
    '[guard]\nsocketmap = ["nowhere"]',
    /:2: guard\.socketmap\[0\]: expected "HOST:PORT".*, found "nowhere"$/,
  ],
  [
    'a bad duration',
    '[journal]\nkeep = "soon"',
    /:2: journal\.keep: expected a duration .*, found "soon"$/,
  ],
  [
    'a time in which nothing can be looked up',
    '[dns]\ntimeout = "0s"',
    /:2: dns\.timeout: expected a duration from "250ms" to "7s", .*, found "0s"$/,
  ],
  [
    'a journal that keeps nothing',
    '[journal]\nkeep = "0d"',
    /:2: journal\.keep: expected a duration from "1h" to .*, found "0d"$/,
  ],
  [
    'a guard that nobody can ask',
    '[guard]\nmilter = []\nsocketmap = []\npolicy = []\nreadsocket = []\nfilter = []\n[smtp]\nlisten = []',
    /^spillway\.toml:1: guard: expected an endpoint in it or in \[smtp\].*, found \{/,
  ],
  [
    'a number out of bounds',
    '[loops]\nreceived = 5',
    /:2: loops\.received: expected at least 20, found 5$/,
  ],
  [
    'an unknown store',
    '[store]\nurl = "mysql://x"',
    /:2: store\.url: expected "sqlite:FOLDER", found "mysql:\/\/x"$/,
  ],
  ['broken TOML', '[dns]\nservers = [', /^spillway\.toml:\d+:\d+: /],
  [
    'an escape sequence',
    '[dns]\n"\\u001b[2J" = 1',
    /^spillway\.toml(:\d)?: dns\.\\x1b\[2J: no such setting/,
  ],
];
for (const [name, text, want] of mistakes)
  test(`${name} is told with file, line and what was expected`, () => {
    assert.throws(
      () => read(text),
      (error) => error instanceof ConfigError && want.test(error.message),
    );
  });

test('all mistakes are told at once', () => {
  assert.throws(
    () => read('[checks.loop]\nmode = 1\nonFailure = 2'),
    (error) => error instanceof ConfigError && error.message.split('\n').length === 2,
  );
});

test('bytes that are no UTF-8 are told', () => {
  assert.throws(
    () => parseConfig(Buffer.from([0xff, 0xfe]), 'x.toml'),
    /x\.toml: expected UTF-8 text/,
  );
});

test('a file that is named but missing is an error', async () => {
  await assert.rejects(readConfig('/nonexistent/spillway.toml'), /cannot be read/);
});

test('an escape sequence in the name of the file reaches no terminal', async () => {
  await assert.rejects(readConfig('/nonexistent/\u001b[2J'), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.ok(!error.message.includes('\u001b'));
    return true;
  });
});

test('any text is read or refused, never a bug', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        read(text);
      } catch (error) {
        assert.ok(error instanceof ConfigError);
      }
    }),
  );
});
