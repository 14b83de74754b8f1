/**
 * A sendmail whose queue is full: notices to a black hole, notices to good senders, wanted mail that
 * waits, what is quarantined.
 */
import type { ZoneData } from '../../src/replay/dns-server.ts';
import { type Actor, type CallsOf, startActor } from './actor.ts';
import type { Sent } from './actors/drowned.ts';
import { incidentRecords, toBackend } from './incident.ts';
import { addresses, type Network, openNetwork } from './network.ts';
import { run } from './place.ts';
import { openSendmail, type Sendmail } from './sendmail.ts';
import { until } from './until.ts';

export type DrownedWorld = Actor<CallsOf<typeof import('./actors/drowned.ts')>>;

export interface Drowned extends AsyncDisposable {
  readonly network: Network;
  readonly world: DrownedWorld;
  readonly sendmail: Sendmail;
  /** Runs a shell script inside; what it says. */
  shell(script: string): Promise<string>;
}

/** Nobody of these can be delivered to yet, so that all of it waits. */
export const undecided: ZoneData = {
  ...incidentRecords,
  'seaton.biz': { trick: 'servfail' },
  'good-1.example': { trick: 'servfail' },
};

export interface DrownedOptions {
  /** More lines of m4. */
  readonly features?: readonly string[];
  /** Run inside before the server starts. */
  readonly prepare?: string;
  readonly onDisk?: readonly string[];
}

export async function openDrowned(options: DrownedOptions = {}): Promise<Drowned> {
  await using stack = new AsyncDisposableStack();
  const network = stack.use(await openNetwork());
  const world = stack.use(
    await startActor<typeof import('./actors/drowned.ts')>(
      network.world,
      new URL('./actors/drowned.ts', import.meta.url),
      { records: undecided },
    ),
  );
  const sendmail = stack.use(
    await openSendmail({
      network,
      relay: toBackend,
      clients: Object.values(addresses).map(({ v4 }) => `${v4}/32`),
      ...(options.onDisk ? { onDisk: options.onDisk } : {}),
      mc: {
        ownNameCheck: false,
        features: ["FEATURE(`accept_unresolvable_domains')dnl", ...(options.features ?? [])],
      },
    }),
  );
  const { place } = sendmail.machine;
  const shell = (script: string) => run(place, ['sh', '-ec', script]);
  if (options.prepare) await shell(options.prepare);
  await sendmail.start();
  const kept = stack.move();
  return { network, world, sendmail, shell, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** To a mailbox that the backend does not know: the server accepts, and writes a notice. */
export function lost(sender: string, number: number): Sent {
  return {
    mail: `<${sender}>`,
    rcpt: ['<nobody@bakery.example>'],
    content: `From: <${sender}>\nSubject: spam ${number}\nMessage-ID: <${number}@spam.example>\n\nbuy\n`,
  };
}

export function wanted(recipient: string, subject: string): Sent {
  return {
    mail: '<customer@good-2.example>',
    rcpt: [`<${recipient}>`],
    content: `From: <customer@good-2.example>\nTo: <${recipient}>\nSubject: ${subject}\n\nwanted\n`,
  };
}

/** One message as `mailq -v` shows it. */
export interface Shown {
  readonly id: string;
  readonly mark: string;
  readonly size: number;
  /** `Nov 22 21:53`. */
  readonly time: string;
  readonly sender: string;
  readonly quarantine: string | null;
  readonly status: string | null;
  readonly recipients: readonly { readonly path: string; readonly status: string | null }[];
}

/** Reads the output of `mailq -v`; addresses in it are cut after 71 signs, words after 100. */
export function readMailq(text: string): Shown[] {
  const shown: Shown[] = [];
  for (const entry of text.split(/\n(?=[A-Za-z0-9]{14}[*?X -])/).slice(1)) {
    const [first = '', ...rest] = entry.split('\n');
    // It went between the list of the folder and the look at it.
    if (/^[A-Za-z0-9]{14}.? *\((?:job completed|no control file)\)$/.test(first)) continue;
    const head =
      /^([A-Za-z0-9]{14})([*?X -]) *(\d+) +-?\d+[+ ](\w{3} [ \d]\d \d\d:\d\d) (.*)$/.exec(first);
    if (!head) throw new Error(`mailq says ${JSON.stringify(first)}`);
    const recipients: { path: string; status: string | null }[] = [];
    let quarantine: string | null = null;
    let status: string | null = null;
    for (const line of rest) {
      const recipient = /^\t{6}(?!\(---)(.*)$/.exec(line)?.[1];
      const words = /^ {4}(.{10})(?: {3}\((.*)\))?$/.exec(line);
      const told = /^\t\t {17}\((.*)\)$/.exec(line)?.[1] ?? /^\t\t \((.*)\)$/.exec(line)?.[1];
      if (recipient !== undefined) recipients.push({ path: recipient, status: null });
      else if (line.startsWith('     QUARANTINE: ')) quarantine = line.slice(17);
      else if (words) status = words[2] ?? null;
      else if (told !== undefined) {
        const last = recipients.at(-1);
        if (last) last.status = told;
      } else if (
        line.startsWith('\t\tTotal') ||
        line.startsWith('\t\t/') ||
        / is empty$/.test(line)
      )
        break;
    }
    const [, id = '', mark = '', size = '', time = '', sender = ''] = head;
    shown.push({ id, mark, size: Number(size), time, sender, quarantine, status, recipients });
  }
  return shown;
}

/**
 * Resolves once so many messages wait, or, with no number given, all that came have been tried, and
 * none is being delivered. Throws what the server says if that does not come.
 */
export async function settled(drowned: Drowned, count: number | null = null): Promise<void> {
  const look = () => drowned.shell('mailq -v; mailq -v -qQ');
  let last = '';
  const isSo = await until(
    async () => {
      const text = await look();
      const shown = readMailq(text);
      const isQuiet = text === last && shown.every(({ mark }) => mark !== '*');
      last = text;
      return isQuiet && (count === null ? shown.length > 0 : shown.length === count);
    },
    60_000,
    300,
  );
  if (!isSo)
    throw new Error(
      `expected ${count} messages\n${last.slice(-3000)}\n${await drowned.sendmail.story()}`,
    );
}

/** Queue runs and listings one after the other. */
export function keepRunning({ shell }: Drowned) {
  let isOver = false;
  const work = (async () => {
    while (!isOver)
      await shell('sendmail -q -v < /dev/null > /dev/null 2>&1 || true; mailq > /dev/null');
  })();
  // Where the test fails its machine is taken away: that is no failure of its own, and must not be told first.
  work.catch(() => undefined);
  return {
    async stop() {
      isOver = true;
      await work;
    },
  };
}
