/**
 * A real Postfix in a machine of its own, started and stopped by the test.
 */
import { writeFile } from 'node:fs/promises';
import { type Machine, openMachine } from './machine.ts';
import {
  certificateFiles,
  largestMessage,
  type Peer,
  type PeerOptions,
  placeCertificate,
} from './peer.ts';
import { run } from './place.ts';

export interface PostfixOptions extends PeerOptions {
  /** For main.cf, above the plain defaults below. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface QueuedMessage {
  readonly queue: string;
  readonly id: string;
  readonly sender: string;
  readonly recipients: readonly string[];
}

export interface Postfix extends Peer {
  /** Changes settings of main.cf; a running Postfix obeys them at once. */
  configure(settings: Readonly<Record<string, string>>): Promise<void>;
  queue(): Promise<QueuedMessage[]>;
}

/** What Postfix's log has that an admin would worry about. */
export async function worriesOf({ log }: Machine): Promise<string[]> {
  return (await log()).filter(
    (line) => /: (warning|error|fatal|panic): /.test(line) && !aboutClocks.test(line),
  );
}

/** The clock of a virtual machine may be set back beneath it, by a second or so. */
const aboutClocks =
  /file system clock is \d+ seconds ahead of local clock|resetting file time stamps/;

/** Configured, and not started. */
export async function openPostfix(options: PostfixOptions): Promise<Postfix> {
  await using stack = new AsyncDisposableStack();
  const machine = stack.use(await openMachine('postfix', options));
  await placeCertificate(machine, options);
  const { place, path } = machine;
  const relay = Object.entries(options.relay ?? {});
  let settings: Readonly<Record<string, string>> = {
    compatibility_level: '3.6',
    myhostname: machine.hostName,
    mydestination: '$myhostname, localhost',
    mynetworks: ['127.0.0.0/8', '[::1]/128', ...(options.clients ?? [])].join(', '),
    inet_protocols: 'all',
    alias_maps: '',
    alias_database: '',
    smtpd_recipient_restrictions: '',
    relay_domains: relay.map(([domain]) => domain).join(', '),
    transport_maps: `inline:{ ${relay.map(([domain, host]) => `{ ${domain} = smtp:[${host}] }`).join(' ')} }`,
    // A tester in a hurry looks like a spammer to these.
    smtpd_error_sleep_time: '0',
    smtpd_client_connection_rate_limit: '0',
    smtpd_client_connection_count_limit: '0',
    message_size_limit: String(largestMessage),
    // Its local agent refuses to start where this is the smaller one.
    mailbox_size_limit: '0',
    ...(options.recipients
      ? {
          relay_recipient_maps: `inline:{ ${options.recipients.map((one) => `{ ${one} = yes }`).join(' ')} }`,
        }
      : {}),
    ...(options.certificate
      ? {
          smtpd_tls_security_level: 'may',
          smtpd_tls_cert_file: certificateFiles.cert,
          smtpd_tls_key_file: certificateFiles.key,
          smtp_tls_security_level: 'may',
        }
      : {}),
    // Straight into the folder that nobody looks at.
    ...(options.queueOnly ? { smtpd_client_restrictions: 'static:HOLD' } : {}),
    ...options.settings,
  };
  let isRunning = false;
  const configure = async (more: Readonly<Record<string, string>>) => {
    settings = { ...settings, ...more };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}\n`);
    await writeFile(path('/etc/postfix/main.cf'), lines.join(''));
    if (isRunning) await run(place, ['postfix', 'reload']);
  };
  await configure({});
  // Its daemons would need copies of resolv.conf and hosts in a chroot of their own.
  await run(place, ['postconf', '-F', '*/*/chroot = n']);

  const queue = async () => {
    const text = await run(place, ['postqueue', '-j']);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map(readQueued);
  };
  const kept = stack.move();
  return {
    title: 'Postfix',
    machine,
    configure,
    async start() {
      await machine.runCounted(['sh', '-c', 'postfix start > /dev/null 2>&1']);
      await machine.listening(25);
      isRunning = true;
    },
    async stop() {
      await run(place, ['postfix', 'stop']);
      isRunning = false;
    },
    queue,
    async queued() {
      const folders = ['incoming', 'active', 'deferred', 'hold'];
      const find = ['find', ...folders.map((folder) => `/var/spool/postfix/${folder}`)];
      const files = await run(place, ['sh', '-c', `${find.join(' ')} -type f | wc -l`]);
      return Number(files);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function readQueued(line: string): QueuedMessage {
  const entry: {
    queue_name: string;
    queue_id: string;
    sender: string;
    recipients: { address: string }[];
  } = JSON.parse(line);
  return {
    queue: entry.queue_name,
    id: entry.queue_id,
    sender: entry.sender,
    recipients: entry.recipients.map(({ address }) => address),
  };
}
