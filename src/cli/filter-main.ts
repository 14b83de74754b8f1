/**
 * `spillway filter`: the door through which OpenSMTPD asks the guard; smtpd starts it as its child.
 *
 * It has a beginning of its own, so that smtpd's child loads nothing but what it needs.
 */
import { Command, CommanderError, Option } from 'commander';
import { type Endpoint, parseEndpoint } from '../mail/endpoint.ts';
import { type FailureMode, failureModes } from '../mail/failure-mode.ts';
import { printable } from '../mail/printable.ts';
import { runDoor } from '../server/filter-door.ts';

interface Options {
  readonly guard: Endpoint;
  readonly onFailure: FailureMode;
}

const usage = 2;

class EndpointError extends Error {
  readonly code = 'ENDPOINT';
}

try {
  await new Command('spillway filter')
    .description(
      'Started by smtpd (proc-exec in smtpd.conf): hands what it asks to the running guard. It ends when smtpd does.',
    )
    .exitOverride()
    .option('--guard <endpoint>', 'host:port or unix:/path', readEndpoint, {
      host: '127.0.0.1',
      port: 9994,
    })
    .addOption(
      new Option(
        '--on-failure <mode>',
        'while the guard does not answer: open lets mail pass, closed answers 451',
      )
        .choices(failureModes)
        .default('open'),
    )
    .addHelpText('after', '\nThe guard is at 127.0.0.1:9994 unless told otherwise.')
    .action(run)
    .parseAsync();
} catch (error) {
  if (error instanceof EndpointError) tell(error.message);
  else if (!(error instanceof CommanderError)) throw error;
  const isHelp = error instanceof CommanderError && error.exitCode === 0;
  process.exitCode = isHelp ? 0 : usage;
}

async function run({ guard, onFailure }: Options): Promise<void> {
  // smtpd ends itself when a filter of its ends: only the end of smtpd ends us.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  process.on('uncaughtException', (error) => tell(`a fault of its own: ${error.stack}`));
  process.stderr.on('error', () => {});
  const { stdin: input, stdout: output } = process;
  await runDoor({ input, output, guard, onFailure, tell });
  process.exit();
}

/** smtpd writes it into its log, with the name of the filter. */
function tell(line: string): void {
  process.stderr.write(`spillway: ${printable(line)}\n`);
}

function readEndpoint(text: string): Endpoint {
  const endpoint = parseEndpoint(text);
  if (endpoint) return endpoint;
  throw new EndpointError(
    `--guard: expected host:port or unix:/path, found ${printable(JSON.stringify(text), 80)}`,
  );
}
