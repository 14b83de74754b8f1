import assert from 'node:assert/strict';
import test from 'node:test';
import { ConfigError, parseConfig } from './read.ts';

const read = (text: string) => parseConfig(Buffer.from(text), 'x.toml');
const ann = 'mailboxes = ["ann"]\n';
const domain = (name: string, rest = ann) => `[[domains]]\nname = "${name}"\n${rest}`;
const hash = `scrypt$32768$8$1$${Buffer.alloc(16).toString('base64')}$${Buffer.alloc(32).toString('base64')}`;
const login = `[[logins]]\nname = "ann"\npassword = "${hash}"\n`;
const tls = '[smtp.tls]\ncertificate = "/c.pem"\nkey = "/k.pem"\n';

const refused: readonly [name: string, text: string, want: RegExp][] = [
  [
    'a webhook that is none',
    '[alerts]\nwebhook = "ftp://x"\n',
    /^x\.toml:2: alerts\.webhook: expected "https:\/\/\.\.\." or "http:\/\/\.\.\.", found "ftp:\/\/x"$/,
  ],
  [
    'a webhook with a password',
    '[alerts]\nwebhook = "https://u:p@x.example/"\n',
    /alerts\.webhook: expected a URL without a name and password/,
  ],
  [
    'alerts to no address',
    '[alerts]\nmail = "nobody"\n',
    /alerts\.mail: expected an address, such/,
  ],
  [
    'a domain twice, in two spellings',
    domain('a.example') + domain('A.Example.'),
    /^x\.toml:5: domains\[1\]\.name: expected each domain only once, found "a\.example"$/,
  ],
  [
    'a domain without anybody',
    domain('a.example', ''),
    /:2: domains\[0\]\.name: expected mailboxes/,
  ],
  [
    'an alias to nobody',
    domain('a.example', `${ann}[domains.aliases]\ninfo = ["ann", "bob"]\n`),
    /:5: domains\[0\]\.aliases\.info: expected a mailbox or an alias that there is, found "bob"$/,
  ],
  [
    'an alias to nobody at another domain of ours',
    domain('a.example', `${ann}aliases.info = "bob@b.example"\n`) + domain('b.example'),
    /domains\[0\]\.aliases\.info: .* found "bob@b\.example"$/,
  ],
  [
    'a mailbox of another domain',
    domain('a.example', 'mailboxes = ["ann@b.example"]\n'),
    /domains\[0\]\.mailboxes: expected a name without a domain, or one of a\.example/,
  ],
  [
    'a catch-all to nobody',
    domain('a.example', `${ann}catchAll = "bob"\n`),
    /domains\[0\]\.catchAll: expected a mailbox/,
  ],
  [
    'a Maildir that is to be asked',
    domain('a.example', `${ann}verify = "backend"\n`),
    /domains\[0\]\.verify: expected deliver with a server to ask/,
  ],
  [
    'a Maildir that is to be cut through to',
    domain('a.example', `${ann}cutThrough = true\n`),
    /domains\[0\]\.cutThrough: expected deliver with a server behind/,
  ],
  [
    'a backend that is ourselves',
    domain('a.example', 'deliver = "smtp:localhost:2525"\n'),
    /domains\[0\]\.deliver: expected another server: mail would come back to us at 127\.0\.0\.1:2525/,
  ],
  [
    'a guard that would ask the server that is guarded',
    `[smtp]\nlisten = []\n${domain('a.example', 'deliver = "smtp:localhost"\n')}`,
    /domains\[0\]\.deliver: expected the server behind, or maps: the server that is guarded/,
  ],
  [
    'the same by its address before a NAT',
    `[smtp]\nlisten = []\n[verdict]\nownAddresses = ["192.0.2.10"]\n${domain('a.example', `${ann}deliver = "smtp:192.0.2.10:25"\nverify = "backend"\n`)}`,
    /domains\[0\]\.deliver: expected the server behind, or maps/,
  ],
  [
    'a backend that is ourselves on every address',
    `[smtp]\nlisten = ["[::]:25"]\n${domain('a.example', 'deliver = "smtp:127.0.0.3"\n')}`,
    /domains\[0\]\.deliver: expected another server/,
  ],
  [
    'a backend that is our own socket',
    `[smtp]\nlmtp = ["unix:/run/lmtp"]\n${domain('a.example', 'deliver = "lmtp:/run/lmtp"\n')}`,
    /domains\[0\]\.deliver: expected another server/,
  ],
  [
    'a smarthost that is ourselves',
    '[relay]\nsmarthost = "smtp:127.0.0.1:2525"\n',
    /relay\.smarthost: expected another server/,
  ],
  [
    'a login twice',
    login + login,
    /logins\[1\]\.name: expected each login only once, found "ann"$/,
  ],
  [
    'a password as it is',
    '[[logins]]\nname = "ann"\npassword = "sesame"\n',
    /:3: logins\[0\]\.password: expected a line that "spillway password" has printed/,
  ],
  [
    'a password without a user',
    '[relay]\nsmarthost = "smtp:relay.example"\npassword = "sesame"\n',
    /^x\.toml:3: relay\.password: expected a user beside it, found "\(not shown\)"$/,
  ],
  [
    'a certificate without its key',
    '[smtp.tls]\ncertificate = "/c.pem"\n',
    /smtp\.tls\.certificate: expected its key beside it/,
  ],
  [
    'encryption without a certificate',
    '[smtp]\nlistenTls = ["127.0.0.1:465"]\n',
    /smtp\.listenTls: expected a certificate in \[smtp\.tls\]/,
  ],
  [
    'a submission that nobody can use',
    `[smtp]\nsubmission = ["127.0.0.1:587"]\n${tls}`,
    /smtp\.submission: expected \[\[logins\]\], as nobody could log in otherwise/,
  ],
  [
    'an endpoint twice',
    '[smtp]\nlisten = ["127.0.0.1:25"]\n[guard]\nmilter = ["127.0.0.1:25"]\n',
    /guard: expected each endpoint only once, found "127\.0\.0\.1:25"$/,
  ],
  ['a group without a user', '[process]\ngroup = "mail"\n', /process\.group: expected a user/],
  ['a size without a meaning', '[smtp]\nmaxMessage = "50 XB"\n', /expected a size from "64 KB"/],
  [
    'a map of no known kind',
    domain('a.example', 'maps = ["dbm:/etc/aliases"]\n'),
    /domains\[0\]\.maps\[0\]: expected "KIND:\/PATH" with one of the kinds aliases,/,
  ],
];
for (const [name, text, want] of refused)
  test(`${name} is told with file, line and what was expected`, () => {
    assert.throws(
      () => read(text),
      (error) => error instanceof ConfigError && want.test(error.message),
    );
  });

const accepted: readonly [name: string, text: string][] = [
  ['a gateway that asks the server behind', domain('a.example', 'deliver = "smtp:10.0.0.5"\n')],
  [
    'a backend at another address of this machine',
    domain('a.example', 'deliver = "smtp:127.0.0.2:2525"\n'),
  ],
  ['an alias to its own detail', domain('a.example', `${ann}aliases.news = "ann+news"\n`)],
  ['an alias to who always exists', domain('a.example', `${ann}aliases.help = "postmaster"\n`)],
  ['an alias to elsewhere', domain('a.example', `${ann}aliases.bob = "bob@else.example"\n`)],
  ['submission with logins', `[smtp]\nsubmission = ["127.0.0.1:587"]\n${tls}${login}`],
  ['free ports twice', '[guard]\nmilter = ["127.0.0.1:0"]\nsocketmap = ["127.0.0.1:0"]\n'],
];
for (const [name, text] of accepted)
  test(`${name} is accepted`, () => {
    assert.doesNotThrow(() => read(text));
  });
