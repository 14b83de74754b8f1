// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are expansions of Exim.
/**
 * Whole configurations in test/golden/exim, with the guard put in and taken out. SPILLWAY_GOLDEN=write makes the
 * files with the guard in them anew.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { readConfig } from './config-lines.ts';
import { guardsIn, partLines, removeGuard } from './guard-block.ts';
import { defaultEximGuard, type EximGuard } from './guard-lines.ts';
import { type GuardPlan, type Hooks, planGuard, writeGuard } from './guard-plan.ts';

const folder = new URL('../../../test/golden/exim/', import.meta.url);
const golden = (name: string): string => readFileSync(new URL(name, folder), 'latin1');
const elsewhere: EximGuard = { readsocket: 'unix:/run/spillway/readsocket', onFailure: 'closed' };
const path = '/etc/exim.conf';

function planFor(text: string, hooks: Hooks): GuardPlan {
  return planGuard(readConfig([path], new Map([[path, text]])), hooks);
}

function guarded(text: string, hooks: Hooks, guard: EximGuard): string {
  const texts = new Map([[path, text]]);
  return writeGuard(planFor(text, hooks), texts, guard).get(path) ?? text;
}

const byName = { mail: 'acl_check_mail', rcpt: 'acl_check_rcpt' };
const noMail = { mail: null, rcpt: 'acl_check_rcpt' };
const expression = '${if eq{$received_port}{25}{acl_check_mail}{acl_other}}';
const files: readonly [
  name: string,
  hooks: Hooks,
  guard: EximGuard,
  routers: string,
  leftOut: readonly RegExp[],
][] = [
  ['plain', noMail, defaultEximGuard, 'dnslookup', []],
  ['conditions', byName, elsewhere, 'lists everything', []],
  ['literal', noMail, defaultEximGuard, 'literal', []],
  ['crlf', { mail: null, rcpt: 'check' }, defaultEximGuard, 'r', []],
  ['cut-short', { mail: null, rcpt: 'check' }, defaultEximGuard, 'r', []],
  [
    'left-out',
    { mail: expression, rcpt: '/etc/exim4/rcpt.acl' },
    defaultEximGuard,
    'last',
    [
      /^acl_smtp_mail: .*not the name of one ACL/,
      /^acl_smtp_rcpt: .*\/etc\/exim4\/rcpt\.acl: not the name/,
      /^router gateway: self = pass: /,
      /^router copies: it is unseen/,
      /^router hidden: its driver is not written plainly/,
      /^router whole_line: .* line 29 is not understood: MORE/,
      /^router chosen: .* line 32 is under a condition: driver = manualroute/,
      /^router within: .* line 40 defines a macro within it/,
      /^router divided: .* line 47 stands behind the end of a condition/,
      /^router broken: .* line 50 is not understood/,
    ],
  ],
];
for (const [name, hooks, guard, routers, leftOut] of files) {
  const text = golden(`${name}.conf`);
  test(`${name}.conf becomes ${name}.guarded.conf`, () => {
    const after = guarded(text, hooks, guard);
    const wanted = new URL(`${name}.guarded.conf`, folder);
    if (process.env['SPILLWAY_GOLDEN'] === 'write') writeFileSync(wanted, after, 'latin1');
    assert.equal(after, golden(`${name}.guarded.conf`));
    const plan = planFor(text, hooks);
    assert.equal(plan.routers.join(' '), routers);
    const told = plan.leftOut.map(({ what, why }) => `${what}: ${why}`);
    assert.equal(told.length, leftOut.length, told.join('\n'));
    for (const [at, pattern] of leftOut.entries()) assert.match(told[at] ?? '', pattern);
    for (const { byHand } of plan.leftOut)
      assert.ok(byHand && partLines(guard, byHand.part).length > 5);
  });
  test(`${name}.conf: taken out again, not a byte is different, whatever the settings`, () => {
    for (const settings of [defaultEximGuard, elsewhere]) {
      const after = guarded(text, hooks, settings);
      const found = guardsIn(after);
      assert.ok(!('kind' in found) && found.length > 0);
      for (const one of found) assert.deepEqual(one, settings);
      assert.equal(removeGuard(after), text);
    }
    assert.deepEqual(guardsIn(text), []);
  });
  test(`${name}.conf: a line of ours that was changed by hand is told and left alone`, () => {
    const after = guarded(text, hooks, guard);
    const edited = after.replace('driver = redirect', 'driver = accept');
    const line = edited.split('\n').findIndex((one) => /driver = accept\r?$/.test(one)) + 1;
    for (const fault of [guardsIn(edited), removeGuard(edited)]) {
      assert(typeof fault === 'object' && 'kind' in fault);
      assert.equal(fault.line, line);
      assert.match(fault.problem, /changed or added by hand/);
    }
    const unmarked = removeGuard(after.replace('# <<< spillway: end', '#'));
    assert(typeof unmarked === 'object');
    assert.match(unmarked.problem, /without an end mark/);
  });
}

test('a second time, with our own ACL named by Exim, the same comes out', () => {
  const text = golden('plain.conf');
  const after = guarded(text, noMail, defaultEximGuard);
  const bare = removeGuard(after);
  assert.ok(typeof bare === 'string');
  const again = guarded(bare, { mail: 'spillway_check_mail', rcpt: 'acl_check_rcpt' }, elsewhere);
  assert.equal(again, guarded(text, noMail, elsewhere));
});

test('what was put in by hand stays, and the rest is put in', () => {
  const text = golden('plain.conf');
  const after = guarded(text, noMail, defaultEximGuard).replace(/^# (>>>|<<<) spillway.*\n/gm, '');
  assert.deepEqual(guardsIn(after), []);
  const hooks = { mail: 'spillway_check_mail', rcpt: 'acl_check_rcpt' };
  const plan = planFor(after, hooks);
  assert.deepEqual([plan.places.size, plan.routers], [0, []]);
  const told = plan.leftOut.map(({ what, why, byHand }) => `${what} ${why.slice(0, 20)} ${byHand}`);
  assert.deepEqual(told, [
    'ACL spillway_check_mail it asks the guard by null',
    'ACL acl_check_rcpt it asks the guard by null',
    'router dnslookup it asks the guard by null',
  ]);
  const other = after.replace('begin transports', 'other:\n  driver = ipliteral\nbegin transports');
  assert.deepEqual(planFor(other, hooks).routers, ['other']);
});

const told: readonly [name: string, text: string, hooks: Hooks, why: RegExp][] = [
  ['an ACL that is nowhere', 'begin acl\nother:\n', byName, /no such ACL stands in what was read$/],
  [
    'one in a file that cannot be found',
    'begin acl\n.include ACL_FILE\n',
    byName,
    /what was read, which is without ACL_FILE/,
  ],
  ['no section of ACLs', 'begin routers\n', noMail, /no section of ACLs/],
  [
    'an option that does not count',
    '.ifdef X\nacl_smtp_mail = x\n.endif\nbegin acl\nacl_check_rcpt:\n',
    noMail,
    /line 2: acl_smtp_mail = x, which does not count now/,
  ],
  ['no mail by SMTP', 'begin acl\n', { mail: null, rcpt: null }, /takes no mail by SMTP/],
];
for (const [name, text, hooks, why] of told)
  test(`${name} is told`, () => {
    const { leftOut, places } = planFor(text, hooks);
    assert.match(leftOut[0]?.why ?? '', why);
    assert.equal([...places.values()].flat().filter(({ part }) => part.kind === 'mail').length, 0);
  });

test('files that are included, and those of Debian, get what belongs into them', () => {
  const texts = new Map([
    ['/a', 'acl_smtp_rcpt = check\n.include "/b"\nbegin routers\n.include_if_exists /c\n'],
    ['/b', 'begin acl\ncheck:\n  accept\n'],
    ['/c', 'r:\n  driver = dnslookup\n'],
    ['/d', '  no_more\ns:\n  driver = ipliteral\n'],
  ]);
  const plan = planGuard(readConfig(['/a', '/d'], texts), { mail: null, rcpt: 'check' });
  assert.deepEqual(plan.routers, ['r', 's']);
  const after = writeGuard(plan, texts, defaultEximGuard);
  assert.deepEqual([...after.keys()].sort(), ['/b', '/c', '/d']);
  assert.match(
    after.get('/b') ?? '',
    /acl_smtp_mail = [\s\S]*begin acl\n[\s\S]*spillway_check_mail:/,
  );
  for (const [name, text] of after) assert.equal(removeGuard(text), texts.get(name));
});

test('whatever stands in a configuration: it is read, planned and taken back', () => {
  const line = fc.constantFrom(
    ...['begin acl', 'begin routers', 'begin transports', 'check:', 'r:', '  driver = dnslookup'],
    ...['  domains = a \\', '  # c \\', '.ifdef X', '.else', '.endif', '.include /etc/exim.conf'],
    ...['  X = y', '  self = pass', '', '  \\', ' condition = ${if {', '\u00e0 = \u00a0', 'begin'],
  );
  const text = fc
    .tuple(fc.array(fc.oneof(line, fc.string({ unit: 'binary' }))), fc.constantFrom('\n', '\r\n'))
    .map(([lines, end]) => lines.join(end).replace(/[^\u0000-\u00ff]/g, '?'));
  fc.assert(
    fc.property(text, (config) => {
      const hooks = { mail: null, rcpt: 'check' };
      const plan = planGuard(readConfig([path], new Map([[path, config]])), hooks);
      const after = writeGuard(plan, new Map([[path, config]]), elsewhere).get(path) ?? config;
      assert.equal(removeGuard(after), config);
    }),
  );
});

test('one ACL for MAIL and RCPT, its name the end of the file: in and out again, to the byte', () => {
  for (const text of ['begin acl\ncheck:', 'begin acl\r\ncheck:', 'begin acl\ncheck:\n']) {
    const after = guarded(text, { mail: 'check', rcpt: 'check' }, defaultEximGuard);
    assert.match(after, /^begin acl\r?\ncheck:\r?\n# >>>.* part=mail [\s\S]*# >>>.* part=rcpt /);
    assert.equal(removeGuard(after), text);
    const more = removeGuard(`${after}  accept\n`);
    assert.equal(more, `${text.replace(/\n$/, '')}${text.includes('\r') ? '\r' : ''}\n  accept\n`);
  }
});

test('a file that is included on both sides of a condition is changed once', () => {
  const include = '.ifdef A\n.include /a\n.else\n.include /a\n.endif\n';
  const acl = 'check:\n  accept\n';
  const texts = new Map([
    [path, `begin acl\n${include}`],
    ['/a', acl],
  ]);
  const plan = planGuard(readConfig([path], texts), { mail: 'check', rcpt: 'check' });
  const after = writeGuard(plan, texts, defaultEximGuard);
  assert.equal(after.get('/a')?.match(/>>> spillway/g)?.length, 2);
  assert.equal(removeGuard(after.get('/a') ?? ''), acl);
});
