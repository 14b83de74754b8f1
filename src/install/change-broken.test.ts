/**
 * Configurations as nobody should have them: cut, doubled, with odd line ends. Whatever they are, a change ends in a
 * report, leaves no other file behind, and what was put in is taken out to the byte.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { readParameters } from '../foreign/postfix/main-cf.ts';
import type { Ran, Root } from '../machine/root.ts';
import { eximChange } from './exim-change.ts';
import { smtpdChange } from './opensmtpd-change.ts';
import { postfixChange } from './postfix-change.ts';
import type { Report } from './report.ts';

type Act = 'show' | 'apply' | 'remove';

interface Server {
  readonly name: string;
  readonly file: string;
  readonly program: string;
  readonly text: string;
  readonly run: (command: readonly string[], input: string, text: string) => string;
  readonly act: (root: Root, act: Act) => Promise<Report>;
}

const aside = '/tmp/tmp.1\n';
const told = (values: Iterable<readonly [string, string]>) =>
  [...values].map(([name, value]) => `${name} = ${value}\n`).join('');

const servers: readonly Server[] = [
  {
    name: 'main.cf',
    file: '/etc/postfix/main.cf',
    program: '/usr/sbin/postconf',
    text: 'myhostname = mx.example\nsmtpd_milters =\n  inet:localhost:11332\n# end\nx = y\n',
    run(command, input, text) {
      if (command[0] === 'sh') return aside + told(readParameters(input));
      if (command.includes('-n')) return told(readParameters(text));
      if (command.includes('-P')) return '';
      return told([
        ['mail_version', '3.7.11'],
        ['config_directory', '/etc/postfix'],
        ['queue_directory', '/var/spool/postfix'],
        ['daemon_directory', '/usr/lib/postfix/sbin'],
      ]);
    },
    act: (root, act) => postfixChange[act]({ root, settings: {} }),
  },
  {
    name: 'smtpd.conf',
    file: '/etc/smtpd.conf',
    program: '/usr/sbin/smtpd',
    text: 'listen on all\nfilter "a" proc-exec "/a"\nlisten on lo port 26 filter a\naction "mx" relay\n',
    run: (command) => (command.includes('-h') ? 'version: OpenSMTPD 7.8.0\n' : aside),
    act: (root, act) =>
      smtpdChange[act]({ root, settings: {}, config: null, ownProgram: '/opt/bin/spillway' }),
  },
  {
    name: 'exim.conf',
    file: '/etc/exim.conf',
    program: '/usr/sbin/exim4',
    text: 'acl_smtp_mail = m\nacl_smtp_rcpt = r\nbegin acl\nm:\n  accept\nr:\n  accept\nbegin routers\nmx:\n  driver = dnslookup\n  .include /etc/exim.conf\n',
    run(command) {
      const asked = command.at(-1) ?? '';
      if (asked === '-bV') return 'Exim version 4.96 #2\n';
      if (asked === 'config_file') return '/etc/exim.conf\n';
      const name = { acl_smtp_mail: 'm', acl_smtp_rcpt: 'r' }[asked];
      return name === undefined ? '' : `${asked} = ${name}\n`;
    },
    act: (root, act) => eximChange[act]({ root, settings: {} }),
  },
];

function openMachine({ file, program, run }: Server) {
  const folder = temporaryFolder();
  const at = (path: string) => join(folder.path, path);
  for (const path of [file, program]) mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(program), '');
  const read = () => readFileSync(at(file), 'latin1');
  const root: Root = {
    folder: folder.path,
    run: async (_at, command, input = ''): Promise<Ran> => ({
      status: 0,
      stdout: run(command, input, read()),
      stderr: '',
    }),
  };
  return {
    root,
    read,
    write: (text: string) => writeFileSync(at(file), text, 'latin1'),
    names: () => readdirSync(dirname(at(file))).sort(),
    clear() {
      for (const name of readdirSync(dirname(at(file))))
        if (name.includes('spillway')) rmSync(join(dirname(at(file)), name));
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** One of many ways to spoil a text. */
function spoil(text: string): string {
  const lines = text.split('\n');
  const [a, b] = [randomInt(lines.length), randomInt(lines.length)].sort((one, two) => one - two);
  const within = lines.slice(a, b);
  const ways: readonly (() => string)[] = [
    () => text.slice(0, randomInt(text.length + 1)),
    () => text.slice(randomInt(text.length + 1)),
    () => text + text,
    () => text.replaceAll('\n', '\r\n'),
    () => lines.map((line) => (randomInt(2) ? line : `${line}\r`)).join('\n'),
    () => [...lines.slice(0, a), ...within, ...within, ...lines.slice(b)].join('\n'),
    () => [...lines.slice(0, a), ...lines.slice(b)].join('\n'),
    () => text.replaceAll('\n', ' \\\n'),
    () => text.replace(/\n*$/, ''),
    () => `${text}\u0000\xff\xa0${'x'.repeat(5_000)}`,
  ];
  return ways[randomInt(ways.length)]?.() ?? text;
}

for (const server of servers)
  test(`${server.name}, however it is spoiled`, async () => {
    using machine = openMachine(server);
    machine.write(server.text);
    await server.act(machine.root, 'apply');
    const guarded = machine.read();
    assert.notEqual(guarded, server.text);
    let changes = 0;
    for (let round = 0; round < 50; round++) {
      machine.clear();
      let text = spoil(round % 2 === 0 ? server.text : guarded);
      if (round % 3 === 0) text = spoil(text);
      machine.write(text);
      const names = machine.names();
      const of = () => JSON.stringify(text);
      await server.act(machine.root, 'show');
      assert.equal(machine.read(), text, of());
      assert.deepEqual(machine.names(), names, of());

      const bare = await server.act(machine.root, 'remove');
      const without = machine.read();
      assert.equal(bare.written, without !== text, of());
      const applied = await server.act(machine.root, 'apply');
      assert.equal(applied.written, machine.read() !== without, of());
      if (applied.written) {
        changes++;
        assert.equal((await server.act(machine.root, 'apply')).written, false, of());
        assert.equal((await server.act(machine.root, 'remove')).written, true, of());
      }
      assert.equal(machine.read(), without, of());
      assert.deepEqual(machine.names(), names, of());
    }
    assert.ok(changes > 5, `only ${changes} could be changed`);
  });
