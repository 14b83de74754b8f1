import assert from 'node:assert/strict';
import test from 'node:test';
import { foretold } from '../foreign/foretold.ts';
import { type GuardFound, noGuard, type ServerCheck } from '../install/check/server-check.ts';
import { findingsOf } from './check-findings.ts';
import { formatServer } from './check-text.ts';

const dropped = foretold('dropped', ['it loops back']);
const frozen = foretold('frozen', ['it stays'], ['ignore_bounce_errors_after = 0s']);
const ended = foretold('ended', ['the guard is asked']);
const installed: GuardFound = {
  state: 'installed',
  noticesBy: 'notice',
  noticeMode: 'enforce',
  onFailure: 'open',
  isAnswering: true,
  found: ['the guard answers at 127.0.0.1:9995'],
};
const plain: ServerCheck = {
  mta: 'exim',
  title: 'Exim 4.96',
  problem: null,
  isRunning: true,
  configuration: '/etc/exim4/exim4.conf',
  install: 'spillway install exim --apply',
  guard: noGuard,
  notices: { loopback: dropped, 'null-mx': dropped },
  unknown: { domains: [], left: 0, unlisted: [] },
};
const accepted = (domain: string, said: string) => ({
  domain,
  fate: 'accepted' as const,
  because: ['relay_domains has it'],
  said,
  cures: ['a line'],
  backend: '192.0.2.30',
});

const cases: readonly [name: string, check: Partial<ServerCheck>, want: readonly string[]][] = [
  ['nothing to do', {}, ['guard note', 'loopback well', 'null-mx well', 'unknown-recipient note']],
  [
    'frozen',
    { notices: { loopback: frozen, 'null-mx': dropped } },
    ['guard note', 'loopback trouble', 'null-mx well', 'unknown-recipient note'],
  ],
  [
    'on guard',
    { guard: installed, notices: { loopback: ended, 'null-mx': ended } },
    ['guard well', 'loopback well', 'null-mx well', 'unknown-recipient note'],
  ],
  [
    'the guard only watches',
    { guard: { ...installed, noticeMode: 'watch' } },
    ['guard note', 'loopback well', 'null-mx well', 'unknown-recipient note'],
  ],
  [
    'the guard is away',
    {
      guard: { ...installed, isAnswering: false },
      notices: { loopback: frozen, 'null-mx': frozen },
    },
    ['guard trouble', 'loopback trouble', 'null-mx trouble', 'unknown-recipient note'],
  ],
  [
    'changed by hand',
    { guard: { ...noGuard, state: 'faulty', found: ['line 3'] } },
    ['guard trouble', 'loopback well', 'null-mx well', 'unknown-recipient note'],
  ],
  ['its own programs fail', { problem: 'exim -bV ended with status 1' }, ['server trouble']],
];
for (const [name, check, want] of cases)
  test(`What is made of a server: ${name}`, () => {
    const found = findingsOf({ ...plain, ...check });
    assert.deepEqual(
      found.map(({ about, outcome }) => `${about} ${outcome}`),
      want,
    );
  });

test('Domains alike are one finding, and the text has the shortest cure first and nothing that a terminal obeys', () => {
  const domains = ['a', 'b', 'c', 'd'].map((name) =>
    accepted(`${name}.example`, '250 \x1b[2J <x@a.example>'),
  );
  const check = { ...plain, unknown: { domains, left: 3, unlisted: ['relay_domains: mysql:/x'] } };
  const lines = formatServer(check, findingsOf(check), {
    line: async () => undefined,
    style: (_style, text) => text,
  });
  assert.deepEqual(lines.slice(-8), [
    '!!  an unknown recipient at a.example, b.example, c.example and 1 more: taken, and a failure notice is written for each: the accident of 2006',
    '    relay_domains has it',
    '    at its door it says: 250 \\x1b[2J <x@a.example>',
    '    3 more domains were not asked about',
    '    cannot be listed: relay_domains: mysql:/x',
    '    do: spillway.toml: domains = [{ name = "a.example", deliver = "smtp:192.0.2.30", verify = "backend" }, { name = "b.example", deliver = "smtp:192.0.2.30", verify = "backend" }, { name = "c.example", deliver = "smtp:192.0.2.30", verify = "backend" }, ...]',
    '    and: spillway install exim --apply',
    '    or: a line',
  ]);
});
