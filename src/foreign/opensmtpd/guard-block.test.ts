import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { SmtpdSource } from './config-tokens.ts';
import { addGuard, guardIn, removeGuard } from './guard-block.ts';
import type { SmtpdGuardSettings } from './guard-lines.ts';

const settings: SmtpdGuardSettings = {
  filter: '127.0.0.1:9994',
  onFailure: 'open',
  program: '/opt/spillway/bin/spillway',
};
const proc =
  'filter "spillway" proc-exec "/opt/spillway/bin/spillway filter --guard 127.0.0.1:9994 --on-failure open"';
const socket = 'listen on socket filter "spillway"';
const included: Readonly<Record<string, string>> = {
  '/etc/filters.conf': 'filter "far" chain { a, b }\n',
  '/etc/listen.conf': 'ext = eth0\nlisten on $ext\n',
};
const fileOf = (path: string) => included[path] ?? null;

function added(text: string): string {
  const after = addGuard(text, settings, fileOf);
  assert.ok(typeof after === 'string', JSON.stringify(after));
  return after;
}

function linesOf(text: string): string[] {
  return added(text)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

const some = `filter "rspamd" proc-exec "filter-rspamd"
filter junk phase connect match !rdns junk
filter both chain { junk, "rspamd" }
`;
const definitions = some.trimEnd().split('\n');

const listeners: readonly [name: string, text: string, lines: readonly string[]][] = [
  ['nothing listens', '', [proc, socket]],
  ['a listener', 'listen on all\n', [proc, 'listen on all filter "spillway"', socket]],
  [
    'its options stay',
    'listen on eth0 inet4 port 25 tls pki "mx" auth-optional <users> hostname "mx.host.example" # here\n',
    [
      proc,
      'listen on eth0 inet4 port 25 tls pki "mx" auth-optional <users> hostname "mx.host.example" filter "spillway"',
      socket,
    ],
  ],
  [
    'the socket',
    'listen on socket mask-src\n',
    [proc, 'listen on socket mask-src filter "spillway"'],
  ],
  [
    'a filter of theirs',
    `${some}listen on all filter rspamd tag IN\n`,
    [...definitions, proc, 'listen on all tag IN filter { "spillway", "rspamd" }', socket],
  ],
  [
    'a chain of theirs',
    `${some}listen on all filter "both"\n`,
    [...definitions, proc, 'listen on all filter { "spillway", "junk", "rspamd" }', socket],
  ],
  [
    'a chain in place',
    `${some}listen on all filter {\n  junk\n  "rspamd" } tag IN\n`,
    [...definitions, proc, 'listen on all tag IN filter { "spillway", "junk", "rspamd" }', socket],
  ],
  [
    'a chain in another file',
    'include "/etc/filters.conf"\nlisten on all filter far\n',
    ['include "/etc/filters.conf"', proc, 'listen on all filter { "spillway", "a", "b" }', socket],
  ],
  [
    'a macro stays',
    'ext = "eth0 port 25"\nlisten on $ext\n',
    ['ext = "eth0 port 25"', proc, 'listen on $ext filter "spillway"', socket],
  ],
  [
    'over several lines',
    'listen on \\\n  all \\\n  port\\\n 25\n',
    [proc, 'listen on all port 25 filter "spillway"', socket],
  ],
  [
    'a comment that goes on',
    '# off: \\\nlisten on eth0\nlisten on all\n',
    ['listen on eth0', proc, 'listen on all filter "spillway"', socket],
  ],
];

for (const [name, text, lines] of listeners) {
  test(`${name}: in`, () => assert.deepEqual(linesOf(text), lines));
  for (const before of [text, text.trimEnd()])
    test(`${name}: out again, to the byte${before === text ? '' : ', without a last line end'}`, () => {
      const after = added(before);
      assert.deepEqual(guardIn(after), settings);
      assert.equal(removeGuard(after), before);
    });
}

const refused: readonly [name: string, text: string, problem: RegExp][] = [
  ['a listener elsewhere', 'include "/etc/listen.conf"\n', /included file: move/],
  ['a file that cannot be read', 'listen on all\ninclude "/etc/none"\n', /\/etc\/none cannot be/],
  ['a macro that is nowhere', 'listen on $ext\n', /macro "ext" is not defined/],
  ['a macro that changes', 'e = eth0\nlisten on $e\ne = eth1\n', /another value further below/],
  ['a filter in a macro', `${some}f = "filter rspamd"\nlisten on all $f\n`, /write it out/],
  ['our name is taken', 'filter spillway proc-exec "x"\nlisten on all\n', /called "spillway"/],
  ['a quote left open', 'listen on all hostname "x\n', /a quote that is left open/],
];
for (const [name, text, problem] of refused)
  test(`not guessed: ${name}`, () => {
    const made = addGuard(text, settings, fileOf);
    assert.ok(typeof made !== 'string');
    assert.match(made.problem, problem);
  });

test('what changes elsewhere makes no line of the block one that was changed by hand', () => {
  const before = `${some}listen on all filter both\n`;
  const after = added(before).replace('chain { junk, "rspamd" }', 'chain { junk }');
  assert.deepEqual(guardIn(after), settings);
  assert.equal(removeGuard(after), before.replace('chain { junk, "rspamd" }', 'chain { junk }'));
});

test('a line changed by hand is told, and so is one that is added', () => {
  const after = added('listen on all\n');
  for (const changed of [
    after.replace('listen on all filter', 'listen on all port 26 filter'),
    after.replace(`${socket}\n`, `${socket}\nlisten on eth1\n`),
  ]) {
    const found = guardIn(changed);
    assert.ok(found && 'kind' in found);
    assert.match(found.problem, /changed or added by hand/);
    assert.deepEqual(removeGuard(changed), found);
  }
});

test('whatever listens: smtpd reads the same words with the filter, and it comes out to the byte', () => {
  const word = fc.constantFrom(
    ...['port 25', 'tls', 'pki "a b"', "hostname 'x'", '\\\n', 'tag\\\n  IN', 'auth <u>', '# x \\'],
    ...['filter a', 'filter { a, b }', 'filter {\na\nb\n}', 'senders { "a" = "b" }', '"q\\"q"'],
  );
  const listener = fc
    .array(word, { maxLength: 5 })
    .map((words) => `listen on ${words.join(' ')}\n`);
  const text = fc.array(fc.oneof(listener, fc.constant('action "mx" relay\n'), fc.string()));
  fc.assert(
    fc.property(text, (parts) => {
      const before = parts.join('');
      const after = addGuard(before, settings, () => null);
      if (typeof after !== 'string') return;
      assert.equal(removeGuard(after), before);
      const [old, now] = [before, after].map((one) => SmtpdSource.read(one, () => null));
      assert.ok(old && now && !('kind' in old) && !('kind' in now));
      const rest = (source: SmtpdSource, isOurs: boolean) =>
        source.statements
          .map(({ words }) => words.map((one) => one.text))
          .filter(([first]) => (first === 'listen') === isOurs && first !== 'filter');
      assert.deepEqual(rest(now, false), rest(old, false));
      for (const words of rest(now, true)) assert.ok(words.includes('spillway'), words.join(' '));
    }),
    { numRuns: 1000 },
  );
});

test('a block that was deleted by hand leaves what it put aside, which is told and never lost', () => {
  const left = added('# a\nlisten on all\n').replace(/^# >>>[\s\S]*/m, '');
  assert.equal(left, '# a\n#spillway# listen on all\n');
  const fault = guardIn(left);
  assert.ok(fault && 'kind' in fault);
  assert.equal(fault.line, 2);
  assert.deepEqual(removeGuard(left), fault);
});
