import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { failureModes } from '../../mail/failure-mode.ts';
import { addToCf, removeFromCf, settingsInCf } from './cf.ts';
import type { Edit } from './edit.ts';
import { defaultGuardSettings, type GuardSettings } from './guard-settings.ts';
import { addToMc, removeFromMc, settingsInMc } from './mc.ts';

const folder = new URL('../../../test/golden/sendmail/', import.meta.url);
const golden = (name: string): string => readFileSync(new URL(name, folder), 'latin1');
const mc = { add: addToMc, remove: removeFromMc, settings: settingsInMc };
const cf: typeof mc = { add: addToCf, remove: removeFromCf, settings: settingsInCf };
const of = (name: string): typeof mc => (name.endsWith('.mc') ? mc : cf);

const elsewhere: GuardSettings = {
  socketmap: 'unix:/run/spillway/socketmap',
  milter: '[::1]:9998',
  onFailure: 'closed',
};

function changed(edit: Edit): string {
  assert(edit.kind === 'changed', JSON.stringify(edit));
  return edit.text;
}

const expected: readonly [name: string, settings: GuardSettings, want: string][] = [
  ['debian.mc', defaultGuardSettings, 'debian.guarded.mc'],
  ['with-milter.mc', elsewhere, 'with-milter.guarded.mc'],
  ['plain.cf', defaultGuardSettings, 'plain.guarded.cf'],
  ['plain.cf', elsewhere, 'plain.closed.cf'],
];
for (const [name, settings, want] of expected)
  test(`${name} becomes ${want}`, () => {
    assert.equal(changed(of(name).add(golden(name), settings)), golden(want));
  });

for (const name of ['debian.mc', 'with-milter.mc', 'crlf.mc', 'latin1.mc', 'plain.cf']) {
  const { add, remove, settings } = of(name);
  const text = golden(name);
  test(`${name}: taken out again, not a byte is different`, () => {
    assert.equal(changed(remove(changed(add(text, elsewhere)))), text);
  });
  test(`${name}: a second time changes nothing`, () => {
    assert.deepEqual(add(changed(add(text, elsewhere)), elsewhere), { kind: 'same' });
    assert.deepEqual(remove(text), { kind: 'same' });
  });
  test(`${name}: other settings replace the lines, and can be read back`, () => {
    const twice = changed(add(changed(add(text, elsewhere)), defaultGuardSettings));
    assert.equal(twice, changed(add(text, defaultGuardSettings)));
    assert.deepEqual(settings(twice), defaultGuardSettings);
    assert.equal(settings(text), null);
  });
  test(`${name}: a line of ours changed by hand is told and left alone`, () => {
    const whole = changed(add(text, elsewhere));
    const lines = whole.split('\n');
    const at = lines.findIndex((line) => line.startsWith('Kguard '));
    const edited = lines.with(at, 'Kguard socket inet:1@127.0.0.1').join('\n');
    for (const edit of [remove(edited), add(edited, elsewhere)])
      assert.deepEqual(edit, {
        kind: 'fault',
        line: at + 1,
        problem: 'a line that was changed or added by hand',
      });
  });
}

