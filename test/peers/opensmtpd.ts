/**
 * A real OpenSMTPD in a machine of its own.
 */
import { writeFile } from 'node:fs/promises';
import { openMachine } from './machine.ts';
import {
  certificateFiles,
  largestMessage,
  type Peer,
  type PeerOptions,
  placeCertificate,
} from './peer.ts';
import { run } from './place.ts';

export interface OpensmtpdOptions extends PeerOptions {
  /** For smtpd.conf, above everything else. */
  readonly lines?: readonly string[];
  /** Of the listener of port 25. */
  readonly listenOptions?: string;
}

/** It goes through a connection with many refusals to its end, and connects anew without a rest. */
export const inHurry =
  'mta limit max-failures-per-session 1000000 conn-delay-route 0 conn-delay-relay 0';

/** Configured, and not started. */
export async function openOpensmtpd(options: OpensmtpdOptions): Promise<Peer> {
  await using stack = new AsyncDisposableStack();
  const machine = stack.use(await openMachine('opensmtpd', options));
  await placeCertificate(machine, options);
  const { place, path } = machine;
  await writeFile(path('/etc/smtpd.conf'), formatConfig(machine.hostName, options));
  const known = (options.recipients ?? []).map((recipient) => `${recipient}\n`);
  await writeFile(path('/etc/recipients'), known.join(''));
  // It makes its spool if there is none, and else looks at the mode.
  await run(place, ['sh', '-ec', 'mkdir -p -m 711 /var/spool/smtpd; chmod 711 /var/spool/smtpd']);
  await run(place, ['smtpd', '-n']);
  // It keeps five connections waiting. With SYN cookies the kernel forgets what it has promised to the
  // sixth, and that client waits for a greeting until it gives up; without, it is let in a second later.
  await run(place, ['sh', '-c', 'echo 0 > /proc/sys/net/ipv4/tcp_syncookies']);

  const kept = stack.move();
  return {
    title: 'OpenSMTPD',
    machine,
    async start() {
      await machine.runCounted(['sh', '-c', 'smtpd > /dev/null 2>&1']);
      await machine.listening(25);
      if (options.queueOnly) await run(place, ['smtpctl', 'pause', 'mta']);
    },
    async stop() {
      await run(place, ['sh', '-c', 'kill "$(pgrep -o -x smtpd)"']);
    },
    async queued() {
      return Number(await run(place, ['sh', '-c', 'smtpctl show queue | wc -l']));
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function formatConfig(hostName: string, options: OpensmtpdOptions): string {
  const { relay = {}, clients = [], certificate, recipients, lines = [] } = options;
  const entries = Object.entries(relay);
  return `${[
    ...lines,
    ...(certificate
      ? [`pki ours cert "${certificateFiles.cert}"`, `pki ours key "${certificateFiles.key}"`]
      : []),
    'table recipients file:/etc/recipients',
    // It ends a session after 100 messages otherwise.
    'smtp limit max-mails 1000000',
    'smtp limit max-rcpt 1000000',
    `smtp max-message-size "${largestMessage}"`,
    `listen on 0.0.0.0 port 25 hostname "${hostName}"${certificate ? ' tls pki ours' : ''}${options.listenOptions ?? ''}`,
    ...entries.map(([, host], i) => `action "relay${i}" relay host "smtp://${host}"`),
    'action "mx" relay',
    ...entries.map(
      ([domain], i) =>
        `match from any for domain "${domain}"${recipients ? ' rcpt-to <recipients>' : ''} action "relay${i}"`,
    ),
    'match from local for any action "mx"',
    ...clients.map((network) => `match from src "${network}" for any action "mx"`),
  ].join('\n')}\n`;
}
