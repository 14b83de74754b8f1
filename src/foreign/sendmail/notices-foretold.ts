/**
 * What sendmail does by itself with a notice to a dead end, by its sendmail.cf.
 *
 * Operation Guide §5.1.4 (mailer flag k), §5.6 (DaemonPortOptions, DoubleBounceAddress, MaxHopCount);
 * proved on 8.17.1.9. Text is latin1.
 */
import { type DeadEnd, type Foretold, foretold } from '../foretold.ts';
import { commandLines } from './cf-facts.ts';

export interface SendmailHabits {
  /** Whether its daemon takes connections to 127.0.0.1, port 25. */
  readonly isOnLoopback: boolean;
  /** Whether it looks for its own name in the greeting of whom it connects to. */
  readonly knowsItself: boolean;
  /** Where double bounces go; empty: they are dropped. */
  readonly doubleBounces: string;
  readonly mostHops: number;
  /** Where all mail for other domains goes; empty: their MX decides. */
  readonly smarthost: string;
  /** How long a notice is tried. */
  readonly patience: string;
}

export function readSendmailHabits(cf: string): SendmailHabits {
  const options = new Map<string, string[]>();
  const mailers = new Map<string, string>();
  let smarthost = '';
  for (const line of commandLines(cf)) {
    const [, name, value = ''] = /^O\s+([\w.]+)(?:\s*=\s*([\s\S]*))?\s*$/.exec(line) ?? [];
    if (name !== undefined) {
      const key = name.toLowerCase();
      options.set(key, [...(options.get(key) ?? []), value.trim()]);
    }
    const mailer = /^M(\w+)\s*,/.exec(line)?.[1];
    if (mailer !== undefined && /\bP\s*=\s*\[(IPC|TCP)\]/i.test(line))
      mailers.set(mailer, /[,\s]F\s*=\s*([^,\s]*)/.exec(line)?.[1] ?? '');
    smarthost = /^DS(\S*)/.exec(line)?.[1] ?? smarthost;
  }
  const last = (name: string): string | undefined => options.get(name)?.at(-1);
  const outgoing = mailers.get('esmtp') ?? mailers.get('smtp') ?? '';
  return {
    isOnLoopback: isOnLoopback(options.get('daemonportoptions') ?? []),
    knowsItself: !outgoing.includes('k'),
    doubleBounces: last('doublebounceaddress') ?? 'postmaster',
    mostHops: Number.parseInt(last('maxhopcount') ?? '', 10) || 25,
    smarthost,
    patience: last('timeout.queuereturn.dsn') ?? last('timeout.queuereturn') ?? '5d',
  };
}

/** Without any such option there is one daemon on all addresses. */
function isOnLoopback(daemons: readonly string[]): boolean {
  if (daemons.length === 0) return true;
  return daemons.some((text) => {
    const named = new Map(
      text.split(/[,\s]+/).map((part) => {
        const [name = '', value = ''] = part.split('=', 2);
        return [name.slice(0, 1).toUpperCase(), value.trim().toLowerCase()] as const;
      }),
    );
    const family = named.get('F') ?? 'inet';
    const port = named.get('P') ?? 'smtp';
    const address = named.get('A') ?? '';
    const isMail = port === 'smtp' || port === '25';
    const isLoopback = /^(|0\.0\.0\.0|inaddr_any|localhost|127(\.\d+){1,3})$/.test(address);
    return isMail && family === 'inet' && isLoopback;
  });
}

export function foretellSendmail(habits: SendmailHabits, deadEnd: DeadEnd): Foretold {
  const { smarthost, isOnLoopback, knowsItself, mostHops, patience } = habits;
  if (smarthost !== '')
    return foretold('relayed', [`all mail for other domains goes to ${smarthost} (SMART_HOST)`]);
  if (deadEnd === 'null-mx')
    return doubleBounce(habits, 'sendmail sees that the domain takes no mail, 5.1.10');
  if (!isOnLoopback)
    return foretold('waits', [
      'nobody listens on 127.0.0.1, port 25 (DaemonPortOptions): "Connection refused"',
      `sendmail tries again for ${patience} (Timeout.queuereturn)`,
    ]);
  if (!knowsItself)
    return foretold(
      'loops',
      [
        'its mailers do not look for their own name in a greeting (flag k), so it connects to itself and takes what it sends',
        `each turn adds a hop, up to ${mostHops} (MaxHopCount)`,
      ],
      ['sendmail.mc: take the flag k out of SMTP_MAILER_FLAGS and MODIFY_MAILER_FLAGS'],
    );
  return doubleBounce(
    habits,
    'sendmail connects to itself, finds its own name in the greeting and gives up: "mail loops back to me", 5.3.5',
  );
}

function doubleBounce({ doubleBounces }: SendmailHabits, first: string): Foretold {
  if (doubleBounces === '')
    return foretold('dropped', [
      first,
      'a notice that fails is dropped (DoubleBounceAddress is empty)',
    ]);
  return foretold(
    'postmaster',
    [first, `${doubleBounces} gets a notice about the notice (DoubleBounceAddress)`],
    ["sendmail.mc: define(`confDOUBLE_BOUNCE_ADDRESS', `')dnl"],
  );
}
