import assert from 'node:assert/strict';
import test from 'node:test';
import { createDirectory } from './create-directory.ts';
import type { Directory } from './directory.ts';
import type { HostedDomain } from './hosted-domain.ts';

const seaton: HostedDomain = {
  name: 'seaton.biz',
  mailboxes: ['Ann', 'bob', 'zoë', 'vera', 'walt', 'odd name'],
  aliases: [
    { from: 'news', to: ['ann', 'bob', 'ANN@Seaton.biz'] },
    { from: 'all', to: ['news', 'staff@backend.example', 'friend@elsewhere.example'] },
    { from: 'bob', to: ['bob', 'bob@elsewhere.example'] },
    { from: 'ring', to: ['gnir'] },
    { from: 'gnir', to: ['ring'] },
    { from: 'vera', to: ['walt'] },
    { from: 'walt', to: ['vera'] },
    { from: 'carol+vip', to: ['bob@elsewhere.example'] },
    { from: 'away', to: ['ann+away'] },
  ],
  catchAll: null,
  destination: { kind: 'maildir', folder: '/var/mail/{domain}/{mailbox}' },
  maps: [],
  verify: 'none',
  cutThrough: false,
};
const backend: HostedDomain = {
  ...seaton,
  name: 'backend.example',
  mailboxes: [],
  aliases: [{ from: 'staff', to: ['ann', 'ops'] }],
  catchAll: '*',
  destination: { kind: 'smtp', endpoint: { host: '192.0.2.25', port: 25 } },
};
const international: HostedDomain = {
  ...seaton,
  name: 'xn--mnchen-3ya.example',
  mailboxes: ['wirt'],
  aliases: [{ from: 'postmaster', to: ['host@seaton.biz'] }],
  catchAll: 'wirt',
};
const directory = createDirectory({ domains: [seaton, backend, international] });

/** `known`, `unknown`, ... */
function tell(who: Directory, path: string): string {
  const facts = who.find(path);
  return facts instanceof Promise ? 'later' : facts.kind;
}

const paths: readonly [path: string, facts: string, expanded: string][] = [
  ['ann@seaton.biz', 'known', 'Ann@seaton.biz'],
  ['ANN@SEATON.BIZ.', 'known', 'Ann@seaton.biz'],
  ['"ann"@seaton.biz', 'known', 'Ann@seaton.biz'],
  ['"odd\\ name"@seaton.biz', 'known', '"odd name"@seaton.biz'],
  ['<@relay.example:ann@seaton.biz>', 'known', 'Ann@seaton.biz'],
  ['""@backend.example', 'unknown', '""@backend.example'],
  ['ann+news@seaton.biz', 'known', 'Ann@seaton.biz'],
  ['+news@seaton.biz', 'unknown', '+news@seaton.biz'],
  ['carol@seaton.biz', 'unknown', 'carol@seaton.biz'],
  ['carol+vip@seaton.biz', 'known', 'bob@elsewhere.example'],
  ['carol+other@seaton.biz', 'unknown', 'carol@seaton.biz'],
  ['zoe\u0308@seaton.biz', 'known', 'zoë@seaton.biz'],
  ['ZOË@seaton.biz', 'known', 'zoë@seaton.biz'],
  ['news@seaton.biz', 'known', 'Ann@seaton.biz bob@seaton.biz bob@elsewhere.example'],
  [
    'all@seaton.biz',
    'known',
    'Ann@seaton.biz bob@seaton.biz bob@elsewhere.example ann@backend.example ops@backend.example friend@elsewhere.example',
  ],
  ['ring@seaton.biz', 'known', 'ring@seaton.biz'],
  ['vera@seaton.biz', 'known', 'vera@seaton.biz'],
  ['away@seaton.biz', 'known', 'Ann@seaton.biz'],
  ['postmaster', 'known', 'Ann@seaton.biz'],
  ['<PostMaster>', 'known', 'Ann@seaton.biz'],
  ['postmaster@seaton.biz', 'known', 'Ann@seaton.biz'],
  ['abuse@seaton.biz', 'known', 'Ann@seaton.biz'],
  ['abuse@xn--mnchen-3ya.example', 'known', 'host@seaton.biz'],
  ['postmaster@backend.example', 'known', 'postmaster@backend.example'],
  ['Anyone+x@backend.example', 'known', 'Anyone+x@backend.example'],
  ['anyone@münchen.example', 'known', 'wirt@xn--mnchen-3ya.example'],
  ['WIRT@MÜNCHEN.EXAMPLE', 'known', 'wirt@xn--mnchen-3ya.example'],
  ['ann@elsewhere.example', 'foreign', 'ann@elsewhere.example'],
  ['ann%elsewhere.example@seaton.biz', 'unknown', 'ann%elsewhere.example@seaton.biz'],
  ['ann', 'foreign', 'ann'],
  ['', 'unknown', ''],
  ['ann@', 'unknown', 'ann@'],
  ['@seaton.biz', 'unknown', '@seaton.biz'],
];
for (const [path, facts, expanded] of paths)
  test(`'${path}' is ${facts} and stands for '${expanded}'`, () => {
    assert.equal(tell(directory, path), facts);
    assert.equal(directory.expand(path).join(' '), expanded);
  });

test('where there are no details, ann+news is another name', () => {
  const strict = createDirectory({ domains: [seaton], separator: null });
  assert.equal(tell(strict, 'ann+news@seaton.biz'), 'unknown');
  assert.equal(tell(strict, 'carol+vip@seaton.biz'), 'known');
});

test('a domain of ours has a destination, another one has none', () => {
  assert.deepEqual(directory.destinationOf('backend.example'), backend.destination);
  assert.equal(directory.destinationOf('elsewhere.example'), null);
});

test('aliases that fan out at every step end soon', () => {
  const aliases = Array.from({ length: 40 }, (_, i) => ({
    from: `a${i}`,
    to: [`a${i + 1}`, `b${i + 1}`, `a${i + 2}`],
  }));
  const wide = createDirectory({ domains: [{ ...seaton, aliases }] });
  assert.ok(wide.expand('a0@seaton.biz').length > 20);
});
