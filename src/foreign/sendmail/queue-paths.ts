/**
 * Where a sendmail.cf puts the queues.
 *
 * Operation Guide §5.6 (QueueDirectory, of old `OQ`) and §5.9 (queue groups: `Qname, P=/path, F=f`).
 * Text is latin1.
 */
import { commandLines } from './cf-facts.ts';

/** Absolute paths, each once; a `*` at the end of one stands for all folders that begin like it. */
export function queuePaths(cf: string): readonly string[] {
  let main = '/var/spool/mqueue';
  const groups: string[] = [];
  for (const line of commandLines(cf)) {
    const option = /^O\s+QueueDirectory\s*=\s*(.*)$/i.exec(line) ?? /^OQ(.*)$/.exec(line);
    if (option) main = unquoted(option[1] ?? '');
    const group = /^Q[^,\s]+[,\s](?:.*[,\s])?P\s*=\s*("[^"]*"|[^,\n]*)/s.exec(line);
    if (group) groups.push(unquoted(group[1] ?? ''));
  }
  return [...new Set([main, ...groups])].filter((path) => path.startsWith('/'));
}

function unquoted(text: string): string {
  return text.trim().replace(/^"(.*)"$/, '$1');
}
