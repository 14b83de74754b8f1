/**
 * A real Dovecot in a machine of its own, as the server behind an MX: mailboxes, reached by LMTP.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { type Machine, type MachineOptions, openMachine } from './machine.ts';
import { run } from './place.ts';

export interface DovecotOptions extends MachineOptions {
  /** Whole addresses. */
  readonly mailboxes: readonly string[];
  /** Octets of the largest mailbox; what does not fit is refused after its content. */
  readonly quota: number;
}

export interface Dovecot extends AsyncDisposable {
  readonly machine: Machine;
  /** Resolves when it listens on port 24. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The messages in a mailbox. */
  messages(mailbox: string): Promise<string[]>;
}

/** Configured, and not started. */
export async function openDovecot(options: DovecotOptions): Promise<Dovecot> {
  await using stack = new AsyncDisposableStack();
  const machine = stack.use(await openMachine('dovecot', options));
  const { place, path } = machine;
  const lines = options.mailboxes.map(
    (mailbox) => `${mailbox}:{PLAIN}secret:8:8::/var/vmail/${mailbox}::\n`,
  );
  await writeFile(path('/etc/dovecot/users'), lines.join(''));
  await writeFile(path('/etc/dovecot/dovecot.conf'), formatConfig(options));
  await run(place, ['install', '-d', '-o', 'mail', '-g', 'mail', '/var/vmail']);

  const kept = stack.move();
  return {
    machine,
    async start() {
      await machine.runCounted(['sh', '-c', 'dovecot > /var/log/start.log 2>&1']);
      await machine.listening(24);
    },
    async stop() {
      await run(place, ['doveadm', 'stop']);
    },
    async messages(mailbox) {
      const folder = path(`/var/vmail/${mailbox}/new`);
      const names = await readdir(folder).catch(() => []);
      return await Promise.all(names.map((name) => readFile(`${folder}/${name}`, 'latin1')));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function formatConfig({ hostName = 'mail.host.example', quota }: DovecotOptions): string {
  return `
protocols = lmtp
hostname = ${hostName}
ssl = no
log_path = /var/log/dovecot.log
first_valid_uid = 8
mail_location = maildir:~
mail_plugins = quota
userdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
passdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
service lmtp {
  inet_listener lmtp {
    address = 0.0.0.0
    port = 24
  }
}
protocol lmtp {
  mail_plugins = quota
  postmaster_address = postmaster@${hostName}
}
plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:bytes=${quota}
}
`;
}
