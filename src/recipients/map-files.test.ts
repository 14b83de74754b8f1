import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { createDirectory } from './create-directory.ts';
import type { Directory } from './directory.ts';
import type { HostedDomain, MapKind } from './hosted-domain.ts';
import { MapReadError } from './map-files.ts';

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-maps-'));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function hosting(
  maps: HostedDomain['maps'],
  destination: HostedDomain['destination'] = { kind: 'maildir', folder: '/var/mail/{mailbox}' },
): HostedDomain {
  return {
    name: 'seaton.biz',
    mailboxes: ['ann'],
    aliases: [],
    catchAll: null,
    destination,
    maps,
    verify: 'none',
    cutThrough: false,
  };
}

/** `known bob@seaton.biz` */
async function tell(directory: Directory, path: string): Promise<string> {
  const { kind } = await directory.find(path);
  return kind === 'known' ? `known ${directory.expand(path).join(' ')}` : kind;
}

const aliases = `# comment
Postmaster: root
root:\\root,
	ann, "odd name"@elsewhere.example
"quoted, name": bob
news : ":include:/etc/news", ann
prog: "|/usr/bin/vacation, ann"
null: /dev/null
broken
bob:	bob
`;
const virtusertable = `info@seaton.biz\tann
error@seaton.biz\terror:nouser No such user
moved@seaton.biz\terror:5.1.6:550 Moved away
later@seaton.biz\terror:4.2.1:450 Come back
sales++@seaton.biz\tbob+%2@elsewhere.example
team+*@seaton.biz\tteam%3@elsewhere.example
nobody
@seaton.biz\t%1@elsewhere.example
@other.example\tann@seaton.biz
`;
const virtualAlias = `# a list
all@seaton.biz ann,
    bob@elsewhere.example carol@elsewhere.example
plain\tann
/^x/ ann
MÜLLER@seaton.biz ann
`;
const recipients = `bob@seaton.biz OK
carol@seaton.biz seaton.biz/carol/
@catch.example x
`;
const passwd = `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bob:x:1000:1000::/home/bob:/bin/sh
nobody:x:65534:65534::/:/usr/sbin/nologin
+::::::
torn
`;
const list = `bob@seaton.biz  # a note
carol
# dave
`;
const maps: readonly [MapKind, string, Record<string, string>, string[]][] = [
  [
    'aliases',
    aliases,
    {
      postmaster: 'known root@seaton.biz ann@seaton.biz "odd name"@elsewhere.example',
      '"quoted, name"': 'known bob@seaton.biz',
      news: 'known ann@seaton.biz news@seaton.biz',
      prog: 'known prog@seaton.biz',
      null: 'known null@seaton.biz',
      bob: 'known bob@seaton.biz',
      broken: 'unknown',
    },
    [
      'line 6: a program, a file or an included list, which only the destination can serve',
      'line 7: a program, a file or an included list, which only the destination can serve',
      'line 8: a program, a file or an included list, which only the destination can serve',
      'line 9: expected "name: address, ..."',
    ],
  ],
  [
    'virtusertable',
    virtusertable,
    {
      INFO: 'known ann@seaton.biz',
      error: 'unknown',
      moved: 'refused',
      later: 'uncertain',
      'sales+x': 'known bob+x@elsewhere.example',
      sales: 'known sales@elsewhere.example',
      team: 'known team@elsewhere.example',
      'team+a': 'known team+a@elsewhere.example',
      anybody: 'known anybody@elsewhere.example',
    },
    ['line 7: expected "user@domain address"'],
  ],
  [
    'virtual-alias',
    virtualAlias,
    {
      all: 'known ann@seaton.biz bob@elsewhere.example carol@elsewhere.example',
      'all+x': 'known ann@seaton.biz bob@elsewhere.example carol@elsewhere.example',
      plain: 'known ann@seaton.biz',
      müller: 'known ann@seaton.biz',
      other: 'unknown',
    },
    ['line 5: a pattern of a pcre or regexp table, which cannot be read here'],
  ],
  [
    'recipients',
    recipients,
    { Bob: 'known bob@seaton.biz', 'carol+x': 'known carol@seaton.biz', dave: 'unknown' },
    [],
  ],
  [
    'passwd',
    passwd,
    {
      root: 'known root@seaton.biz',
      bob: 'known bob@seaton.biz',
      daemon: 'unknown',
      nobody: 'unknown',
    },
    ['line 6: expected seven fields divided by colons'],
  ],
  [
    'list',
    list,
    { bob: 'known bob@seaton.biz', carol: 'known carol@seaton.biz', dave: 'unknown' },
    [],
  ],
];
for (const [kind, text, want, remarks] of maps)
  test(`a map of kind ${kind} tells who exists`, () =>
    withFolder(async (folder) => {
      const path = join(folder, kind);
      await writeFile(path, text);
      const warnings: string[] = [];
      const warn = (message: string) => warnings.push(message);
      const directory = createDirectory({ domains: [hosting([{ kind, path }])], warn });
      for (const [name, told] of Object.entries(want))
        assert.equal(await tell(directory, `${name}@seaton.biz`), told, name);
      assert.deepEqual(
        warnings,
        remarks.map((remark) => `${path}, ${remark}`),
      );
    }));

