/**
 * Where in a TOML text a key stands, for error messages.
 *
 * A search, not a parser: the text has been parsed already, or the parser has told the line itself.
 */

/** Line (from 1) of the key at `path`, of its nearest table otherwise; null where neither is seen. */
export function locateKey(text: string, path: readonly PropertyKey[]): number | null {
  const wanted = path.filter((key) => typeof key === 'string');
  let table: string[] = [];
  let nearest: number | null = null;
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[+\s*([^\]]+?)\s*\]/.exec(line)?.[1];
    const key = /^\s*([\w."'-]+)\s*=/.exec(line)?.[1];
    if (header !== undefined) table = split(header);
    const here = key === undefined ? table : [...table, ...split(key)];
    if (header === undefined && key === undefined) continue;
    const shared = Math.min(here.length, wanted.length);
    if (here.slice(0, shared).some((name, i) => name !== wanted[i])) continue;
    if (shared === wanted.length) return index + 1;
    nearest = index + 1;
  }
  return nearest;
}

function split(dotted: string): string[] {
  return dotted.split('.').map((name) => name.trim().replace(/^["']|["']$/g, ''));
}
