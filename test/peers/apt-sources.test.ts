import assert from 'node:assert/strict';
import test from 'node:test';
import { formatSource, parseSourceLines, parseSourceParagraphs, sourcesOf } from './apt-sources.ts';

const lines = `
# deb http://old.example/debian stretch main
deb-src http://mirror.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] http://mirror.example/debian/ bookworm main contrib # ours
deb http://mirror.example/debian-security bookworm-security main
deb http://tools.example/apt stable tools
`;

const paragraphs = `
Types: deb deb-src
# the nearest one
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/a.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY8hVAhYJKwYBBAHaRw8BAQdA

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
`;

const wanted: readonly [name: string, found: string[], want: string[]][] = [
  [
    'one-line entries are read, comments and sources are passed over',
    sourcesOf('bookworm', parseSourceLines(lines)).map(formatSource),
    [
      'deb [signed-by=/usr/share/keyrings/a.gpg] http://mirror.example/debian bookworm main',
      'deb http://mirror.example/debian-security bookworm-security main',
    ],
  ],
  [
    'paragraphs are read, those switched off are not',
    sourcesOf('bookworm', parseSourceParagraphs(paragraphs)).map(formatSource),
    [
      'deb [signed-by=/usr/share/keyrings/a.gpg] http://mirror.example/debian bookworm main',
      'deb [signed-by=/usr/share/keyrings/a.gpg] http://mirror.example/debian bookworm-updates main',
      'deb http://mirror.example/debian-security bookworm-security main',
    ],
  ],
  [
    'the mirror of another release has this one too',
    sourcesOf('bookworm', parseSourceLines('deb http://mirror.example/debian trixie main')).map(
      formatSource,
    ),
    ['deb http://mirror.example/debian bookworm main'],
  ],
  [
    'a machine without Debian has none',
    sourcesOf('bookworm', parseSourceLines('deb http://mirror.example/ubuntu noble main')).map(
      formatSource,
    ),
    [],
  ],
];
for (const [name, found, want] of wanted) test(name, () => assert.deepEqual(found, want));
