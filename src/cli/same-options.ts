/**
 * Commands that are shown to be typed next, with the options that were given to this one.
 */
import type { Command } from 'commander';
import { quote } from '../mail/shell-word.ts';

/** What a command does, rather than what it is about. */
const deeds = new Set(['apply', 'remove', 'test', 'json']);

/** `next`: those that begin as this command does get its options, as far as they have them not. */
export function withSameOptions(command: Command, next: readonly string[]): string[] {
  const given = command.options.flatMap((option) => {
    const name = option.attributeName();
    if (deeds.has(name) || command.getOptionValueSource(name) !== 'cli') return [];
    return [`${option.long} ${quote(String(command.getOptionValue(name)))}`];
  });
  const own = `spillway install ${command.name()}`;
  return next.map((line) => {
    if (line !== own && !line.startsWith(`${own} `)) return line;
    return [line, ...given.filter((words) => !line.includes(` ${words}`))].join(' ');
  });
}
