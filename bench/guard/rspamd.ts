/**
 * rspamd in the guard's place: its milter, one process that scans itself, and of its modules the MX
 * check alone, which keeps what it found in Redis and does not run without.
 *
 * One file takes the place of Debian's configuration, so that nothing else is loaded: no rules, no log
 * line about a message that passes, a Redis that writes no file. It is as fast as it can be.
 */
import { writeFile } from 'node:fs/promises';
import type { Machine } from '../../test/peers/machine.ts';
import { addresses } from '../../test/peers/network.ts';
import { run } from '../../test/peers/place.ts';
import { startProgram } from '../../test/peers/process.ts';
import type { Companion } from './variant.ts';

const port = 11_332;
const configFile = '/etc/rspamd/alone.conf';
const luaFile = '/etc/rspamd/alone.lua';

const config = `
options {
  filters = "";
  pidfile = "/run/rspamd/rspamd.pid";
  tempdir = "/tmp";
  url_tld = "/usr/share/rspamd/effective_tld_names.dat";
  hs_cache_dir = "/var/lib/rspamd";
  dns { nameserver = ["${addresses.dns.v4}"]; timeout = 1s; retransmits = 5; }
}
logging { type = "console"; level = "notice"; }
.include "/etc/rspamd/actions.conf"
lua = "${luaFile}";
modules { path = "/usr/share/rspamd/plugins/mx_check.lua"; }
mx_check { servers = "127.0.0.1"; }
worker "rspamd_proxy" {
  bind_socket = "127.0.0.1:${port}";
  milter = yes;
  timeout = 120s;
  upstream "local" { default = yes; self_scan = yes; }
  count = 1;
}
`;

/** Resolves when it listens. */
export async function startRspamd({ place, path, listening }: Machine): Promise<Companion> {
  await using stack = new AsyncDisposableStack();
  await writeFile(path(configFile), config);
  // What the modules take for granted.
  await writeFile(path(luaFile), 'require "global_functions" ()\n');
  await run(place, ['install', '-d', '-o', '_rspamd', '/run/rspamd']);
  const redis = ['redis-server', '--save', '', '--appendonly', 'no'];
  stack.use(await startProgram(place, redis, /Ready to accept connections/));
  const rspamd = ['rspamd', '-f', '-u', '_rspamd', '-g', '_rspamd', '-c', configFile];
  stack.use(await startProgram(place, rspamd, /is loading configuration/));
  await listening(port);
  const kept = stack.move();
  return { [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** What its manual says, for Postfix... */
export async function postfixAsksRspamd({ place }: Machine): Promise<void> {
  const settings = {
    smtpd_milters: `inet:127.0.0.1:${port}`,
    milter_default_action: 'accept',
    milter_protocol: '6',
    milter_mail_macros:
      'i {mail_addr} {client_addr} {client_name} {auth_authen} {auth_type} {auth_author}',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  await run(place, ['postconf', ...lines]);
}

/** ...and for sendmail. */
export async function sendmailAsksRspamd({ place }: Machine): Promise<void> {
  const filter = `INPUT_MAIL_FILTER(\`rspamd', \`S=inet:${port}@127.0.0.1, F=T')dnl`;
  const script = `
cd /etc/mail
awk -v filter="$0" '/^MAILER_DEFINITIONS/ { print filter } { print }' sendmail.mc > new.mc
mv new.mc sendmail.mc
m4 sendmail.mc > sendmail.cf`;
  await run(place, ['sh', '-ec', script, filter]);
}
