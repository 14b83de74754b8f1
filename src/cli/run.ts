/**
 * `spillway run`: serves all listeners that the configuration names, until it is told to stop.
 */
import { once } from 'node:events';
import { Command } from 'commander';
import { readConfig } from '../config/read.ts';
import type { Config } from '../config/schema.ts';
import { createRecorder } from '../journal/recorder.ts';
import { type Endpoint, formatEndpoint } from '../mail/endpoint.ts';
import type { IpAddress } from '../mail/ip.ts';
import { printable } from '../mail/printable.ts';
import { ListenError } from '../server/bind.ts';
import type { Listener } from '../server/listener.ts';
import { serveMilter } from '../server/milter.ts';
import { serveSocketmap } from '../server/socketmap.ts';
import { JournalOpenError } from '../store/errors.ts';
import { openJournalStore } from '../store/open-journal.ts';
import { classifyAddress } from '../verdict/address-class.ts';
import type { RoutePolicy } from '../verdict/route-policy.ts';
import { CommandError, exit } from './exit.ts';
import { createLog } from './log.ts';
import { storeUrlOf } from './store-url.ts';
import { createGuard, type Guard } from './wiring.ts';

export function runCommand(): Command {
  return new Command('run')
    .description('Guard mail servers: answer their questions over milter and socketmap.')
    .option('--config <file>', 'read this configuration (default: /etc/spillway/spillway.toml)')
    .addHelpText('after', '\nStop it with SIGTERM or Ctrl-C: what is under way is finished first.')
    .action(async (options: { readonly config?: string }) => {
      const config = await readConfig(options.config);
      try {
        await run(config, options.config);
      } catch (error) {
        if (error instanceof ListenError || error instanceof JournalOpenError)
          throw new CommandError(error.message, exit.usage, error);
        throw error;
      }
    });
}

async function run(config: Config, configFile: string | undefined): Promise<void> {
  const log = createLog();
  const url = storeUrlOf(config);
  await using store = await openJournalStore(url);
  await using recorder = createRecorder({ store, log, limits: { retention: config.journal.keep } });
  await using guard = await createGuard(config, recorder, (fault) =>
    log.error({ err: fault }, 'a fault of our own; the question was deferred'),
  );
  await using listeners = new AsyncDisposableStack();
  const bound: [name: string, endpoint: Endpoint][] = [];
  for (const [name, open] of listenersOf(config, guard, log)) {
    const listener = listeners.use(await open());
    bound.push([name, listener.endpoint]);
  }
  const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  process.stdout.write(welcome(bound, url, configFile));
  await stopped;
  log.info({}, 'stopping: what is under way is finished first');
}

type Open = () => Promise<Listener>;

function listenersOf(
  config: Config,
  { judge, policy }: Guard,
  log: ReturnType<typeof createLog>,
): [name: string, open: Open][] {
  const identity = { ownNames: policy.ownNames, isOwnAddress: isOwnAddress(policy) };
  return [
    ...config.guard.milter.map((endpoint): [string, Open] => [
      'milter',
      () => serveMilter(judge, endpoint, { identity, log }),
    ]),
    ...config.guard.socketmap.map((endpoint): [string, Open] => [
      'socketmap',
      () => serveSocketmap(judge, endpoint, { log }),
    ]),
  ];
}

function isOwnAddress(policy: RoutePolicy): (address: IpAddress) => boolean {
  return (address) => classifyAddress(address, policy) === 'self';
}

function welcome(
  bound: readonly (readonly [name: string, endpoint: Endpoint])[],
  url: string,
  configFile: string | undefined,
): string {
  const lines = bound.map(
    ([name, endpoint]) => `  ${name.padEnd(10)} ${printable(formatEndpoint(endpoint))}`,
  );
  const config = configFile === undefined ? '' : ` --config ${printable(configFile)}`;
  return [
    'Spillway is on guard.',
    '',
    ...lines,
    `  journal    ${printable(url.replace(/^sqlite:/, ''))}`,
    '',
    'Next, in another terminal:',
    '  bin/spillway explain seaton.biz          what becomes of mail for a domain, and why',
    '  bin/spillway install sendmail            show how sendmail would be guarded',
    `  bin/spillway journal${config.padEnd(20)} what was refused and ended so far`,
    '',
    '',
  ].join('\n');
}