const added = changed(addToMc(golden('debian.mc'), defaultGuardSettings));
const spoilt: readonly [name: string, text: string, problem: RegExp][] = [
  ['a line of the admin in it', added.replace('LOCAL_CONFIG\n', 'LOCAL_CONFIG\nCwx\n'), /by hand/],
  ['a line before the end', added.replace('dnl # <<<', 'Cwx\ndnl # <<<'), /added by hand/],
  ['no end', added.replace(/dnl # <<<.*\n/, ''), /without an end/],
  ['no beginning', added.replace(/dnl # >>>.*\n/, ''), /without a begin/],
  ['two of them', added + added.slice(added.indexOf('dnl # >>>')), /second mark/],
  ['another version', added.replace('begin (1 ', 'begin (7 '), /another version/],
  ['an endpoint that is none', added.replace('milter=127', 'milter=xx'), /another version/],
];
for (const [name, text, problem] of spoilt)
  test(`a block with ${name} is left alone`, () => {
    for (const edit of [removeFromMc(text), addToMc(text, elsewhere)]) {
      assert(edit.kind === 'fault');
      assert.match(edit.problem, problem);
      assert.ok(edit.line && edit.line <= text.split('\n').length);
    }
  });

test('lines that somebody wrote after the block stay, on lines of their own', () => {
  const whole = `${changed(addToMc("MAILER(`smtp')", elsewhere))}Cwx\n`;
  assert.equal(changed(removeFromMc(whole)), "MAILER(`smtp')\nCwx\n");
});

const conflicts: readonly [name: string, edit: Edit, problem: RegExp, line: number | null][] = [
  [
    'FEATURE(compat_check)',
    addToMc(golden('compat-check.mc'), defaultGuardSettings),
    /compat_check/,
    4,
  ],
  [
    'a check_compat of its own in the source',
    addToMc('LOCAL_RULESETS\nScheck_compat\nR$*\t$@ ok\n', defaultGuardSettings),
    /ruleset of your own/,
    2,
  ],
  [
    'a map called guard in the source',
    addToMc('LOCAL_CONFIG\nKguard hash /x\n', defaultGuardSettings),
    /map of your own/,
    2,
  ],
  [
    'a filter called spillway in the source',
    addToMc("INPUT_MAIL_FILTER(`spillway', `S=inet:1@::1')dnl\n", defaultGuardSettings),
    /filter of your own/,
    1,
  ],
  ...(
    [
      ['a check_compat of its own', 'Scheck_compat\nR$*\t$@ ok\n', /ruleset check_compat/],
      ['a map called guard', 'Kguard hash /x\n', /map guard/],
      ['a filter called spillway', 'Xspillway, S=inet:1@::1\n', /filter spillway/],
      ['filter names that we cannot read', 'O InputMailFilters=a(b\n', /cannot read/],
    ] as const
  ).map(([name, more, problem]): [string, Edit, RegExp, null] => [
    name,
    addToCf(golden('plain.cf') + more, defaultGuardSettings),
    problem,
    null,
  ]),
  ['no V line', addToCf('Cwlocalhost\n', defaultGuardSettings), /no sendmail.cf/, null],
  [
    'an old level',
    addToCf(golden('plain.cf').replace('V10', 'V8'), defaultGuardSettings),
    /level 8/,
    null,
  ],
  [
    'no place to wait',
    addToCf(golden('plain.cf').replace('SParseLocal=98', ''), elsewhere),
    /ParseLocal/,
    null,
  ],
];
for (const [name, edit, problem, line] of conflicts)
  test(`a file with ${name} is left alone`, () => {
    assert(edit.kind === 'fault', JSON.stringify(edit));
    assert.match(edit.problem, problem);
    assert.equal(edit.line, line);
  });

// All bytes, with a liking for those that matter.
const byte = fc.oneof(
  fc.constantFrom('\n', '\r', '\r\n', '#', ' ', 'R', '\t'),
  fc.nat(255).map((code) => String.fromCharCode(code)),
);
const anyText = fc.array(byte).map((bytes) => bytes.join(''));
const anySettings = fc.record({
  socketmap: fc.constantFrom('127.0.0.1:9997', '[::1]:1', 'unix:/a/b'),
  milter: fc.constantFrom('127.0.0.1:9998', '[::1]:2', 'unix:/c'),
  onFailure: fc.constantFrom(...failureModes),
});
test('whatever the file: what was added is taken out to the byte', () => {
  fc.assert(
    fc.property(anyText, anySettings, anySettings, (text, first, second) => {
      const once = changed(addToMc(text, first));
      assert.equal(changed(removeFromMc(once)), text);
      const twice = addToMc(once, second);
      assert.equal(changed(removeFromMc(twice.kind === 'same' ? once : changed(twice))), text);
    }),
  );
  fc.assert(
    fc.property(anyText, anySettings, (more, settings) => {
      const text = golden('plain.cf') + more;
      const edit = addToCf(text, settings);
      if (edit.kind === 'changed') assert.equal(changed(removeFromCf(edit.text)), text);
    }),
  );
});
