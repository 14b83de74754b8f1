import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readSmtpdConfig } from './config.ts';
import { routeOfAddress } from './config-route.ts';

const files: Readonly<Record<string, string>> = {
  '/etc/relays': '# ours\nsmtp://smart.example\n',
  '/etc/domains': 'hosted.example\n*.hosted.example\n',
  '/etc/more.conf': 'match for domain "included.example" action "smart"\n',
};
const fileOf = (path: string) => files[path] ?? null;
const localNames = new Set(['localhost', 'mx.host.example']);

const actions = `
table relays file:/etc/relays
table domains "/etc/domains"
table inline { "one.example", "two.example" = "x" }
table database db:/etc/domains.db
action "mx" relay
action smart relay host "smtps://label@smart.example:465" auth <secrets>
action "table" relay host <relays>
action "by-domain" relay domain <relays>
action "backup" relay backup
action "box" maildir "~/Maildir" alias <aliases>
action "lmtp" lmtp "/run/lmtp" rcpt-to
`;

const routes: readonly [name: string, rules: string, address: string, want: string | null][] = [
  ['nothing is said', '', 'a@b.example', null],
  ['MX for all', 'match from any for any action "mx"', 'a@b.example', 'b.example'],
  ['a smarthost for all', 'match from any for any action smart', 'a@b.example', 'smart.example'],
  ['local mailboxes', 'match for local action "box"', 'a@localhost', 'mda'],
  ['an address literal may be local', 'match for local action "box"', 'a@[192.0.2.1]', 'mda'],
  ['other domains are not local', 'match for local action "box"', 'a@b.example', null],
  ['no for is for local', 'match action "box"', 'a@mx.host.example', 'mda'],
  ['a domain by name', 'match from any for domain "B.example" action "lmtp"', 'a@b.EXAMPLE', 'mda'],
  ['a domain by pattern', 'match for domain "*.example" action "lmtp"', 'a@b.c.example', 'mda'],
  ['a table in a file', 'match for domain <domains> action "lmtp"', 'a@x.hosted.example', 'mda'],
  ['not in it', 'match for domain <domains> action "lmtp"', 'a@hosted2.example', null],
  ['a table in place', 'match for domain <inline> action "lmtp"', 'a@two.example', 'mda'],
  ['keys only', 'match for domain <inline> action "lmtp"', 'a@x', null],
  ['a list', 'match for domain { x.example, "b.example" } action "lmtp"', 'a@b.example', 'mda'],
  [
    'who knows what is in a database',
    'match for domain <database> action smart',
    'a@b.example',
    'smart.example',
  ],
  [
    'nor what a pattern means',
    'match for domain regex "b" action smart',
    'a@b.example',
    'smart.example',
  ],
  ['all but one', 'match from any !for domain "b.example" action smart', 'a@b.example', null],
  [
    'all but one, another',
    'match from any !for domain "b.example" action smart',
    'a@c.example',
    'smart.example',
  ],
  [
    'the first that matches',
    'match from any for any action "mx"\nmatch from any for any action smart',
    'a@b.example',
    'b.example',
  ],
  [
    'one that only may match does not end it',
    'match auth from any for any action "mx"\nmatch for any action smart',
    'a@b.example',
    'smart.example',
  ],
  ['a relay in a table', 'match from any for any action "table"', 'a@b.example', 'smart.example'],
  ['relays by domain', 'match from any for any action "by-domain"', 'a@b.example', 'relays'],
  ['a backup asks the MX', 'match from any for any action "backup"', 'a@b.example', 'b.example'],
  ['an odd address', 'match from any for any action "mx"', 'a@@b.example', null],
  ['an address without a domain', 'match from any for any action "mx"', '$(touch x)', null],
  ['rejected', 'match from any for domain "b.example" reject', 'a@b.example', null],
  ['a macro', 'd = "b.example"\nmatch from any for domain $d action "lmtp"', 'a@b.example', 'mda'],
  [
    'a line goes on',
    'match from any \\\n  for any \\\n  action smart # why',
    'a@b.example',
    'smart.example',
  ],
  ['an included file', 'include "/etc/more.conf"', 'a@included.example', 'smart.example'],
];

for (const [name, rules, address, want] of routes)
  test(name, () => {
    const config = readSmtpdConfig(`${actions}${rules}\n`, fileOf);
    assert.ok(config);
    const hop = routeOfAddress(address, config, localNames);
    assert.equal(hop && (hop.mailer === 'mda' ? 'mda' : hop.host), want);
  });

const notUnderstood: readonly [name: string, text: string][] = [
  ['a macro that is not there', 'match for domain $d action "mx"'],
  ['a file that is not there', 'include "/etc/none.conf"'],
  ['a quote left open', 'action "mx relay'],
];
for (const [name, text] of notUnderstood)
  test(`${name} is no configuration`, () => assert.equal(readSmtpdConfig(text, fileOf), null));

test('files that include each other come to an end', () => {
  assert.equal(
    readSmtpdConfig('include "/a"', () => 'include "/a"\ninclude "/a"'),
    null,
  );
});

test('any text is a configuration or none', () => {
  const word = fc.constantFrom(
    ...['match', 'action', 'table', '"x"', 'relay', 'host', '<', '>', '{', '}', ',', '=', '!'],
    ...['for', 'from', 'any', 'local', 'domain', '\n', '\\\n', '$x', '#', '"', 'include', ' '],
  );
  const text = fc.array(word).map((words) => words.join(' '));
  fc.assert(
    fc.property(fc.oneof(fc.string(), text), (source) => {
      const config = readSmtpdConfig(source, () => null);
      if (config) routeOfAddress('a@b.example', config, localNames);
    }),
    { numRuns: 2000 },
  );
});
