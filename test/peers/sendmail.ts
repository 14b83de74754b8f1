/**
 * A real sendmail in a machine of its own, started and stopped by the test.
 */
import { readdir, writeFile } from 'node:fs/promises';
import { openMachine } from './machine.ts';
import { addresses } from './network.ts';
import {
  certificateFiles,
  largestMessage,
  type Peer,
  type PeerOptions,
  placeCertificate,
} from './peer.ts';
import { run } from './place.ts';
import { formatMc, type McOptions } from './sendmail-mc.ts';

export interface SendmailOptions extends PeerOptions {
  readonly mc?: McOptions;
}

export interface Sendmail extends Peer {
  /** Writes sendmail.mc and builds sendmail.cf from it. */
  configure(mc: McOptions): Promise<void>;
  /** Ends the daemon; deliveries under way end by themselves. */
  stop(): Promise<void>;
  /** `sendmail -q`: runs the queue once, in the background. */
  runQueue(): Promise<void>;
  /** Messages in its queue, those under delivery included. */
  queued(): Promise<number>;
  mailq(): Promise<string>;
  /** For the message of an assertion: its queue, and what it logged last. */
  story(): Promise<string>;
}

/**
 * Where double bounces and the rest of the postmaster's mail go. Sendmail writes this file itself;
 * Debian's mail.local would wait seconds for the lock of a mailbox under load.
 */
const postmasterBox = '/var/lib/postmaster.mbox';
const queueFolder = '/var/spool/mqueue';

/** Configured, and not started. */
export async function openSendmail(options: SendmailOptions): Promise<Sendmail> {
  await using stack = new AsyncDisposableStack();
  const machine = stack.use(await openMachine('sendmail', options));
  await placeCertificate(machine, options);
  const { place, path } = machine;
  const relay = Object.entries(options.relay ?? {});
  // A network is told by its first octets.
  const clients = (options.clients ?? []).map((network) => network.replace(/\.0\/24$|\/32$/, ''));
  const lines = (texts: readonly string[]) => texts.map((text) => `${text}\n`).join('');
  await writeFile(
    path('/etc/mail/mailertable'),
    lines(relay.map(([domain, host]) => `${domain}\tesmtp:[${host}]`)),
  );
  await writeFile(
    path('/etc/mail/relay-domains'),
    lines([...relay.map(([domain]) => domain), ...clients]),
  );
  await writeFile(path('/etc/mail/local-host-names'), `localhost\n${machine.hostName}\n`);
  await writeFile(
    path('/etc/mail/aliases'),
    `mailer-daemon: postmaster\npostmaster: ${postmasterBox}\n`,
  );
  // In the access map, To: of a whole domain is refused, and of the known in it allowed.
  const known = options.recipients
    ? [
        ...relay.map(([domain]) => `To:${domain}\tERROR:5.1.1:550 User unknown`),
        ...options.recipients.map((recipient) => `To:${recipient}\tRELAY`),
      ]
    : [];
  const prepare = `
cd /etc/mail
makemap hash mailertable < mailertable
# Debian refuses the documentation network, which is the whole world here.
sed -i '/^Connect:192.0.2/d' access
${known.map((line) => `echo '${line}' >> access\n`).join('')}makemap hash access < access
mkdir -p /var/run/sendmail/mta /var/run/sendmail/msp
chown smmta:smmsp /var/run/sendmail/mta
install -o mail -g mail -m 600 /dev/null ${postmasterBox}`;
  await run(place, ['sh', '-ec', prepare]);

  const more = featuresOf(options);
  const configure = async (mc: McOptions) => {
    const features = [...more, ...(mc.features ?? [])];
    const own = addresses[options.side === 'peer' ? 'peer' : 'server'];
    const text = formatMc({ address: own.v6, ...mc, features });
    await writeFile(path('/etc/mail/sendmail.mc'), text);
    await run(place, ['sh', '-ec', 'cd /etc/mail; m4 sendmail.mc > sendmail.cf']);
  };
  await configure(options.mc ?? {});
  await run(place, ['newaliases']);

  const mailq = () => run(place, ['mailq']);
  const kept = stack.move();
  return {
    title: 'sendmail',
    machine,
    configure,
    async start() {
      await machine.runCounted([
        'sh',
        '-c',
        '/usr/sbin/sendmail -L sm-mta -bd -q10m > /dev/null 2>&1',
      ]);
      await machine.listening(25);
    },
    async stop() {
      const script = `
pid=$(head -n 1 /var/run/sendmail/mta/sendmail.pid)
kill "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done`;
      await run(place, ['sh', '-ec', script]);
    },
    async runQueue() {
      await machine.runCounted(['sendmail', '-q']);
    },
    async queued() {
      const names = await readdir(path(queueFolder));
      return names.filter((name) => /^[qQh]f/.test(name)).length;
    },
    mailq,
    story: async () => [await mailq(), ...(await machine.log()).slice(-20)].join('\n'),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function featuresOf({ certificate, queueOnly, recipients }: SendmailOptions): string[] {
  return [
    `define(\`confMAX_MESSAGE_SIZE', \`${largestMessage}')dnl`,
    ...(recipients ? ["FEATURE(`blocklist_recipients')dnl"] : []),
    ...(queueOnly ? ["define(`confDELIVERY_MODE', `queueonly')dnl"] : []),
    ...(certificate
      ? [
          `define(\`confSERVER_CERT', \`${certificateFiles.cert}')dnl`,
          // Without these there is no STARTTLS at all.
          "define(`confCACERT_PATH', `/etc')dnl",
          `define(\`confCACERT', \`${certificateFiles.cert}')dnl`,
          `define(\`confSERVER_KEY', \`${certificateFiles.key}')dnl`,
        ]
      : []),
  ];
}
