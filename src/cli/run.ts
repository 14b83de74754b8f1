/**
 * `spillway run`: serves all listeners that the configuration names, until it is told to stop.
 */
import { Command } from 'commander';
import { ConfigError, readConfig } from '../config/read.ts';
import type { Config } from '../config/schema.ts';
import { MapReadError } from '../recipients/map-files.ts';
import { ListenError } from '../server/bind.ts';
import type { Log } from '../server/log.ts';
import { CertificateError } from '../server/smtp/tls.ts';
import {
  JournalOpenError,
  QueueInUseError,
  QueueOpenError,
  QueueReadError,
  QueueWriteError,
} from '../store/errors.ts';
import { CommandError, exit } from './exit.ts';
import { homeOf } from './home.ts';
import { createLog } from './log.ts';
import { becomeUser } from './privileges.ts';
import { type Server, startServer } from './server.ts';
import { formatWelcome } from './welcome.ts';

export function runCommand(): Command {
  return new Command('run')
    .description('Take mail, and guard mail servers: serve whatever the configuration names.')
    .option('--config <file>', 'read this configuration (default: /etc/spillway/spillway.toml)')
    .addHelpText(
      'after',
      '\nStop it with SIGTERM or Ctrl-C: what is under way is finished first; a second time ends it at once.\nSIGHUP reads the configuration again, and no connection is dropped.',
    )
    .action(async (options: { readonly config?: string }) => {
      const config = await readConfig(options.config);
      try {
        await run(config, options.config);
      } catch (error) {
        if (isForTheAdmin(error)) throw new CommandError(error.message, exit.usage, error);
        throw error;
      }
    });
}

/** Nothing that we could have known better. */
function isForTheAdmin(error: unknown): error is Error {
  return (
    error instanceof ListenError ||
    error instanceof JournalOpenError ||
    error instanceof QueueOpenError ||
    error instanceof QueueInUseError ||
    error instanceof QueueReadError ||
    error instanceof QueueWriteError ||
    error instanceof CertificateError ||
    error instanceof MapReadError
  );
}

async function run(config: Config, configFile: string | undefined): Promise<void> {
  const log = createLog();
  const { user, group } = config.process;
  const { folder } = homeOf(config);
  const privileges = becomeUser(user, group, folder);
  // From here on, so that nobody who signals early ends us in the middle of something.
  const signals = listenForSignals();
  await using server = await startServer(config, privileges, log);
  privileges.drop();
  if (process.getuid?.() === 0)
    log.warn({}, 'running as root; [process] user names who to become instead');
  const { listeners, domains } = server;
  process.stdout.write(formatWelcome({ listeners, domains, folder, configFile }));
  signals.onReload(() => reload(server, config, configFile, log));
  await signals.stopped;
  log.info({}, 'stopping: what is under way is finished first');
  endAtLast(log);
}

/** ms; less than systemd waits (etc/spillway.service), more than all that is under way may take. */
const longestStop = 45_000;

/** Nobody who restarts a server at night waits for one that does not end, whatever holds it. */
function endAtLast(log: Log): void {
  const end = () => {
    const holding = process.getActiveResourcesInfo();
    log.error({ holding }, 'did not come to an end in time, and is ended; please report it');
    process.exit(exit.trouble);
  };
  setTimeout(end, longestStop).unref();
}

interface Signals {
  /** SIGTERM or SIGINT; a second one ends the process at once. */
  readonly stopped: Promise<void>;
  onReload(action: () => Promise<void>): void;
}

function listenForSignals(): Signals {
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  let isStopping = false;
  const stop = () => {
    if (isStopping) process.exit(exit.trouble);
    isStopping = true;
    resolve();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  let reload: () => Promise<void> = async () => {};
  process.on('SIGHUP', () => {
    if (!isStopping) void reload();
  });
  return {
    stopped,
    onReload(action) {
      reload = action;
    },
  };
}

/** A configuration that cannot be used is told in the log, and the old one stays. */
async function reload(
  server: Server,
  first: Config,
  configFile: string | undefined,
  log: Log,
): Promise<void> {
  try {
    const config = await readConfig(configFile);
    await server.reload(config);
    for (const setting of lateSettings(first, config))
      log.warn({ setting }, 'this setting takes effect at the next start');
    log.info({ listeners: server.listeners.length }, 'the configuration was read again');
  } catch (error) {
    const kept = 'the new configuration cannot be used; the old one stays';
    if (error instanceof ConfigError || error instanceof CommandError || isForTheAdmin(error))
      log.error({ why: error.message.split('\n') }, kept);
    else log.error({ err: error }, kept);
  }
}

/** What the running process cannot change any more. */
function lateSettings(first: Config, now: Config): string[] {
  const late = {
    'store.url': [first.store.url, now.store.url],
    'journal.keep': [first.journal.keep, now.journal.keep],
    'process.user': [first.process.user, now.process.user],
    'process.group': [first.process.group, now.process.group],
  };
  return Object.entries(late).flatMap(([name, [before, after]]) =>
    before === after ? [] : [name],
  );
}
