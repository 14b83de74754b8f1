/**
 * Where in a TOML text a key stands, for error messages.
 *
 * A search, not a parser: the text has been parsed already, or the parser has told the line itself.
 */

/** Line (from 1) of the key at `path`, of its nearest table otherwise; null where neither is seen. */
export function locateKey(text: string, path: readonly PropertyKey[]): number | null {
  const names = path.filter((key) => typeof key !== 'symbol').map(String);
  const tables = new Map<string, number>();
  let table: string[] = [];
  let nearest: number | null = null;
  let reach = 0;
  for (const [index, line] of text.split('\n').entries()) {
    const [, brackets, header] = /^\s*(\[+)\s*([^\]]+?)\s*\]/.exec(line) ?? [];
    const key = /^\s*([\w."'-]+)\s*=/.exec(line)?.[1];
    if (header !== undefined) table = tableOf(split(header), brackets === '[[', tables);
    else if (key === undefined) continue;
    const here = key === undefined || header !== undefined ? table : [...table, ...split(key)];
    const shared = Math.min(here.length, names.length);
    if (here.slice(0, shared).some((name, i) => name !== names[i])) continue;
    if (shared === names.length) return index + 1;
    // The first of those that come closest: the table's own line rather than any line in it.
    if (nearest !== null && shared <= reach) continue;
    nearest = index + 1;
    reach = shared;
  }
  return nearest;
}

/** What follows the second `[[domains]]` is in `domains`, `1`; so is `[domains.aliases]` after it. */
function tableOf(header: string[], isElement: boolean, tables: Map<string, number>): string[] {
  const name = header.join('.');
  if (isElement) tables.set(name, (tables.get(name) ?? -1) + 1);
  return header.flatMap((part, i) => {
    const index = tables.get(header.slice(0, i + 1).join('.'));
    return index === undefined ? [part] : [part, String(index)];
  });
}

function split(dotted: string): string[] {
  return dotted.split('.').map((name) => name.trim().replace(/^["']|["']$/g, ''));
}