test('a map that was read off a server behind us only says who exists', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'virtusertable');
    await writeFile(path, virtusertable);
    const behind = { kind: 'smtp', endpoint: { host: '192.0.2.25', port: 25 } } as const;
    const source = { kind: 'virtusertable', path } as const;
    const asked = createDirectory({ domains: [hosting([source], behind)] });
    assert.equal(await tell(asked, 'info+a@seaton.biz'), 'known info+a@seaton.biz');
    assert.equal(await tell(asked, 'error@seaton.biz'), 'unknown');
    const told = createDirectory({ domains: [hosting([{ ...source, expand: true }], behind)] });
    assert.equal(await tell(told, 'info@seaton.biz'), 'known ann@seaton.biz');
  }));

test('a map that cannot be read at the start is an error', () =>
  withFolder(async (folder) => {
    const missing = join(folder, 'missing');
    const database = join(folder, 'aliases.db');
    await writeFile(database, Buffer.from([0, 6, 0x15, 0x61, 0, 0]));
    for (const [path, problem] of [
      [missing, 'ENOENT'],
      [database, 'line 1: this is no text'],
      [folder, 'EISDIR'],
    ] as const)
      assert.throws(
        () => createDirectory({ domains: [hosting([{ kind: 'aliases', path }])] }),
        (error) => error instanceof MapReadError && error.message.includes(problem),
        path,
      );
  }));

test('a map that changes is read again, once it rests, and what it held is kept when it breaks', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'list');
    const warnings: string[] = [];
    let clock = Date.now() + 10_000;
    await writeFile(path, 'bob\n');
    const directory = createDirectory({
      domains: [hosting([{ kind: 'list', path }])],
      now: () => clock,
      warn: (message) => warnings.push(message),
    });
    const ask = () =>
      Promise.all(
        ['bob', 'carol'].map(async (name) => (await directory.find(`${name}@seaton.biz`)).kind),
      );
    assert.deepEqual(await ask(), ['known', 'unknown']);

    await writeFile(`${path}.new`, 'carol\n');
    await rename(`${path}.new`, path);
    assert.deepEqual(await ask(), ['known', 'unknown'], 'looked at within this second');
    clock += 1000;
    assert.equal((await directory.find('carol@seaton.biz')).kind, 'known');
    assert.deepEqual(await ask(), ['unknown', 'known']);

    clock += 1000;
    await writeFile(path, 'bob\n');
    await utimes(path, new Date(clock), new Date(clock));
    assert.deepEqual(await ask(), ['unknown', 'known'], 'it was written just now');
    clock += 1000;
    assert.equal((await directory.find('bob@seaton.biz')).kind, 'known');

    clock += 1000;
    await writeFile(path, 'dave\0\n');
    await utimes(path, new Date(0), new Date(0));
    await directory.find('carol@seaton.biz');
    assert.deepEqual(await ask(), ['known', 'unknown']);
    for (let again = 0; again < 2; again++) {
      clock += 1000;
      await rm(path, { force: true });
      await directory.find('carol@seaton.biz');
    }
    assert.deepEqual(await ask(), ['known', 'unknown']);
    assert.deepEqual(
      warnings.map((warning) => warning.replace(/.*: (line|ENOENT)/, '$1').replace(/,.*/s, '')),
      ['line 1: this is no text', 'ENOENT: no such file or directory'],
    );
  }));
