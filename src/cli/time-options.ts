/**
 * `--since` and `--until`, the same for every command that looks back.
 */
import { type Command, InvalidArgumentError } from 'commander';
import { parseWhen, type TimeSpan, whenExamples } from '../journal/when.ts';
import { CommandError } from './exit.ts';

export interface TimeOptions {
  readonly since?: TimeSpan;
  readonly until?: TimeSpan;
}

/** ms since 1970: from `since` on, before `until`; absent where nobody said. */
export interface AskedSpan {
  readonly since?: number;
  readonly until?: number;
}

/** `now`: ms since 1970, asked when `2h` is read. */
export function addTimeOptions(command: Command, now: () => number): Command {
  const when = (text: string) => {
    const span = parseWhen(text, now());
    if (span) return span;
    throw new InvalidArgumentError(`Expected a time such as ${whenExamples}.`);
  };
  return command
    .option('--since <when>', `what happened from then on: ${whenExamples}`, when)
    .option('--until <when>', 'what happened until then; a day counts to its end', when);
}

/** Throws CommandError where `until` ends before `since` begins: nothing could be found, and would look like peace. */
export function spanOf({ since, until }: TimeOptions): AskedSpan {
  if (since && until && until.end < since.start)
    throw new CommandError('expected --until after --since, found it before');
  return { ...(since && { since: since.start }), ...(until && { until: until.end }) };
}
